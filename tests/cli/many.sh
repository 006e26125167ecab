#!/bin/bash
# Many runs in one command: what they come to, said of each scenario and safe for a terminal.
# alone
. "$(dirname "$0")/../lib.sh"
mkdir scenarios
sed -e 's/^family .*/family = rare/' -e '/^family/a not-on = loopback: a test' \
	"$SRC/scenarios/refused.ini" >scenarios/rare.ini

exits 4 "$LAB" run --tag rare -b loopback -o "$T/runs"
like "$err" 'skipped: rare does not run on loopback: a test' 'a scenario that cannot run is skipped'
like "$err" 'nothing was run' 'and when all are skipped that is no pass'
exits 0 "$LAB" run rare ok-tcp --repeat 2 -b netns -o "$T/runs"
is "$(grep -c 'one trace hash, equal in every run' <<<"$out")" 2 'each scenario has its own hash'

is "$(awk 'length > 80' <<<"$out")" '' 'in 80 columns'
like "$out" $'^rare: .*: [0-9a-f]{12}\nok-tcp: .*: [0-9a-f]{12}$' 'as many digits as in trace='
exits 2 "$LAB" run all --tag nosuch -b netns -o "$T/none"
like "$err" 'no scenario has the tag nosuch; tags are: connect, basic, rare, advanced$' 'an unknown tag: those that exist are told'
exits 2 "$LAB" run rare --tag rare -b netns -o "$T/none"
like "$err" '--tag selects among all scenarios, and rare is named' 'a tag and a name do not go together'

exits 2 "$LAB" run rare ok-tcp -j 2 --pause fault -b netns -o "$T/none"
like "$err" '--pause waits for Enter in one run at a time' 'runs side by side do not share an Enter'

"$LAB" run timeout-drop-input ok-tcp -b netns -o "$T/ended" >"$T/out" 2>"$T/err" &
pid=$!
within 10 grep -qrs --include=events.ndjson connecting "$T/ended"
kill -TERM "$pid"
wait "$pid"
like "$(tail -n 1 "$T/out")" '^2 runs: 0 as expected, 0 not, 0 skipped, 1 interrupted, 1 never begun$' \
	'an interrupted run counts as one'
exits 5 "$LAB" run ok-tcp --timeout 1ms --repeat 2 -b loopback -o "$T/short"
like "$out" '2 runs: 0 as expected, 0 not, 0 skipped, 2 broke$' 'and one that broke as one that broke'

exits 0 timeout -k 1 60 env --ignore-signal=CHLD "$LAB" run -j 2 -q refused ok-tcp -b loopback -o "$T/runs"
like "$err$out" '2 as expected' 'children are heard of though the caller ignores their end'

exits 4 "$LAB" run rare -b netns -o $'/proc/no\033[31mwhere'
unlike "$err" $'\033' 'no escape sequence of a name reaches the terminal'
mkdir -p "$T/runs/20260101T000000Z-"$'\033'"[31m-0000"
exits 0 "$LAB" runs -o "$T/runs"
unlike "$out" $'\033' 'nor one of a folder among the runs'
done_testing
