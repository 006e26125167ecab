#!/bin/bash
# lab probe against real sshd's: one connection as it is, seen from both ends or from one, and what one
# end cannot know is never claimed. Nothing is changed.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
hosts web-1 web-2 web-3
PORT=8080 CLOSED=9090 DROPPED=9999

# probe STATUS ARGUMENT...: into $code, $sure, $outcome and $report
probe() {
	exits "$1" "$LAB" probe "${@:2}"
	report=$out$'\n'$err
	code=$(sed -n 's/^verdict=\([^ ]*\) .*/\1/p' <<<"$out")
	sure=$(sed -n 's/^verdict=.* confidence=\([a-z]*\) .*/\1/p' <<<"$out")
	outcome=$(sed -n 's/^verdict=.* outcome=\([a-z-]*\) .*/\1/p' <<<"$out")
	flat=$(tr -s ' \n' ' ' <<<"$report")
}

judged() { # VERDICT SENTENCE: of the last probe
	is "$code $sure $outcome" "$1" "$2" || comment <<<"$report"
}

listens() { # NAME PORT
	on "$1" ss -Hltn "sport = :$2" | grep -q LISTEN
}

for port in "$PORT" "$DROPPED"; do
	on web-1 "$B/lab-agent" server 0.0.0.0 "$port" >/dev/null 2>&1 &
	within 5 listens web-1 "$port"
done

# ---- both ends
probe 0 web-2 "web-1:$PORT"
judged 'ok proven works' 'an open port works'
like "$out" 'lab-agent [0-9]+ listens on 0.0.0.0:8080' 'and who listens there is told'
like "$flat" "own resolver does not know the name: the address of the machine" \
	'an alias that is no name on the client is told'
on web-2 bash -c 'cp /etc/hosts "$1" && echo "10.9.0.1 web-1" >>"$1" && mount --bind "$1" /etc/hosts' \
	_ "$SSHD/hosts-of-web-2"
probe 0 web-2 "web-1:$PORT"
like "$out" 'with web-1 \(by hosts\)' 'a name is resolved by the client, from its own hosts file'
unlike "$flat" 'own resolver' 'and nothing is remarked then'

on web-2 bash -c 'sed s/10.9.0.1/10.9.0.3/ /etc/hosts >"$1" && mount --bind "$1" /etc/hosts' \
	_ "$SSHD/other-hosts-of-web-2"
probe 1 web-2 "web-1:$CLOSED"
judged 'refused.unexplained undecided fails' 'a name that means another machine at the client'
like "$flat" 'went to 10.9.0.3:9090, which is no address of the server' 'and where it went is told'
on web-2 umount /etc/hosts

# Whoever may not list eBPF programs cannot rule them out: then nothing is proven here.
proven=proven
probe 1 web-2 "web-1:$CLOSED"
if [[ $flat == *'eBPF programs cannot be listed'* ]]; then
	proven=likely
fi
judged "refused.no-listener $proven fails" 'a closed port is refused, and both ends say why'
[ "$proven" = proven ] && required=1 || required=3
probe "$required" web-2 "web-1:$CLOSED" --require proven
exits 1 "$LAB" probe -q web-2 "web-1:$CLOSED"
is "$out" "web-2 to web-1:$CLOSED: refused.no-listener ($proven)" '-q: the verdict line alone'
exits 1 "$LAB" probe web-2 "web-1:$CLOSED" --json
is "$(jq -r '"\(.verdict) \(.expected) \(.steps[0].result) \(.connections[0].target)"' <<<"$out")" \
	"refused.no-listener null ECONNREFUSED web-1:$CLOSED" '--json: the same as data'
