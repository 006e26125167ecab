#!/bin/bash
# How runs end that do not go as asked: what is refused beforehand, what broke and since when.
. "$(dirname "$0")/../lib.sh"

# a port that no step may bind is known of before anything is run
for backend in netns loopback; do
	exits 4 "$LAB" run refused --set port=80 -b "$backend" -o "$T/none"
	like "$err" 'step serve: port 80 needs a right that every step gives up' "on $backend it says why"
	like "$err" '--set port=8080' 'and which port can be had'
	t 'no run was made' test ! -e "$T/none"
done
low='sysctl.net.ipv4.ip_unprivileged_port_start=80'
like "$err" "write $low behind server in \[hosts\]" 'or what gives the host that port'
sed "s/^server *=\$/server = $low/" "$SRC/scenarios/refused.ini" >low.ini
exits 0 "$LAB" run ./low.ini --set port=80 -b netns -o "$T/low" -q
is "$out" 'low: refused.no-listener (proven)' 'which it then has'
sed 's/^serve *=/start = server sysctl net.ipv4.ip_unprivileged_port_start=80\n&/' \
	"$SRC/scenarios/refused.ini" >set.ini
exits 0 "$LAB" run ./set.ini --set port=80 -b netns -o "$T/low" -q

# a step that cannot be played is often the consequence of one that failed before it
cat >twice.ini <<'INI'
[lab]
format = 1
title = a step that hangs on one that failed
[hosts]
server =
client =
[control]
serve = server tcp.serve 1234
twice = server tcp.serve 1234
alice = client tcp.connect server:1234 -> ok
[fault]
halt = server tcp.stop twice
carol = client tcp.connect server:1234 -> ECONNREFUSED
[recovery]
again = server tcp.serve 1234
dave = client tcp.connect server:1234 -> ok
[expect]
verdict = refused on carol
INI
exits 5 "$LAB" run ./twice.ini -b netns -o "$T/twice"
like "$err" 'step halt on server: twice: its process is not there' 'what broke is told'
like "$err" 'step twice on server failed first: got EADDRINUSE' 'and what failed before it'
sed -e 's/^halt = .*/halt = client tcp.connect server:1235 timeout=50s -> ok/' \
	-e '/^alice/a cut = server firewall input drop tcp dport 1235' twice.ini >hangs.ini
exits 5 "$LAB" run ./hangs.ini --timeout 1s -b netns -o "$T/twice"
like "$err" 'step halt on client: the run took longer than 1s.*; step twice on server failed first' \
	'the same of a run that takes too long'
# whether or not that step's process has been reaped by then: here it takes long to end
if strace -o /dev/null true 2>/dev/null; then
	traced strace -f -qq -o /dev/null \
		-e trace=exit_group -e inject=exit_group:delay_enter=200ms \
		"$LAB" run ./twice.ini -b netns -o "$T/twice" >"$T/out" 2>"$T/err"
	is "$?" 5 'a process that ends slowly is as gone as another'
	like "$(cat "$T/err")" 'step halt on server: twice: its process is not there' \
		'and the same is told'
else
	skip 'strace does not work here' 2
fi

# the last line of a pipe says what came of the run, also where there is no verdict
last_is() { # STATUS OUTCOME BACKEND
	like "$(tail -n 1 "$T/out")" \
		"^verdict=none confidence=undecided .*outcome=$2 exit=$1 trace=- .*backend=$3 run=[0-9a-f]{4}\$" \
		"the last line says outcome=$2"
}
"$LAB" run timeout-drop-input -b netns -o "$T/stopped" >"$T/out" 2>"$T/err" &
pid=$!
within 10 grep -qrs --include=events.ndjson connecting "$T/stopped"
kill -TERM "$pid"
wait "$pid"
is "$?" 143 'a run that is stopped ends with 143'
last_is 143 interrupted netns
exits 5 "$LAB" run refused --timeout 1ms -b loopback -o "$T/short"
printf '%s\n' "$out" >"$T/out"
last_is 5 broke loopback
is "$(grep -c verdict= "$T/out")" 1 'and no other does'
exits 5 "$LAB" run refused ok-tcp --timeout 1ms -b loopback -o "$T/short" --json
is "$(jq -c '.[] | [.scenario, .verdict, .exit_status, .as_expected]' <<<"$out" | tr '\n' ' ')" \
	'["refused","none",5,false] ["ok-tcp","none",5,false] ' 'as data each run that broke is there'
like "$(jq -r '.[0].complaints[0]' <<<"$out")" 'took longer than' 'with its reason'
exits 5 "$LAB" run refused --timeout 1ms -b loopback -o "$T/short" -q
is "$out" '' 'nothing with -q'
exits 4 "$LAB" run refused --set port=80 -b netns -o "$T/none"
unlike "$out" 'verdict=' 'nor where nothing was run'
done_testing
