#!/bin/bash
# On machines that others use a verdict is proven where the evidence suffices, and never wrongly:
# real sshd's, rules of somebody else, RSTs of somebody else, and what hides behind them.
. "$(dirname "$0")/../sshd.sh"
if ! type -P nft >/dev/null; then
	echo '1..0 # SKIP no nft'
	exit 0
fi
hosts web-1 web-2 web-3
cp -r "$SRC/scenarios" .
bound=(--bind server=web-1 --bind client=web-2)
first=(--bind server=web-1 --bind client-1=web-2)
all=("${first[@]}" --bind client-2=web-3)

# play SCENARIO OPTION...: into $code, $sure, $outcome, $report
play() {
	report=$("$LAB" run "$@" 2>&1)
	outcome=$?
	code=$(sed -n 's/^verdict=\([^ ]*\) .*/\1/p' <<<"$report")
	sure=$(sed -n 's/^verdict=.* confidence=\([a-z]*\) .*/\1/p' <<<"$report")
}

judged() { # VERDICT SENTENCE: of the last play
	is "$code $sure" "$1" "$2" || comment <<<"$report"
}

# Whoever may not list eBPF programs cannot rule them out: then nothing is proven here.
proven=proven unlisted='eBPF programs cannot be listed'
play refused "${all[@]}"
if [[ $(tr -s ' \n' ' ' <<<"$report") == *"$unlisted"* ]]; then
	proven=likely
	comment <<<"$unlisted here: all of it is likely at most"
fi
judged "refused.no-listener $proven" 'a machine that others use: a stopped server'
is "$outcome" 0 'it is as expected, whatever is asked for'
[ "$proven" = proven ] && required=0 || required=3
for name in refused-bound-localhost refused-wrong-port refused-firewall-reset timeout-drop-input; do
	binding=("${first[@]}")
	[ "$name" = timeout-drop-input ] && binding=("${bound[@]}")
	play "$name" "${binding[@]}" --require proven
	is "$outcome" "$required" "$name, and proven is required" || comment <<<"$report"
	is "$sure" "$proven" "$name is as sure as it can be"
done

# on web-1 somebody closes his own ports all the time, on lo where no capture looks
touch provokes
on web-1 timeout 100 bash -c \
	'while [ -e "$0/provokes" ]; do (exec 3<>/dev/tcp/127.0.0.1/9) 2>/dev/null; done' "$T" &
provoker=$!
rsts() {
	on web-1 awk '$1 == "Tcp:" && $2 ~ /^[0-9]/ { print $15 }' /proc/net/snmp
}
# among OPTION...: a play while more RSTs came than its own
among() {
	local before
	before=$(rsts)
	play "$@"
	[ "$(rsts)" -gt "$((before + 5))" ]
}
wait_for 20 among refused "${all[@]}"
is "$?" 0 "a run among others' RSTs"
judged "refused.no-listener $proven" "a stopped server among others' RSTs"
wait_for 20 among refused-firewall-reset "${first[@]}"
is "$?" 0 "another run among others' RSTs"
judged "refused.firewall-reset $proven" "a rule that resets among others' RSTs"

# What somebody else has set up for the port, which is closed besides: the RST is the rule's, and
# the counters look as if it were not.
scenario() { # EXPECTED
	cat <<-END
		[lab]
		format = 1
		title = a port of which somebody else decides
		[hosts]
		server =
		client =
		[control]
		serve = server tcp.serve 1234
		alice = client tcp.connect server:1234 -> ok
		[fault]
		carol = client tcp.connect server:1300 -> ECONNREFUSED
		[expect]
		verdict = $1 on carol
	END
}
scenario refused >closed.ini
# Others' RSTs come between the readings, so that the counter excuses nobody; on a busy machine they
# may not at once.
disturbed() {
	play ./closed.ini "${bound[@]}"
	[[ $(tr -s ' \n' ' ' <<<"$report") != *'TcpOutRsts stands still'* ]]
}
filter='add table inet filter
add chain inet filter input { type filter hook input priority 0; policy accept; }'
rules() { # of web-1, all of them
	on web-1 nft -f - <<<"flush ruleset
$1"
}

