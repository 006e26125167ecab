#!/bin/bash
# Plays fuzz targets for FUZZ_S seconds each, or a quarter if not in FUZZ_WHOLE, as many side by side as
# there are processors, and counts them as tests; then one line a target: executions, how fast, edges,
# lines of the files it aims at.
# usage: tests/fuzz/fuzz.sh TARGET...    MAKE, SANITIZE, FUZZ_S, FUZZ_WHOLE, OUT come from the Makefile
set -u
cd "$(dirname "$0")/../.." || exit 2
export FUZZ_BUILD=$PWD/build-fuzz FUZZ_S=${FUZZ_S:-60}
play=$FUZZ_BUILD/play
rm -rf "$play" && mkdir -p "$play" || exit 2
printf 'int LLVMFuzzerTestOneInput(const void *b, unsigned long n);\n%s\n' \
	'int LLVMFuzzerTestOneInput(const void *b, unsigned long n) { return !b && n; }' >"$play/can.c"
if ! command -v clang >/dev/null; then
	export FUZZ_NOT='clang is not installed'
elif ! clang -fsanitize=fuzzer,address "$play/can.c" -o "$play/can" 2>/dev/null; then
	export FUZZ_NOT="this clang has no run time for fuzzing (libclang-rt-dev, libclang-rt-14-dev)"
else
	# Which lines were reached is told too: the counters for that take a twentieth of the time.
	${MAKE:-make} --no-print-directory B=build-fuzz CC=clang CFLAGS="$SANITIZE \
		-fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping" fuzzers || exit 1
fi
programs=()
for target; do
	ln -s "$PWD/tests/fuzz/play.sh" "$play/$target"
	programs+=("$play/$target")
done
tests/run -j "$(nproc)" -t $((FUZZ_S + 240)) -o "${OUT:-$FUZZ_BUILD/tests.out}" "${programs[@]}"
status=$?
for target; do
	sed -n 's/^# told: //p' "${OUT:-$FUZZ_BUILD/tests.out}/$target.out"
done
exit "$status"
