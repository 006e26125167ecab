#!/bin/bash
# Bad places, bad moments: each ends with a clear error or a sound result, and nothing is left.
. "$(dirname "$0")/../lib.sh"
cp -r "$SRC/scenarios" "$T/scenarios"

# processes that this test started and whose program is the agent or the controller under test
left() {
	local n=0 file
	for file in $(grep -lsF "TMPDIR=$T/tmp" /proc/[0-9]*/environ); do
		case $(readlink "${file%environ}exe" 2>/dev/null) in
		"$B/lab-agent"* | "$B/lab"*) n=$((n + 1)) ;;
		esac
	done
	echo "$n"
}
none_left() {
	[ "$(left)" -eq 0 ]
}
# waits (bounded) until nothing of ours runs
settled() {
	within 4 none_left
}
# happens PATTERN FOLDER: waits (bounded) until the run in it tells such an event
happens() {
	within 10 grep -Eqrs --include=events.ndjson -e "$1" "$2"
}

exits 4 "$LAB" run refused -o /proc/nowhere
like "$err" '/proc/nowhere' 'an unwritable directory is named'
if [ -w /dev/full ]; then
	"$LAB" run refused -q -o "$T/full" >/dev/full 2>"$T/err"
	is "$?" 5 'a result that could not be written is no result'
	like "$(cat "$T/err")" 'standard output' 'and that is said'
else
	skip 'no /dev/full' 2
fi
"$LAB" run refused -b netns -o "$T/pipe" 2>"$T/err" | true
is "${PIPESTATUS[0]}" 0 'output into a closed pipe changes no verdict'
t 'and leaves nothing' settled

# A file that is made of the evidence cannot be written when the verdict is out already.
inject=$B/tests/inject late=(-o saw -r 0 -c renameat -n 4 -e 28 "$LAB" run refused -b netns -o "$T/late")
if [ -x "$inject" ] && traced "$inject" "${late[@]}" >late.out 2>late.err; then
	like "$(cat saw)" '^renameat 5 0 0 ' 'no room for result.json is exit status 5'
	like "$(cat late.err)" 'result.json: No space left' 'and told'
	like "$(tail -n1 late.out)" '^verdict=refused.no-listener .* outcome=broke exit=5 ' \
		'also by the last line'
	traced "$inject" "${late[@]}" --json >late.out 2>/dev/null
	is "$(jq -r '"\(.verdict) \(.exit_status)"' late.out)" 'refused.no-listener 5' 'and by the data'
else
	skip 'tests/inject is not built, or may not trace here' 4
fi
mkdir foreign && echo '{}' >foreign/x
exits 2 "$LAB" report "$T/foreign"
like "$err" 'foreign' 'a directory that is no run is named'
mkdir 20260102T030405Z-refused-beef
exits 3 "$LAB" report 20260102T030405Z-refused-beef
like "$out$err" 'undecided' 'a run that ended before it wrote is one'
exits 2 "$LAB" run nosuch
exits 2 "$LAB" run refusde
like "$err" 'refused' 'the nearest scenario is named'

# a full file system below the run
if mkdir small && mount -t tmpfs -o size=64k none small 2>/dev/null; then
	head -c 60000 /dev/zero >small/ballast
	exits 5 "$LAB" run refused -b netns -o "$T/small"
	like "$err" 'No space left' 'a full disk is named'
	is "$(ls small)" ballast 'a run of which nothing could be written leaves no directory'
	unlike "$err" 'what was seen is in' 'and none is named'
	t 'and leaves no process' settled
	umount small
elif unshare -rm true 2>/dev/null; then
	skip 'mounting a small file system needs root' 5
else
	skip 'no file system of our own to fill' 5
fi

# a port in use is a result: the server's own scenario
cat >inuse.ini <<'I'
[lab]
format = 1
title = two servers, one port
[hosts]
server =
client =
[control]
one = server tcp.serve 1234
two = server tcp.serve 1234 -> EADDRINUSE
[fault]
stop = server tcp.stop one
carol = client tcp.connect server:1234 -> ECONNREFUSED
[expect]
verdict = refused.no-listener on carol
I
exits 0 "$LAB" run ./inuse.ini -b netns -o "$T/runs" -q
sed 's/ -> EADDRINUSE//' inuse.ini >inuse2.ini
exits 1 "$LAB" run ./inuse2.ini -b netns -o "$T/runs" -q

