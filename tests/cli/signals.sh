#!/bin/bash
# A signal at any step of the controller: a sample of its system calls, of every kind (POINTS=N of
# them a signal). SIGINT and SIGTERM while nothing hangs may come too late to end the run.
# After each: no process, no namespace; what was written can be read; the next run works.
. "$(dirname "$0")/../lib.sh"
cp -r "$SRC/scenarios" "$T/scenarios"
type -P strace >/dev/null || skip_all 'no strace to send signals at system calls'
strace -o "$T/trace" true 2>/dev/null || skip_all 'strace may not trace here'
points=${POINTS:-14}

left() {
	local n=0 exe
	for exe in /proc/[0-9]*/exe; do
		case $(readlink "$exe" 2>/dev/null) in
		"$B/lab-agent"* | "$B/lab" | "$B/lab (deleted)") n=$((n + 1)) ;;
		esac
	done
	echo "$n"
}
others=$(left) # by hand or in another run: not ours
settled() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ "$(left)" -le "$others" ] && return 0
		read -rt 0.02 <> <(:) || :
	done
	return 1
}
# leaks cannot be looked for under strace: the sanitizer traces to find them
traced() {
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 \
		env --default-signal=INT,TERM strace "$@" # a caller in the background ignores SIGINT
}

exits 0 traced -o "$T/calls" "$LAB" run refused -b netns -o "$T/whole" -q
# strace counts each kind of call by itself: the first, a middle and the last one of every kind
awk -F'(' '/^[a-z]/ { n[$1]++ }
	END { for (c in n) { print c, 1; if (n[c] > 2) print c, int(n[c] / 2) + 1; if (n[c] > 1) print c, n[c] } }' \
	"$T/calls" | sort | grep -v '^execve ' >"$T/all"
total=$(wc -l <"$T/all")
[ "$points" -le "$total" ] || points=$total
for signal in KILL INT TERM; do
	case $signal in KILL) wanted='0 137' ;; INT) wanted='0 130' ;; TERM) wanted='0 143' ;; esac
	bad='' unreadable='' busy=0 i=0 ended=0
	while read -r call n; do
		i=$((i + 1))
		[ $((i * points / total)) -ne $(((i - 1) * points / total)) ] || continue
		out=$T/$signal$i
		traced -o /dev/null -e "inject=$call:signal=$signal:when=$n" \
			"$LAB" run refused -b netns -o "$out" -q >/dev/null 2>"$T/err"
		status=$?
		[[ " $wanted " == *" $status "* ]] || bad+=" $call/$n:$status"
		[ "$status" -eq 0 ] || ended=$((ended + 1))
		settled || busy=$((busy + 1))
		for run in "$out"/*; do
			[ -s "$run/steps.ndjson" ] || continue
			"$LAB" report "$run" -q >"$T/out" 2>&1
			status=$?
			[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || unreadable+=" $call/$n:$status"
		done
	done <"$T/all" 2>/dev/null
	is "$bad" '' "SIG$signal at $points of $total points: the exit status says so"
	t "SIG$signal ended most of the runs ($ended of $points)" test "$ended" -gt $((points / 2))
	is "$busy" 0 "SIG$signal: no process is left"
	is "$unreadable" '' "SIG$signal: what was written reads as a run, whole or undecided"
	exits 0 "$LAB" run refused -b netns -o "$T/next" -q
done
t 'no network namespace is left' no_namespaces
done_testing
