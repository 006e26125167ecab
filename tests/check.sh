#!/bin/bash
# What `make check` plays: every stage is a target of the Makefile that ends in tests/run, which leaves
# its counts in a folder. Their sum is the last line; status 1 when a stage failed or told no counts.
# usage: tests/check.sh STAGE...     MAKE says how to call make, B where to build
set -u
cd "$(dirname "$0")/.." || exit 2
folder=${B:-build}/check
rows=() failures=() passed=0 failed=0 skipped=0

for stage; do
	echo "== $stage"
	rm -rf "${folder:?}/$stage"
	start=$SECONDS
	${MAKE:-make} --no-print-directory "$stage" OUT="$folder/$stage"
	status=$?
	ok=0 bad=0 skip=0
	if ! IFS=" ," read -r ok _ bad _ skip _ 2>/dev/null <"$folder/$stage/counts"; then
		bad=1
		echo "$stage: no counts, make ended with $status"
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
		echo "$stage: make ended with $status"
	fi
	[ "$bad" -eq 0 ] || failures+=("$stage")
	rows+=("$(printf '%-12s %6d %6d %7d %6d s' "$stage" "$ok" "$bad" "$skip" $((SECONDS - start)))")
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
done

echo 'stage        passed failed skipped    time'
printf '%s\n' "${rows[@]}"
for stage in "${failures[@]}"; do
	echo "$stage failed: its output is above, and in $folder/$stage"
done
mkdir -p "$folder"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" | tee "$folder/counts"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
