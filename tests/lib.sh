# Black-box tests in bash, as TAP. A test file begins with
#   . "$(dirname "$0")/../lib.sh"
# and ends with done_testing. Known to it: SRC (the repository), LAYERS (its folders of sources), B
# (build folder), LAB (the program under test), T (an empty folder of its own, the working directory,
# gone at the end).
# shellcheck shell=bash disable=SC2034
set -u
SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
B=$(cd "${B:-$SRC/build}" && pwd) || exit 1
LAB=$B/lab
read -ra LAYERS < <(sed -n 's/^LAYERS := //p' "$SRC/Makefile")
T=$(mktemp -d "${TMPDIR:-/tmp}/lab-test-XXXXXX") || exit 1
USER_ID=12345
export CLICOLOR_FORCE= # unset below: a caller's wishes are no part of a test
unset CLICOLOR_FORCE CLICOLOR NO_COLOR CI COLUMNS
for name in ${!LAB_@}; do
	unset "$name"
done
export HOME=$T/home XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config XDG_DATA_HOME=$T/data
export XDG_RUNTIME_DIR=$T/runtime XDG_CACHE_HOME=$T/cache TMPDIR=$T/tmp LC_ALL=C.UTF-8 TERM=dumb
mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR"
mkdir -m 1777 "$TMPDIR"
chmod 755 "$T"
cd "$T" || exit 1
test_count=0 test_bad=0

finish() {
	local status=$?
	cd / && rm -rf "$T"
	exit "$status"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# traced COMMAND...: it runs under ptrace, by which LeakSanitizer looks for leaks itself
traced() {
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 "$@"
}

comment() {
	sed 's/^/# /' >&2
}

# ok SENTENCE / not_ok SENTENCE [WHY...]: the two ends of every test
ok() {
	test_count=$((test_count + 1))
	printf 'ok %d - %s\n' "$test_count" "${1//#/}"
}

not_ok() {
	test_count=$((test_count + 1)) test_bad=$((test_bad + 1))
	printf 'not ok %d - %s\n' "$test_count" "${1//#/}"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | comment
	return 1
}

# t SENTENCE COMMAND...: the command ends 0; its output is shown when it does not
t() {
	local sentence=$1 output status
	shift
	output=$("$@" 2>&1)
	status=$?
	if [ "$status" -eq 0 ]; then
		ok "$sentence"
	else
		not_ok "$sentence" "status $status: $*" "$output"
	fi
}

# is GOT WANT SENTENCE: equal text
is() {
	if [ "$1" = "$2" ]; then
		ok "$3"
	else
		not_ok "$3" "got:  $1" "want: $2"
	fi
}

# isnt GOT UNWANTED SENTENCE
isnt() {
	if [ "$1" != "$2" ]; then
		ok "$3"
	else
		not_ok "$3" "got what must not be: $1"
	fi
}

# like GOT REGEX SENTENCE: an extended regular expression matches somewhere in GOT
like() {
	if [[ $1 =~ $2 ]]; then
		ok "$3"
	else
		not_ok "$3" "got:  $1" "want: $2"
	fi
}

unlike() {
	if [[ $1 =~ $2 ]]; then
		not_ok "$3" "got:      $1" "unwanted: $2"
	else
		ok "$3"
	fi
}

# exits STATUS COMMAND...: runs it; its output is in $out, its complaints in $err afterwards
exits() {
	local want=$1 status sentence
	shift
	sentence="$* exits $want"
	sentence=${sentence//"$B/"/}
	sentence=${sentence//"$SRC/"/}
	sentence=${sentence//"$T/"/}
	"$@" >"$T/.out" 2>"$T/.err"
	status=$?
	out=$(cat "$T/.out")
	err=$(cat "$T/.err")
	if [ "$status" -eq "$want" ]; then
		ok "$sentence"
	else
		not_ok "$sentence" "status $status" "$out" "$err"
	fi
}

# skip REASON [N]: N tests are not played
skip() {
	local i
	for ((i = 0; i < ${2:-1}; i++)); do
		test_count=$((test_count + 1))
		printf 'ok %d # SKIP %s\n' "$test_count" "$1"
	done
}

# skip_all REASON: the whole file
skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

done_testing() {
	printf '1..%d\n' "$test_count"
	[ "$test_bad" -eq 0 ]
	exit
}

# within SECONDS COMMAND...: tries it until it ends 0, for so long; its last status
within() {
	local until=$((${EPOCHREALTIME/./} + $1 * 1000000)) status
	shift
	until "$@"; do
		status=$?
		[ "${EPOCHREALTIME/./}" -lt "$until" ] || return "$status"
		read -rt 0.02 <> <(:) || :
	done
}

# namespaces: the network namespaces, but the test's own, of processes that the test started. Others
# on the machine may come and go, so they are told by the environment that they were given.
namespaces() {
	local file
	for file in $(grep -lsF "TMPDIR=$T/tmp" /proc/[0-9]*/environ); do
		readlink "${file%/environ}/ns/net"
	done 2>/dev/null | sort -u | grep -vxF "$(readlink /proc/self/ns/net)"
}

# no_namespaces: waits (bounded) until there is none; prints those that stay
no_namespaces() {
	within 6 no_namespace_now && return
	namespaces
	return 1
}
no_namespace_now() {
	[ -z "$(namespaces)" ]
}

# golden_anew: whether the files to compare with are to be made anew first (make golden)
golden_anew() {
	[ "${GOLDEN:-}" = write ]
}

# as_user COMMAND...: as an ordinary user without HOME. As root that is user id 12345, who gets a
# copy of the programs (the clone may be in a folder that only root may enter).
as_user() {
	local command=()
	if [ "$(id -u)" -ne 0 ]; then
		env -u HOME -u XDG_STATE_HOME -u XDG_CONFIG_HOME -u XDG_DATA_HOME "$@"
		return
	fi
	user_folder >/dev/null
	for word in "$@"; do
		command+=("${word/#"$B"\//"$T/user/build/"}")
	done
	setpriv --reuid="$USER_ID" --regid="$USER_ID" --clear-groups --inh-caps=-all \
		env -u HOME -u XDG_STATE_HOME -u XDG_CONFIG_HOME -u XDG_DATA_HOME \
		-u XDG_RUNTIME_DIR -u XDG_CACHE_HOME "${command[@]}"
}

# user_folder: prints a folder that this user may write, with scenarios/ in it
user_folder() {
	if [ ! -d "$T/user" ]; then
		mkdir -p "$T/user/build"
		cp "$B/lab" "$B/lab-agent" "$T/user/build/" 2>/dev/null
		cp -r "$SRC/scenarios" "$T/user/"
		chmod -R a+rX "$T/user"
		[ "$(id -u)" -ne 0 ] || chown -R "$USER_ID:$USER_ID" "$T/user"
	fi
	echo "$T/user"
}

# user_can COMMAND...: whether as_user can do it, silently
user_can() {
	as_user "$@" >/dev/null 2>&1
}

# as_bare COMMAND...: as_user with no capability and no way to one: where bare_works, user namespaces
# are used up for what it starts
as_bare() {
	as_user unshare -U --map-current-user --keep-caps bash -c '
		echo 0 >/proc/sys/user/max_user_namespaces
		exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all "$@"' bare "$@"
}
bare_works() {
	user_can unshare -U --map-current-user --keep-caps true
}