while IFS='|' read -r what verdict named text; do
	rules "$(printf '%b' "$filter\n$text")"
	wait_for 20 disturbed
	judged "$verdict" "$what"
	like "$(tr -s ' \n' ' ' <<<"$report")" "$named|$unlisted" "$what: it is named"
done <<-END
	somebody's rule that resets|refused.firewall-reset $proven|table inet filter, chain input, handle [0-9]+ resets: \+1 packet|add rule inet filter input iif lo accept\nadd rule inet filter input tcp dport 1300 counter reject with tcp reset
	somebody's reset without a counter|refused.no-listener likely|handle [0-9]+ has no counter|add rule inet filter input tcp dport 1300 reject with tcp reset
	a reset behind a jump|refused.no-listener likely|chain deny, handle [0-9]+ has no counter|add chain inet filter deny\nadd rule inet filter deny reject with tcp reset\nadd rule inet filter input tcp dport 1300 jump deny
	a reset of a set|refused.no-listener likely|handle [0-9]+ may match|add set inet filter shut { type inet_service; elements = { 1300 }; }\nadd rule inet filter input tcp dport @shut reject with tcp reset
	a reset before the input|refused.no-listener likely|chain pre, handle [0-9]+ has no counter|add chain inet filter pre { type filter hook prerouting priority -150; }\nadd rule inet filter pre tcp dport 1300 reject with tcp reset
	a redirection to a closed port|refused.no-listener likely|handle [0-9]+ may answer or divert the SYN|add chain inet filter nat { type nat hook prerouting priority -100; }\nadd rule inet filter nat tcp dport 1300 redirect to :1301
	rules of other ports|refused.no-listener $proven|nothing before it could answer|add rule inet filter input ct state established,related accept\nadd rule inet filter input tcp dport 1301 reject with tcp reset\nadd rule inet filter input udp dport 1300 drop
END

# a rule that comes and goes: never there when somebody looks, but for the generation
rules "$filter"
touch flickers
on web-1 timeout 100 bash -c 'while [ -e "$0/flickers" ]; do
	nft add rule inet filter input tcp dport 1300 reject with tcp reset
	nft flush chain inet filter input
done' "$T" &
flicker=$!
# On a busy machine the rules may stand still from one reading to the next; then they do prove it.
changes() {
	rm -rf flicker && mkdir flicker
	play ./closed.ini "${bound[@]}" -o flicker
	sed -n 's/.*"host":"server".*"generation":\([0-9]*\).*/\1/p' flicker/*/events.ndjson >generations
	[ -s generations ] && [ -z "$(sort generations | uniq -d)" ]
}
if wait_for 20 changes; then
	isnt "$sure" proven 'rules that change all the time prove nothing'
else
	skip 'the rules did not change between any two readings'
fi
rm flickers && wait "$flicker"
rules ''

if on web-1 tc qdisc add dev eth0 clsact 2>/dev/null; then
	wait_for 20 disturbed
	judged 'refused.no-listener likely' 'tc may answer'
	like "$(tr -s ' \n' ' ' <<<"$report")" "tc at eth0|$unlisted" 'it is said that tc may have'
	on web-1 tc qdisc del dev eth0 clsact
fi
on web-1 ip rule add pref 100 lookup local
on web-1 ip rule del pref 0
on web-1 ip rule add pref 50 iif eth9 lookup main
wait_for 20 disturbed
judged 'refused.no-listener likely' 'a routing rule may lead elsewhere'
on web-1 ip rule del pref 50
wait_for 20 disturbed
judged "refused.no-listener $proven" 'where nothing of it is left, it is as sure as before'
rm provokes && wait "$provoker"
done_testing
