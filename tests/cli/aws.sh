#!/bin/bash
# The sandbox as a whole, against an endpoint on this machine: lab up with real Terraform, hosts with
# a real sshd at exactly the addresses that came out and a real DNS server with the zone, lab run by
# DNS name, lab status, lab up again, lab down.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
# slow
. "$(dirname "$0")/../sshd.sh"
. "$SRC/tests/terraform.sh"
. "$SRC/tests/aws.sh"
endpoint_start
vpc
export TF_VAR_user=$SSH_USER

# What is not ours, and must stay: twenty hosts, and a VPC with a name like ours.
call ec2 RunInstances 'ImageId=ami-12c6146b&MinCount=20&MaxCount=20' >/dev/null
call ec2 CreateVpc "CidrBlock=10.0.0.0/16&$(tags vpc Name lab)" >/dev/null
others() {
	asked /state | jq '[.instances[] | select(.lab == "" and .state == "running")] | length'
}
is "$(others)" 20 'twenty hosts of somebody else'

exits 4 "$LAB" run refused -b aws
like "$err" 'there is no sandbox in AWS: lab up makes one' 'without a sandbox there is no run'
exits 2 "$LAB" up --yes
like "$err" '--from CIDR' 'an endpoint that is not AWS knows nobody'\''s address'
exits 2 "$LAB" up --yes --from 0.0.0.0/0
exits 2 "$LAB" up --from 198.51.100.7
like "$err" 'nobody can be asked here: --yes' 'it asks before it makes anything'
exits 0 "$LAB" up --dry-run --from 198.51.100.7 --ttl 2h
like "$out" 'plan +4[0-9] to add, 0 to change, 0 to destroy' 'the plan in a line'
# shellcheck disable=SC2016
like "$out" 'price +about \$0\.067 an hour \(4 t3\.micro, prices of 20' 'and its price'
is "$(ls "$XDG_STATE_HOME/lab")" sandbox.lock 'of a dry run nothing is kept'

SECONDS=0
while_up "$LAB" up --yes --from 198.51.100.7
is "$?" 0 'lab up makes the sandbox' || comment <up.err
echo "up: $SECONDS s" | comment
like "$(cat up.out)" '^lab-[0-9a-f]{6} is up: lab run refused -b aws' 'it says what comes next'
like "$(cat up.err)" 'host keys on the consoles: all 4' 'host keys come from the consoles'
name=$(grep -o '^lab-[0-9a-f]*' up.out)
is "$(grep -c . "$XDG_STATE_HOME/lab/known-hosts/$name")" 4 'and are pinned, one a host'
is "$(stat -c %a "$XDG_STATE_HOME/lab/sandbox/key")" 600 'the private key is private'
is "$(jq -r .is_up "$XDG_STATE_HOME/lab/sandbox/lab.json")" true 'it is written down as up'

dns_start
is "$?" 0 'the zone is served'
exits 0 "$LAB" status
like "$out" "^$name in eu-central-1, account 123456789012, made .* ago" 'status says whose it is'
like "$out" 'its hosts end by themselves in 3 h [0-9]+ min' 'and when it ends'
like "$out" 'server.10\.0\.1\.10.libssh2.pinned' 'the server behind its jump host, its key pinned'
is "$("$LAB" status --json | jq -r '.sandbox.name, (.machines | length)' | tr '\n' ' ')" "$name 4 " \
	'the same as data'

SECONDS=0
exits 0 "$LAB" run refused -b aws -o runs
echo "run: $SECONDS s" | comment
verdict=$(grep '^verdict=' <<<"$out")
like "$verdict" '^verdict=refused\.no-listener confidence=proven' 'the demo has its verdict there'
is "$(jq -r 'select(.kind == "resolve") | .by' runs/*/events.ndjson | sort -u)" dns \
	'clients find the server by DNS'
like "$(cat "$CLOUD/dns.log")" 'query\[A\] server\.lab\.internal from 10\.0\.0\.2[123]' \
	'under its name in the zone'
if "$LAB" doctor -b netns >/dev/null 2>&1; then
	exits 0 "$LAB" run refused -b netns -o netns
	is "$(grep -o 'trace=[0-9a-f]*' <<<"$verdict")" \
		"$(grep '^verdict=' <<<"$out" | grep -o 'trace=[0-9a-f]*')" 'and the trace of netns'
fi
for host in "${BORN[@]}"; do
	t "nothing is left on $host" is_clean "$host"
done
exits 0 "$LAB" exec -b aws client-1 client-2 -- hostname
like "$out" 'client-2.*client-2' 'exec reaches them by name'

# Its own endpoint aside, another account or region is another lab.
exits 4 env AWS_REGION=eu-west-1 "$LAB" up --yes --region eu-west-1
like "$err" "$name is in eu-central-1, not in eu-west-1" 'another region is refused'
exits 2 "$LAB" up --yes --ttl 1h
like "$err" '--ttl is for a new one' 'its end is known to its hosts'
exits 4 flock "$XDG_STATE_HOME/lab/sandbox.lock" "$LAB" down
like "$err" 'another lab works on the sandbox \(process [0-9]+, since 20' 'one at a time'

SECONDS=0
exits 0 "$LAB" down
echo "down: $SECONDS s" | comment
is "$out" "0 resources left of $name in EC2, IAM, Route 53 and S3" 'nothing is left'
is "$(ls "$XDG_STATE_HOME/lab" "$XDG_STATE_HOME/lab/known-hosts")" "$(
	printf '%s:\nknown-hosts\nsandbox.lock\n\n%s:' "$XDG_STATE_HOME/lab" \
		"$XDG_STATE_HOME/lab/known-hosts"
)" 'nor here'
is "$(others)" 20 'the hosts of somebody else are all there'
is "$(call ec2 DescribeVpcs | grep -c 'cidrBlock>10.0.0.0/16')" 1 'and the VPC'
exits 0 "$LAB" down
like "$out" 'there is no sandbox' 'a second lab down has nothing to do'

# ssh-keygen, a program of the test's in its place, was told nothing of it.
mkdir keygen && printf '#!/bin/bash\nenv >%s\nexec %s "$@"\n' "$PWD/keygen/env" \
	"$(type -P ssh-keygen)" >keygen/ssh-keygen && chmod +x keygen/ssh-keygen
exits 0 env PATH="$PWD/keygen:$PATH" "$LAB" up --dry-run --from 198.51.100.7
is "$(grep -c canary keygen/env)" 0 'a child that needs no session gets none'

is "$(grep -rlF canary-secret runs netns up.out up.err "$XDG_STATE_HOME" 2>/dev/null)" '' \
	'no secret is in what lab wrote'
done_testing
