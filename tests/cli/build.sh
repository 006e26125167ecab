#!/bin/bash
# The build itself: the runner's counting, the look for missing packages, layers, install.
# shellcheck disable=SC2016,SC2317
# slow
. "$(dirname "$0")/../lib.sh"

# program NAME LINE...: a test program that prints these lines
program() {
	local name=$1
	shift
	rm -f "$name" # what stands there may be a link to the machine's own program
	printf '#!/bin/sh\n' >"$name"
	printf '%s\n' "$@" >>"$name"
	chmod +x "$name"
}

last_line() {
	tail -n 1 <<<"$1"
}

# The runner, on programs that go wrong in every way.
program good 'echo 1..2' 'echo "ok 1 - a"' 'echo "ok 2 - b"'
program skipping 'echo 1..1' 'echo "ok 1 # SKIP no rights"'
program cmocka 'echo 1..2' 'echo "# no musl"' 'echo "not ok 1 # SKIP x"' 'echo "ok 2 - y"'
program bad 'echo 1..2' 'echo "ok 1 - a"' 'echo "not ok 2 - b"' 'echo the reason' 'exit 1'
program fewer 'echo 1..3' 'echo "ok 1 - a"'
program noplan 'echo "ok 1 - a"'
program crash 'echo 1..1' 'echo "ok 1 - a"' 'kill -SEGV $$'
program status 'echo 1..1' 'echo "ok 1 - a"' 'exit 3'
program hang 'echo 1..1' 'exec sleep 60'
program groups 'echo 1..1' 'echo "ok 1 - a"' 'echo 1..1' 'echo "ok 1 - b"'
exits 0 "$SRC/tests/run" ./good ./skipping ./cmocka ./groups
is "$(last_line "$out")" '5 passed, 0 failed, 2 skipped' 'the last line counts'
like "$out" 'skipping: no rights' 'a skip is listed with its reason'
like "$out" 'cmocka: x: no musl' 'the reason of a cmocka skip is found'
exits 1 "$SRC/tests/run" ./good ./bad
is "$(last_line "$out")" '3 passed, 1 failed, 0 skipped' 'a failure is counted'
like "$out" 'the reason' 'the output of a failed program is shown'
for name in fewer noplan crash status; do
	exits 1 "$SRC/tests/run" "./$name"
	is "$(last_line "$out")" '1 passed, 1 failed, 0 skipped' "a program that is '$name' fails"
done
exits 1 "$SRC/tests/run" -t 1 ./hang
like "$out" 'no end after 1 s' 'a program that hangs is ended'
exits 1 "$SRC/tests/run" ./not-there
exits 1 "$SRC/tests/run" ./skipping
exits 1 "$SRC/tests/run"
is "$(last_line "$out")" '0 passed, 0 failed, 0 skipped' 'nothing run is no success'
exits 0 "$SRC/tests/run" -- ./good
is "$(last_line "$out")" "2 passed, 0 failed, 0 skipped" "scripts are run without programs"

# Missing packages, with programs of our own in the place of apt-get and sudo.
mkdir bin
for name in id env bash cat; do
	program "bin/$name" "exec $(type -P "$name") \"\$@\""
done
program bin/apt-get 'echo "$*" >>"$T/asked"'
program bin/id 'echo 0'
export T
need() {
	PATH=$T/bin "$SRC/scripts/need" "$@" </dev/null
}
exits 0 need build
like "$out" 'apt-get install -y --no-install-recommends gcc( .*)? make' \
	'one line names what is missing'
like "$(cat asked)" 'install .*gcc' 'that line is run without a terminal'
program bin/apt-get 'exit 100'
exits 1 need build
program bin/id 'echo 1000'
exits 1 need build
like "$err" 'no sudo' 'without root and sudo it says what to do'
program bin/sudo 'echo "sudo $*" >"$T/asked"'
exits 0 need build
like "$(cat asked)" '^sudo -n env DEBIAN_FRONTEND=noninteractive apt-get' 'sudo asks no password'
rm bin/apt-get bin/sudo
exits 1 need build
like "$err" "no apt-get here" 'another system gets the names'
exits 2 "$SRC/scripts/need" everything

program fakecc 'case "$*" in *-lpcap*) exit 1 ;; esac'
exits 1 "$SRC/scripts/need" headers ./fakecc
is "$(head -n 1 <<<"$err")" 'lab needs libpcap: apt-get install libpcap-dev' \
	'a missing library is named with its package'
