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

exits 0 timeout -k 1 60 env --ignore-signal=CHLD "$LAB" run -j 2 -q refused ok-tcp -b loopback -o "$T/runs"
like "$err$out" '2 as expected' 'children are heard of though the caller ignores their end'

exits 4 "$LAB" run rare -b netns -o $'/proc/no\033[31mwhere'
unlike "$err" $'\033' 'no escape sequence of a name reaches the terminal'
mkdir -p "$T/runs/20260101T000000Z-"$'\033'"[31m-0000"
exits 0 "$LAB" runs -o "$T/runs"
unlike "$out" $'\033' 'nor one of a folder among the runs'
done_testing
