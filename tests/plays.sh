# Runs over SSH in the background, which something befalls: tests/sshd.sh and these, for a test whose
# first line is
#   . "$(dirname "$0")/../plays.sh"
# Known: scenario, one with a fault on this machine, and client, the host of it beside `server`.
# shellcheck shell=bash disable=SC2034
. "$(dirname "${BASH_SOURCE[0]}")/sshd.sh"
scenario=refused-bound-localhost client=client-1
type -P nft >/dev/null && scenario=timeout-drop-input client=client
err='' # of ended

# play NAME SERVER CLIENT [OPTION...]: a run in the background; NAME.status when it ended
declare -A run
play() {
	local name=$1 server=$2 other=$3
	shift 3
	{
		"$LAB" run "$scenario" --bind "server=$server" --bind "$client=$other" \
			-o "out-$name" "$@" <&0 >"$name.out" 2>"$name.err" &
		echo "$!" >"$name.pid"
		wait "$!"
		echo "$?" >"$name.code"
		echo "${EPOCHREALTIME/./}" >"$name.end"
		mv "$name.code" "$name.status"
	} <&0 2>/dev/null &
	run[$name]=$!
}

# hold FAULT: a run on its two machines that stands still with its fault set, until a line comes
declare -A enter
hold() {
	local fd
	mkfifo "$1.in"
	exec {fd}<>"$1.in"
	enter[$1]=$fd
	play "$1" "$1-1" "$1-2" --pause fault <"$1.in"
}
is_held() {
	grep -q "Enter goes on" "$1.err" 2>/dev/null || [ -e "$1.status" ]
}

# ended NAME SECONDS STATUS SENTENCE: it ends so, in that time from now on
ended() {
	within "$2" test -e "$1.status" || kill -9 "$(cat "$1.pid")" 2>/dev/null
	wait "${run[$1]}" 2>/dev/null
	is "$(cat "$1.status" 2>/dev/null)" "$3" "$4" || comment <"$1.err"
	err=$(cat "$1.err")
}

# since NAME: milliseconds from the moment in $hit to its end
since() {
	echo $((($(cat "$1.end") - hit[$1]) / 1000))
}
declare -A hit
strikes() {
	hit[$1]=${EPOCHREALTIME/./}
}

# readable NAME: what was seen until then can be read
readable() {
	"$LAB" report "out-$1"/* >report.out 2>&1
	like "$(cat report.out)" 'control ok' "$1: what was seen before is in its run directory"
}
