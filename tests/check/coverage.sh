#!/bin/bash
# What the tests before it reached in this build (gcc --coverage), as a table in $B/coverage.txt: lines
# and branches of each file and folder. Fails where a part that is promised has under 90 % of its lines.
# `coverage.sh zero` forgets what was reached; everyone may add then: tests run as other users too.
if [ "${1:-}" = zero ]; then
	find "$B" -name '*.gcno' | while IFS= read -r notes; do
		: >"${notes%.gcno}.gcda" && chmod 666 "${notes%.gcno}.gcda"
	done
	exit
fi
# alone
. "$(dirname "$0")/../lib.sh"
command -v gcov >/dev/null || skip_all 'gcov is not installed'

# one JSON object a file; headers appear once for each file that includes them: the best is taken
find "${LAYERS[@]/#/$B/}" -name '*.gcda' -size +0 -print0 |
	xargs -0 gcov --json-format --stdout --branch-probabilities 2>"$T/gcov.err" |
	jq -c '.files[] | {file, lines}' >files
t 'gcov reads what the tests left' test -s files || comment <"$T/gcov.err"
jq -rs '
	map(select(.file | test("^[a-z]+/"))) | group_by(.file) | map({
		file: .[0].file,
		lines: (map(.lines[]) | group_by(.line_number) | map(any(.count > 0))),
		branches: (map(.lines[]) | group_by(.line_number) |
			map(max_by(.branches | length).branches | map(.count > 0)) | add // []),
	} | [.file, (.lines | map(select(.)) | length), (.lines | length),
		(.branches | map(select(.)) | length), (.branches | length)])
	| .[] | @tsv' files >table.tsv
awk -F'\t' '
	function row(name, a, b, c, d) {
		printf "%-36s %6d of %6d %5.1f %%  %6d of %6d %5.1f %%\n", name, a, b,
			b ? 100 * a / b : 100, c, d, d ? 100 * c / d : 100
	}
	function add(name) { a[name] += $2; b[name] += $3; c[name] += $4; d[name] += $5 }
	{ row($1, $2, $3, $4, $5); folder = $1; sub("/.*", "/", folder); add(folder); add("all") }
	$1 ~ "^orchestrator/scenario" { add("orchestrator/scenario*") }
	END { for (name in a) row(name, a[name], b[name], c[name], d[name]) }' \
	table.tsv | sort | awk '
	BEGIN { printf "%-36s %24s  %24s\n", "", "lines", "branches" }
	{ print }' >"$B/coverage.txt"

grep -E '/ |\* |^all' "$B/coverage.txt" | sed 's/^/# /'
echo "# each file: $B/coverage.txt"
for part in common/ analysis/ 'orchestrator/scenario*'; do
	percent=$(awk -v part="$part" '$1 == part { print $5 }' "$B/coverage.txt")
	t "$part: ${percent:-none} % of the lines are reached, at least 90 are asked for" \
		awk "BEGIN { exit !(${percent:-0} >= 90) }"
done
done_testing
