#!/bin/bash
# A link that is cut, a session or a controller that is killed, in the midst of one thing: the key exchange,
# the authentication, captures on their way home, a step, a run beside another; and a late banner. The links are slow where
# that makes the thing last; each moment is one that was seen, not a time. Played side by side.
# slow
. "$(dirname "$0")/../plays.sh"
names=(kex auth other late-1 late-2 pcap-1 pcap-2 live-1 live-2 pair-1 pair-2)
hosts "${names[@]}"
cp -r "$SRC/scenarios" .

# slowed NAME RATE BURST: what is sent to it
slowed() {
	tc qdisc add dev "port-$1" root tbf rate "$2" burst "$3" latency 60s 2>/dev/null
}
# received NAME BYTES: its sshd has had so much of a connection
received() {
	on "$1" ss -tinH state established '( sport = 22 )' | grep -o 'bytes_received:[0-9]*' |
		awk -F: -v least="$2" '$2 >= least { n++ } END { exit !n }'
}
# at NAME MOMENT COMMAND...: within the time it takes to get there, and then the cable is pulled
cut_at() {
	local name=$1 moment=$2
	shift 2
	t "$name: $moment" within 20 "$@"
	strikes "$name"
	cable "$name" down
}
# cut_told NAME STATUS PATTERN
cut_told() {
	ended "$1" 20 "$2" "$1: the run ends"
	is "$(($(since "$1") <= 13500))" 1 "$1: within 13 s ($(since "$1") ms)"
	like "$err" "$3" "$1: it says what it waited for"
}

# ---- a session that is killed while a step goes on; alone: whose agent it was can be told then
in_step() {
	[ -n "$(on live-2 ss -tnH state syn-sent)" ]
}
if [ "$scenario" = timeout-drop-input ]; then
	play live live-1 live-2
	t 'live: a connection hangs' within 20 in_step
	strikes live
	running live-1 '^sshd: [a-z]' | xargs kill -9
	ended live 20 5 'live: the run ends'
	is "$(($(since live) <= 8000))" 1 "live: at once ($(since live) ms)"
	like "$err" 'server: the agent is gone' 'live: it says why'
	readable live
else
	skip 'no nft' 5
fi

# ---- captures: many connections, and little room on the way home
cat >many.ini <<'I'
[lab]
format = 1
title = many connections
[hosts]
server =
client =
[control]
serve = server tcp.serve 1234
[fault]
alice = client tcp.connect server:1234 times=600 timeout=20s -> ok 600
carol = client tcp.connect server:1234 -> ok
[expect]
verdict = ok on carol
I
exits 0 "$LAB" run ./many.ini --bind server=pcap-1 --bind client=pcap-2 -o first -q # its agents are there
whole=$(stat -c %s first/*/capture/server*.pcap)
on pcap-1 tc qdisc add dev eth0 root tbf rate 800kbit burst 8kb latency 10s
scenario=./many.ini client=client play pcap pcap-1 pcap-2
has_some() {
	[ "$(stat -c %s out-pcap/*/capture/server*.pcap)" -gt 20000 ]
}
t 'a capture is on its way home' within 20 has_some
strikes pcap
cable pcap-1 down
t 'and not all of it is there' test "$(stat -c %s out-pcap/*/capture/server*.pcap)" -lt "$whole"

# ---- a banner that is late: no cut
kill -STOP "$(listener late-1)"
play late late-1 late-2
waits_for_banner() {
	[ -n "$(agent_of late-2)" ] &&
		on late-1 ss -ltnH 'sport = 22' | awk '$2 > 0 { n++ } END { exit !n }'
}
t 'late: one machine is reached, the other says nothing yet' within 20 waits_for_banner
kill -CONT "$(listener late-1)"

# ---- the way in; the sshd that looks for keys waits for a list of them
is_slow=
if slowed kex 8kbit 500; then # a name gets through, the list of algorithms is longer than a burst
	is_slow=yes
	play kex kex other
	cut_at kex 'the key exchange has begun' received kex 20
fi
looks_for_keys() {
	processes_on auth | grep -q "cat $T/keys"
}
if [ "$(id -u)" -eq 0 ]; then # whose is the program is looked at
	mkfifo keys
	kill -9 "$(listener auth)"
	sshd_start auth 'AuthorizedKeysFile none' "AuthorizedKeysCommand $(type -P cat) $T/keys" \
		'AuthorizedKeysCommandUser root'
	play auth auth other
	cut_at auth 'a key is offered' looks_for_keys
fi

# ---- two controllers, of which one is killed
mkfifo first.in second.in
exec {first}<>first.in {second}<>second.in
play one pair-1 pair-2 --set port=2001 --pause fault <&"$first"
play two pair-1 pair-2 --set port=2002 --pause fault <&"$second"
for name in one two; do
	within 30 is_held "$name"
	like "$(cat "$name.err")" 'Enter goes on' "$name of two controllers: its run goes on"
done
agents_on() {
	running "$1" 'lab-agent-.*--stdio' | wc -l
}
both=$(agents_on pair-1)
tables=$(on pair-1 nft list tables 2>/dev/null | wc -l)
kill -9 "$(cat one.pid)"
ones_gone() {
	[ "$(agents_on pair-1)" -lt "$both" ] && [ "$(agents_on pair-2)" -gt 0 ] &&
		[ "$(on pair-1 nft list tables 2>/dev/null | wc -l)" -eq $((tables / 2)) ]
}
t "SIGKILL of one: what was its own is gone within 12 s" within 12 ones_gone
echo >&"$second"
ended two 20 0 'and the other is as it should be'
for name in pair-1 pair-2; do
	t "nothing is left on $name" within 12 is_clean "$name"
done

# ---- what each says
ended late 20 0 'late: the run is as it should be'
if [ -n "$is_slow" ]; then
	cut_told kex 5 'kex: handshake: '
else
	skip 'no tbf' 4
fi
if [ -n "${run[auth]:-}" ]; then
	cut_told auth 5 'auth: authentication: '
else
	skip 'only sshd of root asks a program for keys' 4
fi
cut_told pcap 6 'pcap-1: .*timed out'
"$LAB" report out-pcap/* >report.out 2>&1
like "$(cat report.out)" 'control ok' 'pcap: what was seen before is in its run directory'
for name in kex auth pcap-1; do
	cable "$name" up
done
[ -z "${run[auth]:-}" ] || : <>keys >keys # sshd may go on
for name in "${names[@]}"; do
	t "nothing is left on $name" within 30 is_clean "$name"
done
done_testing
