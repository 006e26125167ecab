#!/bin/bash
# Ends `lab run refused` at every point where it can be ended, and looks at what is left: a signal or
# an error at each system call of the controller, the keeper and an agent, and each allocation that
# fails. B=folder of lab, lab-agent and tests/ (inject, failalloc.so).
#   sweep.sh [-s] [-u] [-j LANES] [-m MOST] [-o FILE.ndjson] [kill|error|alloc ...]
# -s: a sample: first, middle and last of each kind of call, and each 97th, with one of the signals or
# errors each, in turn; -m: MOST of the points, spread over all; -u: as an ordinary user; -j: so many at
# once (2). docs/reliability.md says what is asked of each point.
# shellcheck disable=SC2034 # fields are read by name
set -u
self=$(realpath "${BASH_SOURCE[0]}")
SRC=$(cd "$(dirname "$self")/../.." && pwd)
B=$(cd "${B:-$SRC/build}" && pwd) || exit 2
INJECT=$B/tests/inject FAIL_ALLOC=$B/tests/failalloc.so
sample='' most=0 lanes=2 out=/dev/stdout as_user=''
usage() {
	sed -n "s,^#   sweep,usage: sweep,p" "$self" >&2
	exit 2
}
while getopts 'sj:o:um:' option; do
	case $option in
	s) sample=1 ;;
	j) lanes=$OPTARG ;;
	o) out=$(realpath "$OPTARG") ;;
	u) as_user=1 ;;
	m) most=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- kill error alloc

W=$(mktemp -d "${TMPDIR:-/tmp}/lab-sweep-XXXXXX") || exit 1
trap 'rm -rf "$W"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
unset "${!LAB_@}" LD_PRELOAD
export HOME=$W/home XDG_STATE_HOME=$W/state TMPDIR=$W LC_ALL=C.UTF-8 TERM=dumb
# leaks cannot be looked for under ptrace: the sanitizer traces to find them
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
mkdir "$HOME" "$W/scenarios"
cp "$SRC/scenarios/refused.ini" "$W/scenarios/"
cp "$B/lab" "$B/lab-agent" "$INJECT" "$FAIL_ALLOC" "$W/" || exit 1
user=()
if [ "$as_user" ] && [ "$(id -u)" -eq 0 ]; then
	chown -R 12345:12345 "$W"
	user=(setpriv --reuid=12345 --regid=12345 --clear-groups --inh-caps=-all)
fi
who_runs=root
[ "$(id -u)" -eq 0 ] && [ -z "$as_user" ] || who_runs=user
chmod 755 "$W"
cd "$W" || exit 1

# play DIR: one run below the injector, whose options are in the array `at`
play() {
	"${user[@]}" env --default-signal=INT,TERM ./inject -o "$1.saw" "${at[@]}" "${preload[@]}" \
		./lab run refused -b netns -o "$1" -q >"$1.out" 2>"$1.err" </dev/null
}
kinds() { # of events, by host: what a whole run has (rows of tables come and go), none missing
	awk -F'[:,"]+' '$3 != NR { print "line " NR " is " $3 }
		{ k = $7 " " $9 } k !~ / (counter|socket|sysctl|exit)$/ { n[k]++ }
		END { for (k in n) print n[k], k }' "$1"/*/events.ndjson | sort
}

