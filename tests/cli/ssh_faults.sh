#!/bin/bash
# What befalls machines, or the way to them, while a run reaches them or goes on: noticed in time, told
# in words of its own, the exit status as it should be, and nothing is left on any machine. Faults have
# machines of their own, so all are played side by side.
# slow
. "$(dirname "$0")/../plays.sh"
faults=(cut killed renewed agent hurt dies)
names=(ok-1 ok-2 busy-1 busy-2 mute slow)
for fault in "${faults[@]}"; do
	names+=("$fault-1" "$fault-2")
done
hosts "${names[@]}"
cp -r "$SRC/scenarios" .
# config NAME ADDRESS [LINE...]: one more alias of ~/.ssh/config
config() {
	printf 'Host %s\n\tHostName %s\n' "$1" "$2" >>"$HOME/.ssh/config"
	shift 2
	[ $# -eq 0 ] || printf '\t%s\n' "$@" >>"$HOME/.ssh/config"
}

# ---- machines that cannot be reached: each in words of its own, and the other is left clean
ip neigh add 10.9.0.200 lladdr 02:00:00:00:00:c8 dev br0 nud permanent # nobody has it
config silent 10.9.0.200
config closed 10.9.0.1 'Port 2222'
config unrouted 192.0.2.1
ssh-keygen -q -t ed25519 -N '' -f other
config changed 10.9.0.1 'UserKnownHostsFile ~/.ssh/changed'
config revoked 10.9.0.1 'UserKnownHostsFile ~/.ssh/revoked'
config stranger 10.9.0.1 'UserKnownHostsFile ~/.ssh/none'
config locked-out 10.9.0.1 "IdentityFile $T/other" 'IdentitiesOnly yes'
sed -i "s|^IdentityFile.*|# the key is said below|" "$HOME/.ssh/config"
printf 'Host * !locked-out\n\tIdentityFile %s\n' "$KEY" >>"$HOME/.ssh/config"
printf '10.9.0.1 %s\n' "$(cut -d' ' -f1,2 other.pub)" >"$HOME/.ssh/changed"
printf '@revoked 10.9.0.1 %s\n' "$(cut -d' ' -f1,2 "$SSHD/host_key.pub")" >"$HOME/.ssh/revoked"
printf '[machines]\nnameless = no-such-name.invalid lab-address=192.0.2.2\n' >nameless.ini
unreached=(silent closed unrouted changed revoked stranger locked-out)
for name in "${unreached[@]}"; do
	play "$name" "$name" ok-2
done
kill -STOP "$(listener mute)" # it takes connections, by its kernel, and says nothing
play mute mute ok-1
play both-openssh silent ok-2 --transport openssh
play nameless nameless ok-2 --inventory nameless.ini
tc qdisc add dev port-slow root tbf rate 160kbit burst 8kb latency 1s 2>/dev/null && play slow slow ok-1

# ---- runs that stand still with their fault set
for fault in "${faults[@]}"; do
	hold "$fault"
done
for fault in "${faults[@]}"; do
	within 40 is_held "$fault"
	like "$(cat "$fault.err")" "Enter goes on" "$fault: its run goes on" || comment <"$fault.err"
done
slow_has() {
	awk -v want="$1" '$1 == "port-slow:" { exit !($10 > want) }' /proc/net/dev
}
if [ -n "${run[slow]:-}" ]; then
	t 'the agent is on its way to a machine' within 20 slow_has 30000
	cable slow down
fi
strikes slow
strikes cut
cable cut-2 down
strikes killed
running killed-2 '^sshd: [a-z]' | xargs kill -9 # its sessions
strikes agent
kill -9 "$(agent_of agent-1)"
kill -9 "$(listener renewed-1)"
sshd_start renewed-1
echo >&"${enter[renewed]}"
strikes hurt
kill -INT "$(cat hurt.pid)"
strikes dies
kill -9 "$(cat dies.pid)"
play interrupted silent ok-1
connects() {
	ss -tnpH state syn-sent dst 10.9.0.200 | grep -q "pid=$(cat interrupted.pid),"
}
t 'a machine is being reached' within 10 connects
kill -INT "$(cat interrupted.pid)"

for name in dies-1 dies-2; do
	t "SIGKILL of the controller: $name is clean within 12 s" within 12 is_clean "$name"
done
ended interrupted 5 130 'interrupted while a machine is being reached'
ended hurt 10 130 'and while it runs'
ended renewed 20 0 'a run does not notice that sshd is started again'

# Agents of the other runs are seen there too (one process table): so nothing is proven, and it is 6.
ended killed 10 6 'a session that is killed ends the run'
t 'at once, not by the silence of 10 s' test "$(since killed)" -lt 8000
like "$err" 'killed-2: .*the connection was lost.*lab cleanup -b ssh killed-2' \
	'and the machine is named, with what makes sure of it'
readable killed
ended agent 10 6 'an agent that is killed ends the run'
t 'at once, too' test "$(since agent)" -lt 8000
like "$err" 'agent-1: .*lab cleanup -b ssh agent-1' 'and is named'
readable agent

# ---- two controllers on the same machines
play one busy-1 busy-2 --set port=2001
play two busy-1 busy-2 --set port=2002
ended one 20 0 'two controllers have the same machines: the one'
ended two 20 0 'and the other'

# ---- what each of those that could not be reached says
ended closed 20 5 'a machine that refuses'
like "$err" 'closed: connect to 10.9.0.1:2222: refused: the machine is there' 'is told so'
ended unrouted 20 5 'one without a way to it'
like "$err" 'unrouted: connect to 192.0.2.1:22: no route' 'is told so'
ended nameless 20 4 'one that has no name'
like "$err" 'nameless: there is no such name, or no name server answers .getent ahosts no-such-name.invalid.' 'is told so'
ended silent 20 5 'one that never answers'
like "$err" 'silent: connect to 10.9.0.200:22: no answer' 'is told so'
ended mute 20 5 'one that takes connections and says nothing'
like "$err" 'mute: handshake: no answer in time' 'is told so'
kill -CONT "$(listener mute)"
ended both-openssh 30 5 'one that never answers, by ssh'
like "$err" 'silent: ' 'is told so'
ended changed 20 4 'one whose host key has changed'
like "$err" 'changed: its host key has changed: .*/changed:1 has another' 'is told so'
ended revoked 20 4 'one whose host key is revoked'
like "$err" 'revoked: .*is revoked by .*/revoked:1' 'is told so'
ended stranger 20 4 'one whose host key is not known'
like "$err" 'stranger: its host key is not known: ssh-ed25519 SHA256:' 'is told so'
ended locked-out 20 4 'one that takes none of the keys'
like "$err" 'locked-out: no key is accepted for user .*/other: not accepted' 'is told so'

# ---- the cable
ended cut 20 6 'a link that is cut silently ends the run'
is "$(($(since cut) >= 5000 && $(since cut) <= 13500))" 1 "by its silence, and has ended it within 13 s ($(since cut) ms)"
like "$err" 'cut-2: .*timed out' 'and the machine is named'
readable cut
cable cut-2 up
if [ -n "${run[slow]:-}" ]; then
	ended slow 20 5 'a link that is cut while the agent is on its way'
	is "$(($(since slow) <= 13500))" 1 "within 13 s, too ($(since slow) ms)"
	like "$err" 'slow: ' 'and the machine is named'
	cable slow up
else
	skip 'no tbf' 4
fi
exits 0 "$LAB" cleanup -b ssh agent-1

for name in "${names[@]}"; do # what waits for an agent that does not come waits for 30 s
	within 30 is_clean "$name"
	is "$(processes_on "$name")$(on "$name" nft list tables 2>/dev/null)" '' "nothing is left on $name"
done
is "$(find /run /var/tmp "$SSHD"/*/tmp -name 'lab-*' 2>/dev/null)" '' 'and no journal'
done_testing
