#!/bin/bash
# The keys of an AWS account that stand in the environment are no business of a run's processes.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../lib.sh"
export AWS_ACCESS_KEY_ID=canary-id AWS_SECRET_ACCESS_KEY=canary-secret AWS_SESSION_TOKEN=canary-token
mkdir bin
# A program that agents start, which tells what it was given.
# shellcheck disable=SC2016
printf '#!/bin/bash\nenv >>%s\ntr "\\0" "\\n" </proc/$PPID/environ >>%s\nexec %s "$@"\n' \
	"$PWD/given" "$PWD/agents" "$(PATH=$PATH:/usr/sbin:/sbin type -P nft)" >bin/nft
chmod 777 . && touch given agents && chmod 755 bin/nft && chmod 666 given agents
for backend in netns loopback; do
	"$LAB" doctor -b "$backend" >/dev/null 2>&1 || {
		skip "$backend is not allowed here" 4
		continue
	}
	: >given
	: >agents
	PATH=$PWD/bin:$PATH "$LAB" run refused-firewall-reset -b "$backend" -q -o runs >out 2>err
	status=$?
	t "$backend plays it" [ "$status" -eq 0 ] || comment <err
	like "$(cat given)" 'PATH=' "$backend: programs of an agent have an environment"
	is "$(grep -c canary given)" 0 "$backend: without the keys"
	is "$(grep -c canary agents)" 0 "$backend: nor has the agent that started them"
done
is "$(grep -rlF canary runs out err)" '' 'no file has them'
done_testing
