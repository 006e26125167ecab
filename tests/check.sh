#!/bin/bash
# What `make check` plays: every stage is a target of the Makefile that ends in tests/run, which leaves
# its counts in a folder. Their sum is the last line; status 1 when a stage failed or told no counts.
# Stages that only read and compile (BESIDE) go on beside the others, at the lowest priority: tests
# wait most of their time. What they print is shown when they have ended.
# usage: tests/check.sh STAGE...     MAKE says how to call make, B where to build, BESIDE a list
set -u
cd "$(dirname "$0")/.." || exit 2
folder=${B:-build}/check
here=() aside=() rows=() failures=() passed=0 failed=0 skipped=0 beside=

for stage; do
	rm -rf "${folder:?}/$stage"
	mkdir -p "$folder/$stage"
	case " ${BESIDE-} " in
	*" $stage "*) aside+=("$stage") ;;
	*) here+=("$stage") ;;
	esac
done

# play STAGE: leaves "STATUS SECONDS" in its folder
play() {
	local start=$SECONDS
	${MAKE:-make} --no-print-directory "$1" OUT="$folder/$1"
	echo "$? $((SECONDS - start))" >"$folder/$1/ended"
}

# count STAGE: what it left, as a row of the table
count() {
	local stage=$1 status=1 seconds=0 ok=0 bad=0 skip=0
	read -r status seconds 2>/dev/null <"$folder/$stage/ended"
	if ! IFS=" ," read -r ok _ bad _ skip _ 2>/dev/null <"$folder/$stage/counts"; then
		bad=1
		echo "$stage: no counts, make ended with $status"
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
		echo "$stage: make ended with $status"
	fi
	[ "$bad" -eq 0 ] || failures+=("$stage")
	rows+=("$(printf '%-12s %6d %6d %7d %6d s' "$stage" "$ok" "$bad" "$skip" "$seconds")")
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
}

if [ ${#here[@]} -eq 0 ]; then
	here=("${aside[@]}") aside=()
elif [ ${#aside[@]} -gt 0 ]; then
	# Two makes that build the same file would spoil it: what all stages share is built before.
	echo "== build; then beside the others: ${aside[*]}"
	${MAKE:-make} --no-print-directory shared || exit 1
	set -m # a process group of its own, which ends with this script
	{
		for stage in "${aside[@]}"; do
			play "$stage" >"$folder/$stage/said" 2>&1
		done
	} </dev/null &
	beside=$!
	set +m
	trap '[ -z "$beside" ] || kill -- "-$beside"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	renice -n 19 -g "$beside" >/dev/null
fi
for stage in "${here[@]}"; do
	echo "== $stage"
	play "$stage"
	count "$stage"
done
if [ -n "$beside" ]; then
	wait "$beside"
	beside=
fi
for stage in "${aside[@]}"; do
	echo "== $stage"
	cat "$folder/$stage/said"
	count "$stage"
done

echo 'stage        passed failed skipped    time'
printf '%s\n' "${rows[@]}"
for stage in "${failures[@]}"; do
	echo "$stage failed: its output is above, and in $folder/$stage"
done
mkdir -p "$folder"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" | tee "$folder/counts"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
