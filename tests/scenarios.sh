#!/bin/bash
# Every scenario on every backend that this machine has: as expected, and nothing left behind.
. "$(dirname "$0")/lib.sh"
cp -r "$SRC/scenarios" "$T/scenarios"

for backend in netns loopback; do
	for file in scenarios/*.ini; do
		name=$(basename "$file" .ini)
		"$LAB" run "$name" -b "$backend" -o "$T/runs" >"$T/out" 2>"$T/err"
		status=$?
		case $status in
		0) ok "$name on $backend" ;;
		4) skip "$name on $backend: $(tail -n 1 "$T/err")" ;;
		*) not_ok "$name on $backend" "status $status" "$(cat "$T/out" "$T/err")" ;;
		esac
	done
done
t 'no network namespace is left' no_namespaces
done_testing
