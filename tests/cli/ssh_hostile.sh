#!/bin/bash
# A machine that lies: in the place of the agent on web-1 stands a program that sends wrong lengths,
# types and orders, streams without an end, and escapes for the terminal. It is refused within limits,
# nothing of it reaches the terminal, and the honest machines are left clean.
# slow
. "$(dirname "$0")/../sshd.sh"
hosts web-1 web-2
real=$B/agents/lab-agent-$(uname -m)
[ -x "$real" ] || skip_all 'no agents for other machines (make agents)'
cp -r "$SRC/scenarios" .
mkdir -p lying/agents && cp "$LAB" "$B/lab-agent" lying/
"$real" --stdio </dev/null 2>/dev/null |
	head -c "$("$real" --stdio </dev/null 2>/dev/null | od -An -N4 -tu4 --endian=big | awk '{ print $1 + 4 }')" >hello

# A frame: TYPE in octal, the body from stdin
frame() {
	cat >body
	printf '%b' "$(printf '\\0%03o\\0%03o\\0%03o\\0%03o\\0%s' 0 0 \
		$((($(wc -c <body) + 1) / 256)) $((($(wc -c <body) + 1) % 256)) "$1")"
	cat body
}
tail -c +6 hello | frame 3 >event
printf '\0\0' | frame 5 >packets
for kind in event packets; do
	cp "$kind" "many-$kind"
	until [ "$(stat -c %s "many-$kind")" -gt 4000000 ]; do
		cat "many-$kind" "many-$kind" >double && mv double "many-$kind"
	done
done

# lies MODE: what web-1 does when its agent is started; the others are honest
lies() {
	cat >"lying/agents/lab-agent-$(uname -m)" <<F
#!/bin/sh
[ "\$(uname -n)" = web-1 ] || exec '$real' "\$@"
[ "\$1" != --version ] || exit 0
cd '$T'
case $1 in
zeros) exec cat /dev/zero ;;
length) printf '\377\377\377\377\001' && exec cat /dev/zero ;;
type) cat hello && printf '\0\0\0\002\052x' && exec cat ;;
order) cat hello packets && exec cat ;;
twice) cat hello hello && exec cat ;;
cut) head -c 40 hello ;;
escapes) exec yes '$(printf '\033]0;owned\007\033[2J')' ;;
event | packets) cat hello && while cat many-$1; do :; done ;;
late) '$real' "\$@" | { dd bs=1 count=3000 2>/dev/null && exec cat /dev/zero; } ;;
again) '$real' "\$@" | { dd bs=1 count=$(wc -c <hello) 2>/dev/null && cat hello && exec cat; } ;;
end) '$real' "\$@" | dd bs=1 count=3000 2>/dev/null ;;
esac
F
	chmod +x "lying/agents/lab-agent-$(uname -m)"
}
honest=$(tr -d '\0' <hello | wc -c)
t 'the agent that lies says hello as one does' test "$honest" -gt 40

for mode in zeros length type order twice cut escapes event packets late again end; do
	lies "$mode"
	timeout 60 lying/lab run refused-bound-localhost --bind server=web-1 --bind client-1=web-2 -o "out-$mode" \
		>out 2>err
	status=$?
	case $status in
	4 | 5 | 6) ok "$mode: refused, status $status" ;;
	*) not_ok "$mode: refused" "status $status" "$(tail -n 3 out err | cut -c1-300)" ;;
	esac
	like "$(tail -n 5 err)" 'web-1|server' "$mode: by name"
	unlike "$(cat out err)" "[^[:print:][:space:]]" "$mode: nothing of it reaches the terminal"
	unlike "$(cat out)" '\(proven\)' "$mode: nothing is claimed"
	t "$mode: less than 250 MB are kept of it" test "$(du -sm "out-$mode" 2>/dev/null | cut -f1 | grep . || echo 0)" -lt 250
	for run in "out-$mode"/*/; do
		[ -d "$run" ] || continue
		"$LAB" report "$run" >out 2>err
		status=$?
		case $status in
		3 | 5) ok "$mode: the run can be read" ;;
		*) not_ok "$mode: the run can be read" "status $status" "$(head -n 3 err)" ;;
		esac
	done
	t "$mode: the honest machine is clean" within 15 is_clean web-2
done
done_testing