digests() { # of a manifest, for sha256sum
	awk '/"sha256"/ { inside = 1; next } /}/ { inside = 0 }
		inside { gsub(/[",:]/, ""); print $2 "  " $1 }' "$1"
}

# points KIND: a line each: role, birth, call, n, what is done. Fewer with -s.
births='controller 0'
errors='error call
	open openat creat: ENOSPC EIO EMFILE EINTR ENOMEM
	write writev pwrite64 fsync fdatasync: ENOSPC EIO EMFILE EINTR ENOMEM
	rename renameat renameat2 mkdir mkdirat: ENOSPC EIO EMFILE EINTR ENOMEM
	socket socketpair pipe2 clone clone3 fork vfork: ENOSPC EIO EMFILE EINTR ENOMEM
	read pread64: EINTR EIO
	poll ppoll wait4 recvfrom recvmsg: EINTR
	sendto sendmsg: EINTR ENOBUFS
	connect accept4: EINTR ENOMEM
	bind listen mount: ENOMEM'
declare -A number=([EINTR]=4 [EIO]=5 [ENOMEM]=12 [EMFILE]=24 [ENOSPC]=28 [ENOBUFS]=105
	[KILL]=9 [INT]=2 [TERM]=15)
chosen() { # of "role birth call nth-of-its-kind nth-of-all": first, middle, last, each 97th
	if [ -z "$sample" ]; then
		cat
	else
		awk '{ line[NR] = $0; k = $1 " " $3; n[k]++; key[NR] = k; nth[NR] = n[k] }
			END { for (i = 1; i <= NR; i++) { k = key[i]
				if (nth[i] == 1 || nth[i] == n[k] || nth[i] == int(n[k] / 2) + 1 ||
				    i % 97 == 0) print line[i] } }'
	fi
}
in_turn() { # one in so many of a sample's lines
	awk -v n="$1" -v sample="$sample" '!sample || NR % n == int(NR / n) % n'
}
calls_of_all() {
	local role birth
	while read -r role birth; do
		awk -v role="$role" -v birth="$birth" '$1 == birth {
			print role, birth, $3, ++n[$3], ++all }' calls
	done <<<"$births"
}
points() {
	case $1 in
	kill)
		calls_of_all | chosen | while read -r role birth call nth all; do
			for signal in KILL INT TERM; do
				echo "kill $role $birth - $all $signal"
			done
		done | in_turn 3
		;;
	error)
		calls_of_all | chosen | awk -v table="$errors" '
			BEGIN { n = split(table, row, "\n")
				for (i = 2; i <= n; i++) { split(row[i], half, ":")
					m = split(half[1], call, " ")
					for (j = 1; j <= m; j++) errors[call[j]] = half[2] } }
			$3 in errors { m = split(errors[$3], e, " ")
				for (j = 1; j <= m; j++) print "error", $1, $2, $3, $4, e[j] }' | in_turn 4
		;;
	alloc)
		for role in "controller:$(uname -n)" agent:server; do
			: >count
			chmod 666 count
			preload=(env "LD_PRELOAD=$W/failalloc.so" "FAIL_ALLOC_ON=${role#*:}"
				 "FAIL_ALLOC_COUNT=$W/count")
			at=()
			play "$W/counted" || exit 1
			seq "$(wc -c <count)" | awk -v s="$sample" -v r="${role%:*}" -v h="${role#*:}" '
				!s || NR <= 8 || NR % 41 == 0 && NR < 800 || NR % 997 == 0 {
				print "alloc", r, h, "malloc", $1, "NULL" }'
			preload=()
		done
		;;
	esac
}

