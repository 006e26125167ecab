#!/bin/bash
# The history tells what came of each run, whatever stands in its files.
. "$(dirname "$0")/../lib.sh"

exits 0 "$LAB" run refused -o runs -q
sed 's/^verdict.*/verdict = timeout on carol/' "$SRC/scenarios/refused.ini" >other.ini
exits 1 "$LAB" run ./other.ini -o runs -q
exits 0 "$LAB" runs -o runs
like "$out" $'-refused-[0-9a-f]{4}\t[0-9]+\trefused.no-listener \\(proven\\)\t0' 'what was found'
like "$out" $'-other-[0-9a-f]{4}\t[0-9]+\trefused.no-listener \\(proven\\)\t1' 'and whether it was expected'
rm runs/*-other-*/result.json
exits 0 "$LAB" runs -o runs
like "$out" $'-other-[0-9a-f]{4}\t[0-9]+\t-\t-1' 'a run without a result is shown without one'
printf '{"verdict":"\\u001b[2J","exit_status":0' >"$(echo runs/*-other-*)/result.json"
exits 0 "$LAB" runs -o runs
like "$out" $'-other-[0-9a-f]{4}\t[0-9]+\t-\t-1' 'nor does half a result count'
printf '{"verdict":"\\u001b[2J","exit_status":0}' >"$(echo runs/*-other-*)/result.json"
exits 0 "$LAB" runs -o runs
unlike "$out" $'\x1b' 'and no text of it commands the terminal'
exits 0 "$LAB" runs -o runs --json
like "$out" '"verdict": "refused.no-listener"' 'as data too'
exits 2 "$LAB" report -o runs r
like "$err" 'r names 2 runs in runs: write more of the name' 'a part that two names hold is not enough'
printf x >file
exits 4 env -u LAB_OUT HOME="$PWD/file" XDG_STATE_HOME= "$LAB" run refused -q
like "$err" 'cannot make .*file.*: Not a directory \(lab run -o DIR' 'where no history can be, what to do is said'
if command -v script >/dev/null; then
	cp -r "$(echo runs/*-refused-*)" runs/20260101T000000Z-a-scenario-of-a-long-name-00aa
	script -qec "$LAB runs -o runs" /dev/null </dev/null | tr -d '\r' | grep '^20' >page
	is "$(wc -l <page)" 3 'each run has a line'
	jq '.as_expected = null | .exit_status = 1' runs/*-long-name-00aa/result.json >probed
	cp probed runs/20260101T000000Z-a-scenario-of-a-long-name-00aa/result.json
	script -qec "$LAB runs -o runs" /dev/null </dev/null | tr -d '\r' >probes
	t 'of a probe that fails it is not said that something else was expected' \
		grep -q 'long-name-00aa .*(proven)$' probes
	is "$(awk '{ print index($0, $2) }' page | sort -u | wc -l)" 1 'on a terminal the verdicts stand below each other'
else
	skip 'script is not installed'
fi
done_testing
