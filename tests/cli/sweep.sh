#!/bin/bash
# A sample of the sweep (`make sweep` is the whole): lab is ended, or a call or an allocation of it
# fails, at system calls of every kind of the controller, the keeper and an agent. After each: no
# process, no namespace, what was written can be read, no false verdict, the right exit status.
# alone
. "$(dirname "$0")/../lib.sh"
cp -r "$SRC/scenarios" "$T/scenarios"
sweep=$SRC/tests/sweep/sweep.sh inject=$B/tests/inject
[ "$(uname -m)" = x86_64 ] || skip_all 'the injector knows the registers of x86_64 alone'
[ -x "$inject" ] || skip_all 'tests/inject is not built (make sweepers)'
"$inject" -o "$T/saw" true 2>"$T/why" || skip_all "nothing may be traced here: $(cat "$T/why")"
"$LAB" run refused -b netns -o "$T/first" -q >"$T/why" 2>&1 ||
	skip_all "no run on netns here: $(head -n 1 "$T/why")"
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # looked for by tracing

# The injector first: it does what it says, and claims nothing else.
saw() {
	"$inject" -o "$T/saw" "$@" >"$T/out" 2>"$T/err"
	cut -d' ' -f1-3 "$T/saw"
}
is "$(saw -n 3 -s 9 true)" "$(saw -l "$T/calls" true >/dev/null
	sed -n '3s/.* //p' "$T/calls") 137 0" 'a signal ends the process at its third call'
is "$(saw -c getpriority -n 1 -s 9 true)" '- 0 0' 'a call that is not made is not hit'
is "$(saw -c write -n 1 -e 28 /bin/echo text)" 'write 1 0' 'a call is made to fail'
like "$(cat "$T/out" "$T/err")" '^[^a-z]*/bin/echo: .*No space left' 'it was not made, and the error is the one asked for'
is "$(saw -r 0.2 -n 1 -s 9 bash -c 'true & wait $!; sleep 9 & wait $!; exit $?' | cut -d' ' -f2-)" \
	'137 0' 'a child alone is ended'
is "$(saw bash -c 'sleep 9 & exit 7')" '- 7 1' 'a process left behind is seen'
if strace -o "$T/trace" "$LAB" check scenarios/refused.ini >"$T/out" 2>"$T/err"; then
	saw -l "$T/calls" "$LAB" check scenarios/refused.ini >/dev/null
	is "$(awk '{ print $NF }' "$T/calls")" \
		"$(sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$T/trace" | grep -v execve)" \
		'strace sees the very same calls'
else
	skip 'no strace to compare with'
fi

# The sweep then: it sees what is wrong.
mkdir -p fake/tests && cp "$inject" "$B/tests/failalloc.so" fake/tests/ && cp "$B/lab-agent" fake/
cat >fake/lab <<F
#!/bin/sh
[ "\$1" != report ] || exec echo 'refused: refused.firewall-reset (proven)'
exec '$LAB' "\$@"
F
chmod +x fake/lab
exits 1 env B="$T/fake" "$sweep" -m 4 kill
like "$err" '"false":"[^"]*refused.firewall-reset' 'a false verdict is seen'

points() {
	awk -v kind="$1" '$1 == kind { n += $4 } END { print n + 0 }' "$T/table"
}
clean() {
	"$sweep" -s -m "$2" "$1" >"$T/table"
	local status=$?
	cat "$T/table"
	return $status
}
for kind in 'kill 120' 'error 64' 'alloc 30'; do
	set -- $kind
	kind=$1
	if [ $kind = alloc ] && nm "$LAB" 2>/dev/null | grep -qE '__asan_init|__gcov_init'; then
		skip 'a build with sanitizers or coverage has allocations of theirs' 2
		continue
	fi
	t "$kind: nothing left, all readable, no false verdict, every status right" clean "$1" "$2"
	t "$kind: there were points to try" test "$(points "$kind")" -eq "$2"
done
if [ "$(id -u)" -eq 0 ]; then
	t 'kill, as an ordinary user: the same' "$sweep" -s -u -m 24 kill
fi
done_testing
