#!/bin/bash
# Measures what `lab` promises (`make bench`): each row A B A B with its rivals, answers checked.
# BENCH=quick plays every row once or twice, to see that it works: those figures are not kept.
# ROWS='demo size': only rows whose names begin so; not kept either.   run.sh [RESULTS]
set -u
src=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${B:-$src/build}" && pwd) || exit 1
tools=$build/bench rivals=$src/bench/rivals
results=$(realpath -m "${1:-$build/bench/results.jsonl}")
quick=
[ "${BENCH:-}" = quick ] && quick=1
user=65534 is_wrong=0
: >"$results" || exit 1

# An ordinary user cannot look into the build folder everywhere.
work=$(mktemp -d "${TMPDIR:-/tmp}/lab-bench-work-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$work"
cp "$build/lab" "$build/lab-agent" "$src/bench/hosts.ini" "$src/bench/ssh.ini" "$work" || exit 1
mkdir "$work/agents" && cp "$build"/agents/lab-agent-* "$work/agents" || exit 1
cp -r "$src/scenarios" "$work" || exit 1
chmod -R a+rX "$work"
cd "$work" || exit 1
lab=$work/lab

# n FULL QUICK
n() {
	if [ $quick ]; then echo "$2"; else echo "$1"; fi
}

skip() {
	jq -cn --arg row "$1" --arg why "$2" '{row: $row, skipped: $why}' >>"$results"
	echo "bench: $1 skipped: $2"
}

wanted() {
	local word
	[ "${ROWS:-}" ] || return 0
	for word in $ROWS; do
		[[ $1 == "$word"* ]] && return 0
	done
	return 1
}

# pair ROW...: measured, unless something in `lacks` says why it cannot be
pair() {
	wanted "$1" || return 0
	if [ "$lacks" ]; then
		skip "$1" "$lacks"
		return
	fi
	echo "bench: $1"
	"$tools/pair" "row=$1" "${@:2}" >>"$results" || is_wrong=1
}

version() {
	"$@" 2>&1 | head -n 1
}

no_root=
[ "$(id -u)" -eq 0 ] || no_root='needs root'
no_mininet=$no_root
for program in mn brctl tcpdump ss; do
	type -P "$program" >/dev/null ||
		no_mininet="$program is not installed (apt-get install mininet bridge-utils)"
done
no_bash=$no_root
for program in ip ss tcpdump /usr/bin/python3; do
	type -P "$program" >/dev/null || no_bash="$program is not installed"
done
no_user=$no_root
if [ -z "$no_user" ] && ! setpriv --reuid=$user --regid=$user --clear-groups \
	unshare -Un true 2>/dev/null; then
	no_user='an ordinary user may not make a user namespace here'
fi
no_netns=
"$lab" run refused -b netns -q -o "$work/try" >/dev/null 2>"$work/why" ||
	no_netns="netns backend: $(tail -n 1 "$work/why")"

read -r load _ </proc/loadavg
jq -cn --arg date "$(date -u +%Y-%m-%dT%H:%MZ)" --arg kernel "$(uname -sr)" --arg cores "$(nproc)" \
	--arg cpu "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" \
	--arg load "$load" --arg lab "$("$lab" --version 2>/dev/null | head -n 1)" \
	--arg commit "$(git -C "$src" describe --always --dirty 2>/dev/null)" \
	--arg compiler "$(version cc --version)" --arg tcpdump "$(version tcpdump --version)" \
	--arg iproute2 "$(version ip -V)" --arg bash "$BASH_VERSION" \
	--arg python "$(version /usr/bin/python3 --version)" --arg mininet "$(version mn --version)" \
	'{row: "environment", date: $date, kernel: $kernel, cores: $cores, cpu: $cpu,
	"load before": $load, lab: $lab, commit: $commit, compiler: $compiler, tcpdump: $tcpdump,
	iproute2: $iproute2, bash: $bash, python: $python, mininet: $mininet}' >>"$results" || exit 1

says='^verdict=refused.no-listener confidence=proven .* outcome=as-expected'
refused=(name=lab "want=$says" 'same=trace=([0-9a-f]+)' 'mark=^verdict=' captures=3 lab=1
	: "$lab" run refused -b netns -o @/runs)
answer=('want=^verdict=refused' 'mark=^verdict=' captures=3)
bash_demo=(name=bash "${answer[@]}" : /bin/bash "$rivals/demo.sh" @)
bare_demo=(name=bare "${answer[@]}" : "$tools/limits/refused" @)
# Mininet builds its switch in the namespace where it is started: that is to be ours.
mininet_demo=(name=mininet "${answer[@]}" : unshare -n /usr/bin/python3 -I
	"$rivals/mininet_demo.py" @)

