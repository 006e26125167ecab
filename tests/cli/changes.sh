#!/bin/bash
# Sysctls, routes and addresses as faults: in namespaces they go with them; machines over SSH are as
# they were after every end, and the way to them is never cut. What befalls machines is played side by
# side, each on two of its own.
. "$(dirname "$0")/../sshd.sh"
out='' err='' # of exits
ends=(agent next dies cut lost)
names=(plain-1 plain-2 safe-1 safe-2)
for end in "${ends[@]}"; do
	names+=("$end-1" "$end-2")
done
hosts "${names[@]}"

# scenario NAME FAULT: FAULT's lines between two connections that are to be had
scenario() {
	cat >"$1.ini" <<-I
		[lab]
		format = 1
		title = what a host is made of changes
		[hosts]
		server =
		client =
		[control]
		serve = server tcp.serve 1234
		alice = client tcp.connect server:1234 -> ok
		[fault]
		$2
		[expect]
		verdict = ok on ${3:-alice}
	I
}
recovery='[recovery]
mend = heal hole
dave = client tcp.connect server:1234 -> ok'

# ---- in namespaces each does what it says, and is healed
scenario sysctl 'hole = server sysctl net.ipv4.ip_unprivileged_port_start=2000
low = server tcp.serve 1999 -> EACCES
[recovery]
mend = heal hole
high = server tcp.serve 1999
dave = client tcp.connect server:1999 -> ok' dave
scenario route "hole = client route add unreachable \${server.address}/32
carol = client tcp.connect server:1234 -> EHOSTUNREACH
$recovery" dave
scenario address "hole = server address del \${server.address}/24
carol = client tcp.connect server:1234 timeout=300ms -> TIMEOUT
$recovery" dave
for name in sysctl route address; do
	exits 0 "$LAB" run "./$name.ini" -b netns -o "$name"
	like "$out" 'mend +[a-z]* +hole undone' "$name: healed, and told so"
done
like "$(cat route/*/report.txt)" 'hole +client +add 10.*/32 unreachable: read back' 'the report tells it'
exits 0 "$LAB" run ./route.ini -b loopback -o loopback
scenario wrong 'hole = server sysctl kernel.panic=1 -> ok'
exits 5 "$LAB" run ./wrong.ini -b netns -o wrong
like "$err" 'step hole on server: .*only those of net\.\*' 'what is no business of a network is refused'

# ---- on machines
scenario all 'ecn = server sysctl net.ipv4.tcp_ecn=0
hole = server route add unreachable 198.51.100.0/24
way = server route replace 203.0.113.0/24 via 10.9.0.33
more = server address add 198.51.100.9/32
carol = client tcp.connect server:1234 -> ok
[recovery]
mend = heal way
dave = client tcp.connect server:1234 -> ok'
stack() { # all that the scenario may change there
	on "$1" sh -c 'cat /proc/sys/net/ipv4/tcp_ecn; ip route; ip -4 -o addr show eth0'
}
journals() {
	on "$1" find /run /var/tmp -path '*/lab-*' -type f 2>/dev/null
}
declare -A before
for name in "${names[@]}"; do
	on "$name" ip route add 203.0.113.0/24 via 10.9.0.254 metric 7
	before[$name]=$(stack "$name")
	# Journals of its own, too, as a machine has them.
	[ "$(id -u)" -ne 0 ] || on "$name" sh -c 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd'
done
is_as_before() {
	[ "$(stack "$1")" = "${before[$1]}" ]
}
run() { # SCENARIO NAME [OPTION...]: on the machines NAME-1 and NAME-2
	"$LAB" run "./$1.ini" --bind "server=$2-1" --bind "client=$2-2" -o "out-$2" "${@:3}"
}
exits 0 run all plain
is "$(stack plain-1)" "${before[plain-1]}" 'after a run a machine is as it was'
like "$(grep -h '"kind":"fault"' out-plain/*/events.ndjson)" \
	'"change":"replace 203.0.113.0/24 via 10.9.0.33","was":"via 10.9.0.254 dev eth0"' \
	'the events tell what was there'

