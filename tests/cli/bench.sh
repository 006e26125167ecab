#!/bin/bash
# `make bench` measures right answers alone. No time is judged here.
# alone
. "$(dirname "$0")/../lib.sh"
pair=$B/bench/pair
[ -x "$pair" ] || skip_all 'bench/pair is not built: make bench-tools'

right=(name=right 'want=^verdict=refused$' 'mark=^verdict=' : /bin/bash -c
	'echo verdict=refused; read -r -t 0.05 <> <(:); echo done')
exits 0 "$pair" row=two pairs=2 : "${right[@]}" : "${right[@]/name=right/name=again}"
is "$(jq -c '[.row, .pairs, .sides[].name]' <<<"$out")" '["two",2,"right","again"]' \
	'a row is one line of JSON with both sides'
is "$(jq -c '[.sides[] | .verdict_ms[1] > 0 and .exit_ms[1] >= .verdict_ms[1] + 40]' <<<"$out")" \
	'[true,true]' 'the verdict is timed when its line comes, not when the program ends'
is "$(jq '.ratio.exit_ms > 0' <<<"$out")" true 'and the two are compared pair by pair'

wrong() {
	exits 1 "$pair" row=wrong pairs=1 : name=fast "${@:2}"
	like "$(jq -r .failed <<<"$out")" "$1" "a run fails the row: $1"
}
wrong 'another answer' 'want=^verdict=refused' : /bin/echo verdict=ok
wrong 'status' 'want=^verdict' : /bin/bash -c 'echo verdict=refused; exit 3'
wrong 'not what the first run said' 'same=run=([0-9.]+)' : /bin/bash -c 'echo run=$EPOCHREALTIME'
wrong 'the line that is timed did not come' 'mark=^verdict' : /bin/echo nothing
wrong '0 files' captures=3 : /bin/true
head -c 24 /dev/zero >zero
wrong 'cannot be read' captures=1 : /bin/cp "$T/zero" @/a.pcap
printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0' >empty
wrong '1 empty' captures=1 : /bin/cp "$T/empty" @/a.pcap
wrong 'no end after 1 s' late=1 : /bin/bash -c 'read -r <> <(:)'
exits 2 "$pair" row=x pairs=none : : /bin/true
is "$(find "$TMPDIR" -name 'lab-bench*')" '' 'nothing of it is left'

if [ "$(id -u)" -ne 0 ]; then
	skip 'the rows need root' 5
	done_testing
fi
export BENCH=quick
ROWS='demo-bare demo-bash size capture' exits 0 "$SRC/bench/run.sh" results
is "$(jq -es 'map(.failed // empty)' results)" '[]' 'every line is JSON and no run answered wrong'
is "$(jq -cs '[.[] | select(.row == "demo-bare") | .sides[0].same | length]' results)" '[12]' \
	'lab has the same trace hash in each run'
like "$out" 'refused, to the verdict +bare +<= 4.00 +[0-9/.]+ +(yes|NO)' 'the table has goal and figure'
is "$(awk 'length > 80' <<<"$out")" '' 'in 80 columns'
done_testing