lacks=${no_netns:-$no_root}
pair demo-bare pairs="$(n 60 5)" : "${refused[@]}" : "${bare_demo[@]}"
lacks=${no_netns:-$no_user}
pair demo-user pairs="$(n 60 3)" : uid=$user "${refused[@]/#name=lab/name=user}" \
	: "${refused[@]/#name=lab/name=root}"
lacks=${no_netns:-$no_bash}
pair demo-bash pairs="$(n 40 2)" : "${refused[@]}" : "${bash_demo[@]}"
lacks=${no_netns:-$no_mininet}
pair demo-mininet pairs="$(n 30 1)" warm=0 : "${refused[@]}" : "${mininet_demo[@]}"

lacks=${no_netns:-$no_root}
pair forty-bare pairs="$(n 10 1)" batch="$(n 40 8)" : "${refused[@]}" : "${bare_demo[@]}"
lacks=${no_netns:-$no_bash}
pair forty-bash pairs="$(n 5 1)" batch="$(n 40 8)" : "${refused[@]}" : "${bash_demo[@]}"

# hosts NAME COUNT: what any side must say that creates and destroys so many, and lab's side
hosts() {
	made=("hosts=$2" "want=^gone hosts=$2\$" "mark=^created hosts=$2\$")
	side=(name="$1" "${made[@]}" : "$tools/hosts_lab" hosts.ini $(($2 - 1)) "$work/lab-agent")
}
many=$(n 300 30)
hosts lab "$many"
lacks=$no_root
pair hosts-bare pairs="$(n 10 2)" : "${side[@]}" : name=bare "${made[@]}" : "$tools/limits/hosts" "$many"
lacks=$no_bash
pair hosts-batch pairs="$(n 7 1)" : "${side[@]}" : name=batch "${made[@]}" \
	: /bin/bash "$rivals/hosts_batch.sh" "$many"
lacks=$no_mininet
pair hosts-mininet pairs="$(n 3 1)" warm=0 : "${side[@]}" : name=mininet "${made[@]}" \
	: unshare -n /usr/bin/python3 -I "$rivals/mininet_hosts.py" "$many"

# run_hosts NAME COUNT: a side that is a whole run with so many hosts
run_hosts() {
	side=(name="$1" hosts="$2" memory=1 lab=1 'want=^verdict=refused.no-listener '
		'mark=^verdict=' : "$lab" run ./hosts.ini -b netns
		--set hosts=$(($2 - 1)) -o @/runs)
}
lacks=$no_netns
run_hosts run "$many"
pair hosts-run pairs="$(n 3 1)" warm=0 : "${side[@]}"
most=$(n 1000 100) least=10
lacks=$no_root
hosts most "$most"
big=("${side[@]}")
hosts least "$least"
pair size pairs="$(n 3 1)" : "${big[@]}" : "${side[@]}"
lacks=$no_netns
run_hosts most "$most"
big=("${side[@]}")
run_hosts least "$least"
pair size-run pairs="$(n 2 1)" warm=0 : "${big[@]}" : "${side[@]}"

pair all pairs="$(n 3 1)" warm=0 : name=lab 'want= 0 not, 0 skipped$' lab=1 \
	: "$lab" run all -q -b netns -o @/runs
times=$(n 1000 10)
pair repeat pairs=1 warm=0 : name=lab "want=^$times runs: $times as expected, 0 not, 0 skipped\$" \
	'same=one trace hash, equal in every run: ([0-9a-f]+)' lab=1 late=300 \
	: "$lab" run refused --repeat "$times" -q -b netns -o @/runs

# fleet COUNT ROW...: as pair, with so many sshd's beside it in a folder of its own, %F
fleet() {
	local count=$1 row=$2 folder
	shift 2
	wanted "$row" || return 0
	if [ "$lacks" ]; then
		skip "$row" "$lacks"
		return
	fi
	echo "bench: $row"
	folder=$(mktemp -d "$work/ssh-XXXXXX") && cp "$work"/agents/lab-agent-"$(uname -m)" "$folder/agent"
	(cd "$folder" && "$src/bench/ssh.sh" "$count" "$tools/pair" "row=$row" "${@//%F/$folder}") \
		>>"$results" || is_wrong=1
	rm -rf "$folder"
}

no_fleet=$no_root
for program in sshd ssh ssh-keygen; do
	PATH=$PATH:/usr/sbin type -P $program >/dev/null || no_fleet="$program is not installed"
done
# need PROGRAM: what the next row lacks
need() {
	lacks=$no_fleet
	type -P "$1" >/dev/null || lacks="$1 is not installed"
}
fleet_side() { # NAME HOSTS BEFORE: lab's side, after a command of the shell
	side=(name="$1" hosts="$2" want='^verdict=refused.no-listener ' lab=1 late=60
		: /bin/sh -c "$3; exec $lab run $work/ssh.ini --inventory %F/inventory.ini \
		--set hosts=$(($2 - 1)) -o @/runs")
}
fleet_side lab 64 :
need sshd
fleet 64 ssh-bare pairs="$(n 12 1)" : "${side[@]}" : name=bare 'want=^ready 64$' \
	: /bin/sh -c "sed 's/h/127.0.1./' %F/hosts | $tools/limits/ssh %F/key - true"