# judge KIND ROLE DO: what is wrong, by kind of wrong; empty: nothing
judge() {
	local text complaint run='' verdict said wanted
	text=$(<"$dir.out") complaint=$(<"$dir.err")
	left_behind='' unreadable='' false_verdict='' wrong_status=''
	[ $((left + spaces + hung)) -eq 0 ] || left_behind="processes $left, namespaces $spaces, hung $hung"
	case $text in
	'' | 'refused: refused.no-listener (proven)' | *undecided*) ;;
	*) false_verdict="said $text" ;;
	esac
	[ "$status" -ne 1 ] || false_verdict+=" status 1: ${complaint:0:200}"
	for run in "$dir"/*; do
		[ -d "$run" ] || continue
		said=$("${user[@]}" ./lab report "$run" -q 2>&1)
		verdict=$?
		case "$verdict $said" in
		0\ *refused.no-listener* | 3\ *) ;;
		[01]\ *) false_verdict+=" report: ${said:0:200}" ;;
		*) unreadable="$verdict ${said:0:200}" ;;
		esac
	done
	case $1-$2-$3 in
	kill-controller-KILL) wanted='137' ;;
	kill-controller-INT) wanted='130 0' ;;
	kill-controller-TERM) wanted='143 0' ;;
	kill-*) wanted='0 3 5' ;;
	error-*-EINTR) # where Linux does so, it is tried again
		case $call in
		poll | ppoll | wait4 | write | writev | recv* | send* | connect | accept4) wanted=0 ;;
		*) wanted='0 3 4 5' ;;
		esac
		;;
	*) wanted='0 3 4 5' ;;
	esac
	[ "$call" != - ] || wanted+=' 0'
	[[ " $wanted " == *" $status "* ]] || {
		# before main the dynamic loader speaks
		[ "$2" = controller ] && [ "$status" = 127 ] && [[ $complaint == *'shared libraries'* ]]
	} || wrong_status="$status: ${complaint:0:200}"
	case $status in
	0)
		said=$(kinds "$dir" | diff - kinds) ||
			grep -q '"kind":"snapshot".*"error":' "$dir"/*/events.ndjson ||
			wrong_status+=" not all events: $said"
		[[ $text$complaint == *proven* ]] || wrong_status+=' not proven'
		(cd "$dir"/*/ && digests manifest.json | sha256sum --status -c -) || wrong_status+=' digests'
		;;
	3 | 4 | 5) [ "$complaint$text" ] || wrong_status+=' no word' ;;
	esac
	[ "$status" != 4 ] || [ -z "$run" ] || [ ! -s "$run/events.ndjson" ] || wrong_status+=' after it ran'
}
quoted() {
	local text=${1//\\/\\\\}
	text=${text//\"/\\\"}
	text=${text//$W\//}
	printf '"%s"' "${text//[$'\n\t\r']/ }"
}

# lane I: plays its share of the points; JSON lines
lane() {
	local kind role birth call n what i=0 played=0 dir status left spaces hung ms hit asked
	local left_behind unreadable false_verdict wrong_status preload=() at=()
	while read -r kind role birth asked n what; do
		i=$((i + 1))
		[ $((i % lanes)) -eq "$1" ] || continue
		dir=$W/run$1
		preload=() at=(-r "$birth" -n "$n")
		case $kind in
		kill) at+=(-s "${number[$what]}") ;;
		error) at+=(-c "$asked" -e "${number[$what]}") ;;
		alloc)
			preload=(env "LD_PRELOAD=$W/failalloc.so" "FAIL_ALLOC_ON=$birth"
				"FAIL_ALLOC_AT=$n")
			at=()
			;;
		esac
		status='' call=- left=0 spaces=0 hung=0 ms=0
		play "$dir"
		read -r call status left spaces hung ms <"$dir.saw" || status=none
		[ "$kind" != alloc ] || call=malloc
		judge "$kind" "$role" "$what"
		rm -rf "$dir" "$dir".*
		played=$((played + 1))
		if [ $((played % 25)) -eq 0 ]; then # whatever happened: the next run works
			at=() preload=()
			play "$dir"
			[[ $(<"$dir.saw") == '- 0 0 0 0 '* ]] || wrong_status+=" the next run: $(cat "$dir.saw" "$dir.err")"
			rm -rf "$dir" "$dir".*
		fi
		printf '{"sweep":"%s","user":"%s","who":"%s","call":"%s","n":%d,"do":"%s","status":"%s"' \
			"$kind" "$who_runs" "$role" "$call" "$n" "$what" "$status"
		printf ',"left":%s,"unreadable":%s,"false":%s,"wrong":%s,"ms":%s}\n' "$(quoted "$left_behind")" \
			"$(quoted "$unreadable")" "$(quoted "$false_verdict")" "$(quoted "$wrong_status")" "$ms"
	done <points >"lane$1.ndjson"
}

# table FILE: what was swept, and how much of it was wrong
table() {
	awk -F'"' '{ k = $4 " " $12 " " $8; if (!(k in n)) order[++m] = k; n[k]++
			left[k] += $0 !~ /"left":""/; un[k] += $0 !~ /"unreadable":""/
			bad[k] += $0 !~ /"false":""/; wrong[k] += $0 !~ /"wrong":""/ }
		END { f = "%-28s %7s %12s %10s %14s %12s\n"
			printf f, "what", "points", "left behind", "unreadable", "false verdicts", "wrong status"
			for (i = 1; i <= m; i++) { k = order[i]
				printf f, k, n[k], left[k], un[k], bad[k], wrong[k] } }' "$1"
}

preload=() at=(-l calls)
play "$W/whole"
status=$?
if [ "$status" -ne 0 ] || [[ $(<whole.saw) != '- 0 0 0 0 '* ]]; then
	cat whole.* >&2
	echo 'sweep: a run without a fault does not work here' >&2
	exit 3
fi
preload=() at=()
play "$W/plain"
kinds plain >kinds
# the keeper is the child of the controller that has most children, the agent its first child
keeper=$(awk '$1 ~ /^0\.[0-9]+\.[0-9]+$/ { sub(/\.[0-9]+$/, "", $1); print $1; exit }' calls)
births+=$'\n'"keeper $keeper"$'\n'"agent $keeper.1"
for kind in "$@"; do
	points "$kind"
done | if [ "$most" -gt 0 ]; then # spread over all
	awk -v most="$most" '{ line[NR] = $0 }
		END { for (i = 0; i < most && i < NR; i++) print line[1 + int(i * NR / most)] }'
else
	cat
fi >points
for ((i = 0; i < lanes; i++)); do
	lane "$i" &
done
wait
cat lane*.ndjson >results
[ "$out" = /dev/stdout ] || cat results >"$out"
table results
grep -vE '"left":"","unreadable":"","false":"","wrong":""' results | head -n 200 >&2
! grep -qvE '"left":"","unreadable":"","false":"","wrong":""' results