# no user namespaces, no rights at all: loopback on the machine's own lo
if bare_works; then
	cd "$(user_folder)" || exit 1
	exits 0 as_bare "$LAB" run refused -b loopback -o "$T/user/bare" --json
	like "$out" '"confidence": ?"likely"' 'without any right the verdict is likely'
	like "$out" '"missing"' 'and what is missing is named'
	exits 0 as_bare "$LAB" run refused -o "$T/user/bare" -q
	exits 3 as_bare "$LAB" run refused -b loopback -o "$T/user/bare" --require wire -q
	exits 3 as_bare "$LAB" run refused -b loopback -o "$T/user/bare" --require proven -q
	exits 4 as_bare "$LAB" run refused -b netns -o "$T/user/bare" -q
	exits 4 as_bare "$LAB" run refused-firewall-reset -b loopback -o "$T/user/bare" -q
	cd "$T" || exit 1
else
	skip 'no user namespaces to take them away in' 8
fi

# nohup: the terminal's end is not the run's
setsid env --ignore-signal=HUP "$LAB" run timeout-drop-input -b netns -q -o "$T/nohup" >"$T/out" 2>"$T/err" &
pid=$!
happens connecting "$T/nohup"
kill -HUP "$pid"
wait "$pid"
is "$?" 0 'a SIGHUP that is ignored does not end a run'

# a limit on namespaces that is reached only by the second host: refused as one that allows none
limited() {
	unshare -U -r bash -c 'echo 2 >/proc/sys/user/max_net_namespaces && exec "$@"' limited "$@"
}
if limited true 2>/dev/null; then
	exits 4 limited "$LAB" run refused -b netns -o "$T/limited" -q
	like "$err" 'host client-1: clone: .*a limit on namespaces is reached.*mend: ' \
		'a limit reached on the way is told with its mend'
	exits 0 limited "$LAB" run refused -o "$T/limited" -q
else
	skip 'no user namespaces to limit namespaces in' 3
fi

# Ctrl-C and SIGTERM while a connect hangs: cleaned up, evidence kept
for pair in 'INT 130' 'TERM 143' 'HUP 143'; do
	set -- $pair
	setsid "$LAB" run timeout-drop-input -b netns -o "$T/int$1" >"$T/out" 2>"$T/err" &
	pid=$!
	happens connecting "$T/int$1"
	kill -s "$1" "$pid"
	wait "$pid"
	is "$?" "$2" "SIG$1 while a connect hangs ends with $2"
	like "$(cat "$T/err")" "interrupted by SIG$1" 'and is told by its name'
	t 'nothing is left' settled
	run=$(ls -d "$T/int$1"/*)
	t 'the evidence is kept' test -s "$run/events.ndjson"
	exits 3 "$LAB" report "$run"
	like "$out$err" 'interrupted' 'and reads as interrupted'
done

# SIGKILL of the controller: nothing is left but a directory that can be read
for pattern in '"kind":"hello"' '"kind":"listen"' '"kind":"connecting"' '"kind":"fault"'; do
	name=${pattern//[^a-z]/}
	"$LAB" run timeout-drop-input -b netns -o "$T/kill$name" >/dev/null 2>&1 &
	pid=$!
	t "it comes to $name" happens "$pattern" "$T/kill$name"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	t "SIGKILL after $name leaves no process" settled
	exits 3 "$LAB" report "$(ls -d "$T/kill$name"/*)"
done
exits 0 "$LAB" run refused -b netns -o "$T/runs" -q

# twenty at once into one history
pids=() bad=0
for _ in {1..20}; do
	"$LAB" run refused -b netns -q >>"$T/many" 2>&1 &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || bad=$((bad + 1))
done
is "$bad" 0 'twenty runs at once into one history all pass' || comment <"$T/many"
is "$("$LAB" runs 2>/dev/null | grep -c 'refused\.no-listener (proven)')" 20 'all are there, with one verdict'
is "$(jq -r .trace_hash "$XDG_STATE_HOME"/lab/runs/2*/result.json | sort -u | wc -l)" 1 'and one trace hash'
is "$(basename "$(readlink -e "$XDG_STATE_HOME/lab/runs/latest")" | cut -d- -f2)" refused 'latest is one of them'
t 'nothing is left of anything' settled
done_testing
