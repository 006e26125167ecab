#!/bin/bash
# One fuzz target as TAP: the target is the name that this is called by (a link in build-fuzz/play).
# What it found so far is kept in build-fuzz/corpus; seeds are in tests/fuzz/seeds.
set -u
name=${0##*/}
build=$FUZZ_BUILD
source=$(dirname "$(readlink -f "$0")")
corpus=$build/corpus/$name log=$build/$name.log
seeds=("$source/seeds/$name")
while read -r folder; do
	seeds+=("$source/../../$folder")
done < <(sed -n 's|^/\* Seeds also: \(.*\) \*/$|\1|p' "$source/$name.c")
cd "$source/../.." || exit 2
if [ -n "${FUZZ_NOT:-}" ]; then
	echo "1..0 # SKIP $FUZZ_NOT"
	exit 0
fi
# Targets of FUZZ_WHOLE have the whole time, the rest a quarter.
seconds=$FUZZ_S
[[ " ${FUZZ_WHOLE-} " == *" $name "* ]] || seconds=$(((FUZZ_S + 3) / 4))
mkdir -p "$corpus"
echo 1..3

# ran PROFILE LOG OPTION...: plays it, and keeps in PROFILE which lines were reached
ran() {
	local profile=$1 log=$2
	shift 2
	LLVM_PROFILE_FILE=$profile "$build/$name" -timeout=30 -rss_limit_mb=1024 -close_fd_mask=1 \
		-artifact_prefix="$build/find-$name-" "$@" >"$log" 2>&1
}

# lines PROFILE: reached, of the files that the target aims at, in percent; nothing without llvm-cov
lines() {
	local tools profdata cov aims
	tools=$(compgen -G '/usr/bin/llvm-profdata*' | sort -V | tail -n 1) || return
	profdata=$tools cov=${tools/profdata/cov}
	aims=$(sed -n 's|^/\* Aims at: \(.*\) \*/$|\1|p' "$source/$name.c")
	[ -x "$cov" ] || return
	"$profdata" merge -o "$build/$name.profdata" "$1" || return
	# shellcheck disable=SC2086 # a list of files
	"$cov" export -summary-only -instr-profile="$build/$name.profdata" "$build/$name" |
		jq -r '[.data[0].files[] | select(.filename as $f | any($ARGS.positional[];
			. as $aim | $f | endswith("/" + $aim))) | .summary.lines]
			| (map(.covered) | add) * 100 / (map(.count) | add) | floor' --args $aims
}

if ran "$build/$name.seeds" "$log" -runs=0 "${seeds[@]}"; then
	echo 'ok 1 - the seeds break no law'
else
	echo 'not ok 1 - the seeds break no law'
	tail -n 40 "$log" | sed 's/^/# /'
fi

floor=60
reached=$(lines "$build/$name.seeds")
if [ -z "$reached" ]; then
	echo 'ok 2 # SKIP llvm-profdata, llvm-cov or jq is not installed'
elif [ "$reached" -ge "$floor" ]; then
	echo "ok 2 - the seeds alone reach $reached % of the lines that it aims at ($floor wanted)"
else
	echo "not ok 2 - the seeds alone reach $reached % of the lines that it aims at ($floor wanted)"
fi

ran "$build/$name.all" "$log" -max_total_time="$seconds" -print_final_stats=1 "$corpus" "${seeds[@]}"
status=$?
count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
edges=$(grep -ao 'cov: [0-9]*' "$log" | tail -n 1)
if [ "$status" -eq 0 ] && [ "${count:-0}" -gt 0 ]; then
	echo "ok 3 - $count inputs break no law"
	reached=$(lines "$build/$name.all")
	told=$(printf '%-12s %9d inputs %7d/s  %-9s %s' "$name" "$count" "$speed" "$edges" \
		"${reached:+$reached % of its lines}")
	echo "# told: $told"
	exit 0
fi
found=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
echo 'not ok 3 - no input breaks a law'
tail -n 60 "$log" | sed 's/^/# /'
echo "# told: $name FOUND ${found:-something (status $status)}; again: ${build#"$PWD/"}/$name $found"
exit 1