exits 1 "$SRC/scripts/need" headers no-such-cc
like "$err" 'C compiler' 'a missing compiler is named'

# Layers: an include against the direction does not build.
mkdir -p tree/common tree/agents tree/analysis tree/scripts
cp "$SRC/Makefile" tree/
cp "$SRC/common/banned.h" tree/common/
echo 'int agents_secret(void);' >tree/agents/secret.h
printf '#include "secret.h"\nint agents_secret(void)\n{\n\treturn 1;\n}\n' >tree/agents/ours.c
printf '#include "secret.h"\nint agents_secret(void)\n{\n\treturn 1;\n}\n' >tree/analysis/wrong.c
printf '#include "banned.h"\nint f(char *a)\n{\n\treturn atoi(a);\n}\n' >tree/common/wrong.c
t 'an include of the own folder builds' make -C tree LOOK= B=b b/agents/ours.o
exits 2 make -C tree LOOK= B=b b/analysis/wrong.o
like "$err" 'secret\.h' 'an include of another layer does not build'
exits 2 make -C tree LOOK= B=b b/common/wrong.o
like "$err" 'poisoned' 'a banned call does not build'

# Names of ours that a library has too would take its place inside the library.
ours=$(nm -g --defined-only "$B"/lib*.a 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
theirs=$(ldd "$LAB" | awk '$3 ~ "/" { print $3 }' | while read -r library; do
	nm -D --defined-only "$library"
done | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u)
isnt "$ours" '' 'there are names to compare'
is "$(comm -12 <(echo "$ours" | grep -vE '^(__|_)') <(echo "$theirs"))" '' \
	'no function has the name of a library function'

# Install.
exits 0 make -C "$SRC" B="$B" DESTDIR="$T/root" PREFIX=/usr/local install
t 'lab is installed' test -x root/usr/local/bin/lab
t 'its agent is installed' test -x root/usr/local/libexec/lab/lab-agent
for machine in x86_64 aarch64; do
	"$SRC/scripts/static-cc" "$machine" >/dev/null 2>&1 || continue
	t "the agent for $machine is installed" test -x "root/usr/local/libexec/lab/lab-agent-$machine"
done
t 'the scenarios are installed' test -f root/usr/local/share/lab/scenarios/refused.ini
t 'completion is installed' test -s root/usr/local/share/bash-completion/completions/lab -a \
	-s root/usr/local/share/zsh/site-functions/_lab -a -s root/usr/local/share/fish/vendor_completions.d/lab.fish
exits 0 make -C "$SRC" B="$B" DESTDIR="$T/root" PREFIX=/usr/local uninstall
is "$(find root -type f)" '' 'uninstall leaves no file'

# Agents for other machines.
lacks() {
	! grep -qF -e "$1" "$2"
}
small() {
	[ "$(stat -c %s "$1")" -lt 1000000 ]
}
exits 0 make -C "$SRC" B="$B" agents
exits 0 make -C "$SRC" B="$T/again" agents
for machine in x86_64 aarch64; do
	if ! "$SRC/scripts/static-cc" "$machine" >/dev/null 2>&1; then
		skip "no compiler for $machine" 5
		continue
	fi
	agent=$B/agents/lab-agent-$machine
	unlike "$(readelf -ld "$agent" 2>&1)" 'INTERP|NEEDED' "the agent for $machine needs no library"
	t "the agent for $machine is under 1 MB" small "$agent"
	t "the agent for $machine names no folder of its build" lacks "$SRC" "$agent"
	t "the agent for $machine is the same wherever it is built" \
		cmp "$agent" "$T/again/agents/lab-agent-$machine"
	run=("$agent")
	[ "$machine" = "$(uname -m)" ] || run=("$(type -P "qemu-$machine")" "$agent")
	if [ -n "${run[0]}" ]; then
		like "$("${run[@]}" --version)" '^lab-agent [0-9]' "the agent for $machine starts"
	else
		skip "no qemu-$machine" 1
	fi
done
program bin/uname 'echo riscv64'
for name in cat bash; do
	program "bin/$name" "exec $(type -P "$name") \"\$@\""
done
PATH=$T/bin exits 1 "$SRC/scripts/static-cc" aarch64
like "$err" 'no agent for aarch64.*apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross' \
	'a machine without a compiler is named with what to install'
done_testing