# ---- the way to a machine is not to be cut: refused before anything is touched
while IFS='|' read -r what why; do
	scenario cuts "hole = server $what -> ok"
	exits 5 run cuts safe
	like "$err" "refused.*$why" "$what"
done <<'END'
route add blackhole 10.9.0.254/32|the other end of the controller's own connection
route add unreachable 10.9.0.0/25|this end of the controller's own connection
route add default via 10.9.0.2|the controller's own connection
route del 10.9.0.0/24|the controller's own connection
address del 10.9.0.3/24|this end of the controller's own connection
address add 10.9.0.254/32|the other end of the controller's own connection
sysctl net.ipv4.conf.all.rp_filter=1|might cut the controller's own connection
END
is "$(stack safe-1)" "${before[safe-1]}" 'nothing has changed there'
is "$(journals safe-1)" '' 'nor was anything noted'

# ---- runs that stand still with their faults set
declare -A pid
for end in "${ends[@]}"; do
	mkfifo "$end.in"
	# shellcheck disable=SC2034 # open, so that nobody seems to have gone who might press Enter
	exec {keep}<>"$end.in"
	run all "$end" --pause fault <"$end.in" >"$end.out" 2>"$end.err" &
	pid[$end]=$!
done
is_held() {
	grep -q 'Enter goes on' "$1.err"
}
for end in "${ends[@]}"; do
	t "$end: its run goes on" within 40 is_held "$end"
	is "$(stack "$end-1" | head -n 1)" 0 "$end: with its faults set"
done
is "$(cat "/proc/$(agent_of dies-1)/comm")" lab-agent 'whatever its file is called'
cable cut-1 down
pkill -KILL -P "${pid[dies]}" # lab, below this shell's own process for it
kill -KILL "${pid[dies]}" 2>/dev/null
# The same of both at once: nobody is there to undo anything, and nobody to ask for it.
for end in agent next; do
	pkill -STOP -P "${pid[$end]}"
	kill -KILL "$(agent_of "$end-1")"
	pkill -KILL -P "${pid[$end]}"
	kill -KILL "${pid[$end]}" 2>/dev/null
done
kill -KILL "$(agent_of lost-1)"
t 'SIGKILL of the controller: the machine is as it was within 12 s' within 12 is_as_before dies-1
wait "${pid[lost]}" 2>/dev/null
is "$?" 5 'an agent alone that is killed ends the run'
is "$(stack lost-1)" "${before[lost-1]}" 'and another agent has undone its changes'
for end in agent next; do
	wait "${pid[$end]}" 2>/dev/null
	is "$(stack "$end-1" | head -n 1)" 0 "$end: nobody was there to undo its changes"
done
on agent-1 ip route replace blackhole 198.51.100.0/24 # somebody else
exits 0 "$LAB" cleanup -b ssh agent-1
like "$out" 'sysctl net.ipv4.tcp_ecn: undone' 'lab cleanup undoes them'
like "$out" 'route 198.51.100.0/24: theirs: 198.51.100.0/24 is blackhole by now: left so' \
	'but for what somebody else has changed since'
on agent-1 ip route del blackhole 198.51.100.0/24
is "$(stack agent-1)" "${before[agent-1]}" 'all else is as it was'
exits 0 run all next
like "$(grep -h '"kind":"leftover"' out-next/*/events.ndjson)" \
	'"what":"address","name":"198.51.100.9/32@eth0","state":"undone"' 'the next agent does so, too'
is "$(stack next-1)" "${before[next-1]}" 'and its run leaves the machine as it was'
wait "${pid[cut]}" 2>/dev/null
is "$?" 6 'a link that is cut ends the run'
cable cut-1 up
t 'and its agent undoes all without it' within 12 is_as_before cut-1
for name in "${names[@]}"; do
	is "$(journals "$name")" '' "no journal is left on $name"
done
done_testing