exits 1 "$LAB" probe web-2 "web-1:$CLOSED" -o kept -q
run=$(echo kept/*)
exits 1 "$LAB" report "$run"
like "$out" 'verdict=refused.no-listener .* outcome=fails exit=1' 'and the report again, from its directory'
exits 1 "$LAB" analyze -q "$run"
for transport in libssh2 openssh; do
	probe 1 web-2 "web-1:$CLOSED" --transport "$transport"
	judged "refused.no-listener $proven fails" "the same by $transport"
done
printf '[defaults]\nuser = %s\nidentity = %s\n[machines]\na = 10.9.0.1\nb = 10.9.0.2\n' \
	"$SSH_USER" "$KEY" >fleet.ini
probe 1 b "a:$CLOSED" --inventory fleet.ini
judged "refused.no-listener $proven fails" 'machines of an inventory, by name'
probe 1 b "10.9.0.1:$CLOSED" --inventory fleet.ini
judged "refused.no-listener $proven fails" 'and by address'
cat >nat.ini <<-INI
	[defaults]
	user = $SSH_USER
	identity = $KEY
	[machines]
	a = 10.9.0.1 lab-address=192.0.2.1
	b = 10.9.0.2 lab-address=192.0.2.2
INI
on web-1 ip route add 192.0.2.0/24 via 10.9.0.254
on web-2 ip route add 192.0.2.0/24 via 10.9.0.254
probe 0 b "10.9.0.1:$PORT" --inventory nat.ini
judged 'ok proven works' 'machines that have not the addresses by which others reach them'
like "$(jq -r '.captures[] | select(.host == "client") | .packets' state/lab/runs/latest/result.json)" \
	'^[1-9]' 'are captured on the way'
probe 1 web-2 "10.9.0.1:$CLOSED" --bind server=web-1
judged "refused.no-listener $proven fails" '--bind says which machine an address is'
probe 0 web-2 web-1:22
judged 'ok proven works' 'the port of sshd itself: nothing goes round in circles'
t 'and what is captured is little' test "$(jq '[.captures[].packets] | add' \
	state/lab/runs/latest/result.json)" -lt 100

if on web-1 sh -c 'type tcpdump' >/dev/null 2>&1; then
	probe 1 web-2 "web-1:$CLOSED" --engine tcpdump
	judged "refused.no-listener $proven fails" "the same by the host's own tcpdump"
	is "$(jq -r '[.captures[].engine] | unique[]' state/lab/runs/latest/manifest.json)" tcpdump \
		'at both ends'
else
	skip 'no tcpdump' 3
fi

has_nft=
if type -P nft >/dev/null && on web-1 nft "add table inet mine
	add chain inet mine input { type filter hook input priority 0; policy accept; }
	add rule inet mine input tcp dport $DROPPED counter drop"; then
	has_nft=1
	before=$(on web-1 nft list tables)
	probe 1 web-2 "web-1:$DROPPED" --timeout 1500ms
	judged "timeout.dropped $proven fails" 'a rule of somebody else that drops'
	like "$flat" 'table inet mine, chain input, handle [0-9]+ drops: \+[12] packets' 'is named'
	is "$(on web-1 nft list tables)" "$before" 'and no table was made or taken away'
else
	skip 'no nft' 4
fi

if [ -n "$has_nft" ]; then
	on web-2 nft "add table inet mine
		add chain inet mine output { type filter hook output priority 0; policy accept; }
		add rule inet mine output tcp dport $PORT counter reject with tcp reset"
	probe 1 web-2 "web-1:$PORT"
	judged 'refused.unexplained undecided fails' 'a rule of the client is not laid at the door of the server'
	on web-2 nft add rule inet mine output tcp dport "$CLOSED" counter reject with tcp reset
	probe 1 web-2 "web-1:$CLOSED"
	judged 'refused.unexplained undecided fails' 'nor where nothing listens there'
	unlike "$flat" 'machine was reached' 'which no packet reached'
	on web-2 nft delete table inet mine
else
	skip 'no nft' 5
fi

# ---- no way there
on web-2 sh -c 'cd /proc/sys/net/ipv4/neigh/eth0 && echo 50 >retrans_time_ms && echo 2 >mcast_solicit'
probe 1 web-2 10.9.0.77:80
judged 'unreachable.no-neighbour likely fails' 'an address that nobody has'
like "$flat" '10.9.0.77 does not answer on eth0: ip neigh says FAILED' 'by the word of the client'
probe 1 web-2 198.51.100.1:80
judged 'unreachable.no-route likely fails' 'a network to which no route leads'
if [ -n "$has_nft" ]; then
	on web-1 nft insert rule inet mine input tcp dport "$CLOSED" reject with icmpx admin-prohibited
	probe 1 web-2 "10.9.0.1:$CLOSED"
	judged 'unreachable.forbidden likely fails' 'a rule that forbids by ICMP'
	like "$flat" 'ICMP 3/13 \(forbidden by an administrator\) from 10.9.0.1, the server itself' \
		'and who sent that'
	on web-1 nft flush chain inet mine input
	on web-1 nft "add rule inet mine input tcp dport $DROPPED counter drop"
else
	skip 'no nft' 3
fi

if on web-1 ip -6 addr add fd00::1/64 dev eth0 nodad 2>/dev/null &&
	on web-2 ip -6 addr add fd00::2/64 dev eth0 nodad 2>/dev/null; then
	probe 1 web-2 "[fd00::1]:$CLOSED"
	judged 'refused.unexplained undecided fails' 'an IPv6 address, from one end'
	like "$out" 'RST answers the SYN' 'with what its wire has seen'
else
	skip 'no IPv6' 3
fi

# ---- this machine
probe 1 "web-1:$CLOSED"
judged "refused.no-listener $proven fails" 'without CLIENT this machine is the client'
probe 0 "web-1:$PORT"
judged 'ok proven works' 'and where it works, it works'
probe 0 web-1:22
judged 'ok proven works' 'by the port that leads its own agents too'
probe 1 localhost:1
like "$code $outcome" 'refused.no-listener fails' 'of itself it sees both ends'
unlike "$flat" 'one-ended' 'with one agent'
for own in 127.0.0.9:1 '[::1]:1' 10.9.0.254:1; do
	probe 1 "$own"
	like "$code $outcome" 'refused.no-listener fails' "$own is its own, too"
done
mkdir alone && cp "$LAB" "$B/lab-agent" alone/
exits 1 alone/lab probe -q localhost:1
like "$out" 'localhost:1: refused.no-listener' 'and needs no agents for other machines'
probe 1 web-1 "localhost:$CLOSED"
judged "refused.no-listener $proven fails" 'localhost is that of the client'

# ---- one end: what listens there and which rule took it is nobody's to say
one_ended() { # VERDICT SENTENCE
	judged "$1" "$2"
	like "$flat" 'one-ended: whether the SYN arrived, what listens on the port and which rule' \
		"$2: what is not known is said"
	unlike "$flat" 'no-listener|timeout.dropped|\(proven\)' "$2: and never claimed"
}
probe 1 web-2 "10.9.0.1:$CLOSED"
one_ended 'refused.unexplained undecided fails' 'a closed port from one end'
like "$flat" '10.9.0.1 is no machine of yours; --bind server=ALIAS' 'with what would help'
probe 3 web-2 "10.9.0.1:$CLOSED" --require likely
probe 0 web-2 "10.9.0.1:$PORT"
judged 'ok proven works' 'an open port needs no second end'
if [ -n "$has_nft" ]; then
	probe 1 web-2 "10.9.0.1:$DROPPED" --timeout 1500ms
	one_ended 'timeout.unexplained undecided fails' 'a dropped SYN from one end'
else
	skip 'no nft' 4
fi
cable web-3 down
probe 1 web-2 10.9.0.3:80 --timeout 1500ms
judged 'timeout.unexplained undecided fails' 'a machine that is not there'
cable web-3 up

probe 3 web-2 nosuch.invalid:80
like "$flat" 'could not be found out: nosuch.invalid: ' 'a name that the client cannot resolve'
like "$out" 'probe FAILED probe client tcp.connect nosuch.invalid:80' 'and whose step it is stands there once'
is "$code" none 'has no verdict'
like "$flat" 'undecided' 'and is undecided'

sshd_stop web-1
probe 1 web-2 "web-1:$CLOSED"
one_ended 'refused.unexplained undecided fails' 'a server without sshd'
like "$flat" 'No agent there: server: web-1: connect to 10.9.0.1:22: refused' 'with the reason'
exits 5 "$LAB" probe web-1 "web-2:$PORT"
like "$err" 'client: web-1: connect' 'without its client there is no probe'
exits 5 "$LAB" probe web-1 "web-2:$PORT" --json
is "$(jq -r '"\(.verdict) \(.as_expected) \(.exit_status)"' <<<"$out")" 'none null 5' 'as data, too'
exits 2 "$LAB" probe nowhere.invalid "web-2:$PORT"

# ---- how it is called
exits 2 "$LAB" probe
exits 2 "$LAB" probe web-2 web-1
like "$err" 'web-1 is no SERVER:PORT' 'a port is needed'
exits 2 "$LAB" probe web-2 web-1:0
exits 2 "$LAB" probe web-2 web-1:65536
exits 2 "$LAB" probe web-2 "web-1;id:80"
exits 2 "$LAB" probe web-2 ::1:80
exits 2 "$LAB" probe web-2 web-1:80 more
exits 2 "$LAB" probe web-2 web-1:80 -b netns
exits 2 "$LAB" probe web-2 web-1:80 --bind client=web-2

is_idle() {
	! processes_on "$1" | grep -qv 'lab-agent server'
}
for name in web-1 web-2 web-3; do
	within 5 is_idle "$name"
	is "$(processes_on "$name" | grep -v 'lab-agent server')" '' "no process is left on $name"
	is "$(on "$name" nft list tables 2>/dev/null | grep lab)" '' 'and no table'
done
no_agent() { # in any namespace of this test, this machine's own too
	! grep -lzx -e --stdio /proc/[0-9]*/cmdline 2>/dev/null
}
within 5 no_agent
t 'nor is an agent on this machine' no_agent
is "$(ls -d /run/lab-* /var/tmp/lab-journal-* 2>/dev/null)" '' 'and no journal'
done_testing
