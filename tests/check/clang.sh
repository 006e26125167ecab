#!/bin/bash
# Everything builds with clang too, without a warning (-Werror), and what it built plays the demo.
. "$(dirname "$0")/../lib.sh"
command -v clang >/dev/null || skip_all 'clang is not installed'
build=$B-clang

built() {
	make -C "$SRC" --no-print-directory -j"$(nproc)" B="$build" CC=clang all tests
}
t 'the programs and the tests build with clang without a warning' built
t 'the clang build plays the demo' "$build/lab" run refused -o "$T/runs"
done_testing
