#!/bin/bash
# Commands on machines, against real sshd's: what they pass on, their exit status, what they find.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
hosts web-1 web-2

for transport in libssh2 openssh; do
	with=(--transport "$transport")
	exits 3 "$LAB" exec web-1 "${with[@]}" -- sh -c 'echo out; echo err >&2; exit 3'
	is "$out|$err" 'out|err' "$transport: both streams come as they are, and the status"
	"$LAB" exec web-1 "${with[@]}" -- sh -c 'seq 200000; seq 300000 >&2' >o 2>e
	is "$(md5sum <o)$(md5sum <e)" "$(seq 200000 | md5sum)$(seq 300000 | md5sum)" \
		"$transport: all of both, however much"
	exits 0 "$LAB" exec web-1 "${with[@]}" -- printf '<%s>' "it's" '$HOME `id`' '' 'a\n!'
	is "$out" '<it'\''s><$HOME `id`><><a\n!>' "$transport: words are data"
done
# ssh itself does not tell a signal from a lost connection.
exits 137 "$LAB" exec web-1 --transport libssh2 -- sh -c 'kill -9 $$'
exits 125 "$LAB" exec web-1 --transport openssh -- sh -c 'kill -9 $$'
exits 127 "$LAB" exec web-1 -- no-such-program
exits 126 "$LAB" exec web-1 -- /etc/passwd
exits 125 "$LAB" exec web-1 nowhere -- true
like "$err" 'nowhere: there is no such name' 'a machine that is not there is named'
like "$(tail -n1 <<<"$err")" '^lab: it failed on 1 of 2 machines: nowhere \(its error is above\)$' \
	'and once more at the end'
exits 2 "$LAB" exec web-1
exits 5 "$LAB" exec web-1 web-2 -- sh -c '[ "$(hostname)" = web-1 ] || exit 5; hostname'
is "$out" 'web-1: web-1' 'of several each line has the name in front, and the gravest status counts'
is "$err" 'lab: it failed on 1 of 2 machines: web-2 (exit status 5)' 'and whose that is'
"$LAB" exec web-1 web-2 -- printf '\033[31mred\n' >o
is "$(sort o)" $'web-1: \\x1b[31mred\nweb-2: \\x1b[31mred' 'and nothing that a terminal obeys'
start=$SECONDS
"$LAB" exec web-1 web-2 -- sleep 2
t 'they are side by side' test "$((SECONDS - start))" -lt 4

is "$(echo hello | "$LAB" ssh web-1 -- cat)" hello 'lab ssh passes standard input'
exits 9 "$LAB" ssh web-1 -- sh -c 'exit 9'
printf '[machines]\none = 10.9.0.1 user=%s identity=%s\ntwo = 10.9.0.2\n' "$SSH_USER" "$KEY" >fleet.ini
exits 0 "$LAB" ssh one --inventory fleet.ini -- hostname
is "$out" web-1 'and goes by what an inventory says'
exits 0 "$LAB" exec one --inventory fleet.ini -- hostname

# ---- status, doctor, cleanup
exits 0 "$LAB" status web-1 web-2
like "$out" 'web-1.10.9.0.1.libssh2.known.*no.-' 'no agent is there yet'
is "$(processes_on web-1)$(ls "$SSHD/web-1/home/.cache" 2>/dev/null)" '' 'and a look leaves none'
exits 0 "$LAB" doctor -b ssh web-1 --json
is "$(jq -r '[.checks[] | select(.host == "web-1").name] | join(" ")' <<<"$out")" \
	'reach kernel lab agent root capture firewall changes tcpdump clock' 'the doctor checks all of a machine'
is "$(jq -r '.checks[] | select(.name == "clock").verdict' <<<"$out")" ok 'its clock is this one'
exits 0 "$LAB" status web-1 --json
is "$(jq -r '.machines[0] | "\(.is_reachable) \(.running)"' <<<"$out")" 'true 0' \
	'the agent is there now, and does not run'
isnt "$(jq -r '.machines[0].agent' <<<"$out")" null 'and status says where'
hidden=$(type -P tcpdump) && on web-2 mount --bind /dev/null "$hidden"
exits 4 "$LAB" doctor web-2 nowhere
like "$out" 'web-2 tcpdump *no tcpdump' 'what is missing is told'
like "$out" 'apt-get install -y tcpdump' 'with the line that mends it'
like "$out" 'nowhere reach *there is no such name' \
	'a name that stands in front is not said again'
exits 5 "$LAB" status web-1 nowhere
like "$out" $'nowhere\t-\t-\t-\t-\t-\tthere is no such name' 'nor in a table'
if type -P script >/dev/null; then
	TERM=xterm script -qec "stty cols 80; '$LAB' status web-1 nowhere" /dev/null </dev/null |
		tr -d '\r' >screen
	t 'on a terminal a machine that is there has one line, without blanks at its end' \
		grep -q '^web-1 .* yes *-$' screen
	t 'what is said of one that is not has a line below' grep -q '^    there is no such' screen
	is "$(grep -c ' $' screen)" 0 'no line ends in blanks'
else
	skip 'no script' 3
fi
exits 2 "$LAB" status
like "$err" 'which machine\? .*, as in lab status web-1; ~/.ssh/config has web-1, web-2$' \
	'who names no machine is told which there are'
exits 0 "$LAB" cleanup -b ssh web-1 web-2
is "$(grep -c 'nothing is left: no process' <<<"$out")" 2 'nothing is there, and that is proven'
cp "$(type -P true)" lab-agent
on web-1 bash -c '"$1/lab-agent" & echo $$ >"$1/parent"; exec sleep 1000' _ "$T" &
within 5 sh -c 'ps -o stat= --ppid "$(cat parent)" | grep -q Z' # sleep waits for nobody
exits 0 "$LAB" cleanup web-1
like "$out" 'web-1: nothing is left' 'an agent that ended, and that nobody waited for, is none'
kill "$(cat parent)"
wait "$!" 2>/dev/null
if type -P nft >/dev/null && on web-1 nft add table inet lab_ab12_cut 2>/dev/null; then
	exits 6 "$LAB" cleanup web-1
	like "$out" 'web-1: still there; table inet lab_ab12_cut' \
		'a table that no journal knows is told, not removed'
	on web-1 nft delete table inet lab_ab12_cut
else
	skip 'no nft' 2
fi

# ---- an agent that was killed while it had a fault set
cp -r "$SRC/scenarios" .
if type -P nft >/dev/null; then
	"$LAB" run timeout-drop-input --bind server=web-1 --bind client=web-2 --pause fault \
		<> <(:) >run.out 2>&1 &
	run=$!
	within 30 grep -q 'Enter' run.out
	exits 6 "$LAB" cleanup web-1 --dry-run
	like "$out" 'still there; lab-agent [0-9]' 'a lab that runs is seen, and left alone'
	like "$out" 'ends with it: lab cleanup web-1' 'and what finishes is said'
	kill -9 "$run"
	wait "$run" 2>/dev/null
	cleaned() { "$LAB" cleanup web-1 web-2 >cleanup.out 2>&1; }
	t 'after SIGKILL of the controller its machines are clean within 12 s' within 12 cleaned
fi
for name in web-1 web-2; do
	is "$(processes_on "$name")" '' "nothing is left on $name"
done
done_testing