fleet 64 exec-bare pairs="$(n 12 1)" : name=lab 'want=^h64.*ready$' lab=1 late=60 \
	: "$lab" exec --inventory %F/inventory.ini -- echo ready \
	: name=bare 'want=^ready 64$' \
	: /bin/sh -c "sed 's/h/127.0.1./' %F/hosts | $tools/limits/ssh %F/key - 'echo ready'"
need pdsh
fleet 64 ssh-pdsh pairs="$(n 5 1)" : "${side[@]}" : name=pdsh 'want=^h64: ready$' \
	: /bin/sh -c 'PDSH_SSH_ARGS_APPEND="-F %F/ssh_config" \
	exec pdsh -f 64 -R ssh -w ^%F/hosts echo ready'
need clush
fleet 64 ssh-clush pairs="$(n 5 1)" : "${side[@]}" : name=clush 'want=^h64: ready$' \
	: clush -f 64 --hostfile %F/hosts -o '-F %F/ssh_config' echo ready
need parallel-ssh
fleet 64 ssh-pssh pairs="$(n 5 1)" : "${side[@]}" : name=pssh 'want=SUCCESS. h64$' \
	: parallel-ssh -h %F/hosts -p 64 -t 60 -x '-F %F/ssh_config' true
need ansible
fleet 64 ssh-ansible pairs="$(n 3 1)" : "${side[@]}" : name=ansible late=120 'want=^h64 . CHANGED' \
	: ansible all -i %F/ansible.ini -f 64 --ssh-common-args '-F %F/ssh_config' -m command -a true
fleet_side lab 32 'rm -rf %F/h[0-9]*/lab'
need sshd
fleet 32 push-bare pairs="$(n 12 1)" : "${side[@]}" : name=bare 'want=^ready 32$' \
	: /bin/sh -c "sed 's/h/127.0.1./' %F/hosts | $tools/limits/ssh %F/key %F/agent \
	'cat >\$XDG_CACHE_HOME/a && chmod 700 \$XDG_CACHE_HOME/a && \$XDG_CACHE_HOME/a --version'"
need parallel-scp
fleet 32 push-pssh pairs="$(n 5 1)" : "${side[@]}" : name=pssh 'want=SUCCESS. h32$' \
	: /bin/sh -c 'exec parallel-scp -h %F/hosts -p 32 -t 60 -x "-F %F/ssh_config" %F/agent \
	%F/pushed'
need ansible
fleet 32 push-ansible pairs="$(n 3 1)" : "${side[@]}" : name=ansible late=120 \
	'want=^h32 . CHANGED' : /bin/sh -c 'rm -f %F/h[0-9]*/pushed; exec ansible all \
	-i %F/ansible.ini -f 32 --ssh-common-args "-F %F/ssh_config" -m copy \
	-a "src=%F/agent dest=%F/{{inventory_hostname}}/pushed force=yes"'
need sshd
fleet_side most "$(n 128 16)" :
big=("${side[@]}")
fleet_side least 8 :
fleet "$(n 128 16)" ssh-size pairs="$(n 3 1)" : "${big[@]}" : "${side[@]}"

for engine in packet tcpdump; do
	wanted capture || continue
	if [ "$no_root" ]; then
		[ $engine != packet ] || skip capture-stop "$no_root"
		[ $engine != packet ] || skip capture-flood "$no_root"
	elif [ $engine = tcpdump ] && ! type -P tcpdump >/dev/null; then
		skip "capture-stop-tcpdump" 'tcpdump is not installed'
	else
		echo "bench: capture, engine $engine"
		# What tcpdump loses is told, not judged: the goals are the default engine's.
		timeout 60 "$tools/flood" "$work/lab-agent" 200000 "$(n 400000 20000)" "$(n 14 2)" \
			$engine >>"$results" || [ $engine != packet ] || is_wrong=1
	fi
done

"$tools/table" "$results" >"$work/table" || exit 1
cat "$work/table"
# Figures with a wrong answer among them are not kept.
if [ $is_wrong -eq 0 ] && [ -z "$quick" ] && [ -z "${ROWS:-}" ]; then
	cp "$results" "$src/bench/results.jsonl"
	page=$src/bench/README.md
	{
		sed '/^<!-- figures/q' "$page"
		echo '```'
		cat "$work/table"
		echo '```'
	} >"$work/page" && cp "$work/page" "$page"
fi
[ $is_wrong -eq 0 ] || echo "bench: a run answered wrong: see above, and $results" >&2
exit $is_wrong
