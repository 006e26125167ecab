#!/bin/bash
# lab run refused: the demo as it must happen, as root and as an ordinary user, piped and as data.
. "$(dirname "$0")/../lib.sh"
cp -r "$SRC/scenarios" "$T/scenarios"

# what differs from run to run
mask() {
	sed -E -e 's/[0-9]+(\.[0-9]+)? (ms|s)\b/TIME/g' -e 's/pid [0-9]+/pid PID/g' \
		-e 's/lab-agent [0-9]+/lab-agent PID/g' -e 's/run([ =])[0-9a-f]{4}\b/run\1ID/g' \
		-e 's/(10\.7\.0\.[23]):[0-9]+/\1:PORT/g' -e 's/-[0-9a-f]{4}\//-ID\//g' \
		-e 's/[0-9]{8}T[0-9]{6}Z/WHEN/g' -e 's/trace=[0-9a-f]+/trace=HASH/' \
		-e 's/event [0-9, ]+/event N/g' -e 's/… [0-9]+ packets/… N packets/' -e 's/#[0-9]+/#N/g' -e 's/(Captured) +[0-9]+/\1 N/' \
		-e 's/[0-9]\.[0-9]{3}( |$)/TIME\1/g' -e "s|$T|DIR|g" -e 's/ +/ /g' -e 's/ $//'
}

exits 0 "$LAB" run refused -b netns -o "$T/runs"
printf '%s\n' "$out" >"$T/text"
like "$out" 'verdict=refused.no-listener confidence=proven' 'piped, the last line is the verdict'
is "$(tail -n 1 "$T/text" | cut -c1-8)" verdict= 'and it is the last line'
is "$(awk 'length($0) > 400' "$T/text" | wc -l)" 0 'no line runs away'
like "$err" 'left behind: nothing' 'the line about what is left goes to the person'
unlike "$out" $'\033' 'no escape sequence reaches a pipe'
like "$out" 'ECONNREFUSED "Connection refused"' 'the error as a client would print it'
like "$out" 'alice, bob: closed by server \(FIN\)' 'what happened to alice and bob is told'
if golden_anew; then
	mask <"$T/text" >"$SRC/tests/golden/refused.txt"
fi
# A bare root without /etc/hosts has no file to bind names over: the run says so in a remark.
if [ -e /etc/hosts ]; then
	is "$(mask <"$T/text")" "$(cat "$SRC/tests/golden/refused.txt")" \
		'the whole text is the golden text, times masked'
else
	skip 'no /etc/hosts here: the text has one remark more'
fi

run=$(ls -d "$T"/runs/*-refused-*)
is "$(ls "$T/runs" | wc -l)" 1 'one run directory'
is "$(stat -c %a "$run")" 700 'the run directory is private'
is "$(find "$run" -type f ! -perm 600 | wc -l)" 0 'and so is each file of it'
for file in scenario.ini plan.json steps.ndjson events.ndjson manifest.json result.json report.txt \
	run.pcapng capture/server.lan.pcap capture/client-1.lan.pcap capture/client-2.lan.pcap; do
	t "$file is there and not empty" test -s "$run/$file"
done
is "$(grep -c '^ *LISTEN .*10\.7\.0\.1:1234' "$run/report.txt")" 1 'one LISTEN row'
is "$(grep -Ec 'ESTAB +10\.7\.0\.1:1234 +10\.7\.0\.[23]:' "$run/report.txt")" 2 'two ESTAB rows'
is "$(grep -E 'ESTAB|LISTEN +10' "$run/report.txt" | grep -Eo 'lab-agent [0-9]+' | sort -u | wc -l)" 1 \
	'all three rows belong to the same process'
exits 2 "$LAB" analyze "$run/run.pcapng"
like "$err" '3 interfaces' 'several vantage points in one file are not mixed up'
exits 1 "$LAB" analyze "$run/capture/client-1.lan.pcap"
like "$out" 'refused.unexplained \(undecided\)' 'one capture alone never explains a refusal'
(cd "$run" && sha256sum result.json report.txt run.pcapng) >"$T/before"
rm "$run/result.json" "$run/report.txt" "$run/run.pcapng"
exits 0 "$LAB" report "$run" -q
(cd "$run" && sha256sum result.json report.txt run.pcapng) >"$T/after"
is "$(cat "$T/after")" "$(cat "$T/before")" 'the derived files come back byte for byte'
like "$(cat "$run/report.txt")" 'REFUSED' 'report.txt has the verdict'
is "$(grep -c $'\033' "$run/report.txt")" 0 'report.txt has no colour'
t 'report.txt has at most 80 columns' test "$(wc -L <"$run/report.txt")" -le 80

# the terminal's picture: at most 48 lines of 80 columns
if command -v script >/dev/null; then
	script -qec "stty cols 80; '$LAB' run refused -b netns -o '$T/tty'" /dev/null </dev/null |
		tr -d '\r' >"$T/screen"
	lines=$(wc -l <"$T/screen")
	most=48
	[ -e /etc/hosts ] || most=50 # two more for the remark
	t "on a terminal at most $most lines ($lines)" test "$lines" -le $most
	plain=$(sed -E 's/\x1b\[[0-9;]*m//g' "$T/screen")
	widest=$(wc -L <<<"$plain")
	t "of at most 80 columns ($widest)" test "$widest" -le 80
	like "$(tail -n 1 "$T/screen")" 'left behind: nothing' 'whose last line says what is left'
else
	skip 'no script(1) to play a terminal' 3
fi

exits 0 "$LAB" run refused -b netns -o "$T/json" --json
t "the JSON parses" jq -e . <<<"$out"
like "$out" '"verdict": ?"refused.no-listener"' 'and has the verdict at its top'
like "$out" '"confidence": ?"proven"' 'which is proven'
hash=$(grep -Eo '"trace_hash": ?"[0-9a-f]{64}"' <<<"$out" | grep -Eo '[0-9a-f]{64}' | head -n 1)
t 'a trace hash is there' test -n "$hash"

exits 0 "$LAB" run refused -b loopback -o "$T/json" --json
is "$(grep -Eo '[0-9a-f]{64}' <<<"$(grep trace_hash <<<"$out")" | head -n 1)" "$hash" \
	'loopback in its own namespace gives the same trace'

exits 0 "$LAB" run refused -q -o "$T/q"
is "$out" 'refused: refused.no-listener (proven)' '-q prints the verdict line alone'
exits 0 "$LAB" run refused -q --json -o "$T/q"
is "$(jq -r .verdict <<<"$out")" 'refused.no-listener' 'and with --json nothing beside the data'

if user_can "$LAB" version; then
	cd "$(user_folder)" || exit 1
	exits 0 as_user "$LAB" run refused -b netns -o "$T/user/runs" --json
	is "$(grep -Eo '[0-9a-f]{64}' <<<"$(grep trace_hash <<<"$out")" | head -n 1)" "$hash" \
		'an ordinary user gets the same trace as root'
	like "$out" '"confidence": ?"proven"' 'and a proven verdict'
	exits 4 as_user "$LAB" run refused
	like "$err" '-o DIR' 'without HOME and -o the error says what to do'
	cd "$T" || exit 1
else
	skip 'no second user here' 5
fi

exits 0 "$LAB" run refused --set port=8080 -b netns -o "$T/set" --json
like "$out" ':8080' 'another port by --set'
# a literal address is resolved by nobody and works as a name does
sed 's/server:\${port}/${server.address}:${port}/' scenarios/refused.ini >literal.ini
exits 0 "$LAB" run ./literal.ini -b netns -o "$T/literal" --json
like "$out" '"resolved_by": "literal"' 'a literal address works too'
is "$(grep -Eo '[0-9a-f]{64}' <<<"$(grep trace_hash <<<"$out")" | head -n 1)" "$hash" \
	'and gives the same trace'

exits 0 "$LAB" run refused --repeat 5 -b netns -o "$T/rep"
like "$out" 'one trace hash' 'five runs, one trace hash'

exits 5 "$LAB" run refused --timeout 1ms -b netns -o "$T/short"
like "$err" 'longer than 0\.001s: give it more with --timeout' 'a run that takes too long names its limit'

# the first SYN and the last RST are in the files of every run
exits 0 "$LAB" run refused --repeat 20 -j 2 -b netns -o "$T/many"
whole=0
for run in "$T"/many/*/; do
	first=$(tcpdump -nr "$run/capture/client-1.lan.pcap" -c 1 tcp 2>/dev/null)
	last=$(tcpdump -nr "$run/capture/client-1.lan.pcap" 'tcp[tcpflags] & tcp-rst != 0' 2>/dev/null)
	[[ $first == *'Flags [S],'* && $last == *'Flags [R.]'* ]] && whole=$((whole + 1))
done
is "$whole" 20 'in 20 of 20 runs the first SYN and the RST are captured'
exits 0 bash -c 'ulimit -n 40; exec "$@"' few "$LAB" run refused -b netns -o "$T/few"
like "$out" 'verdict=refused.no-listener confidence=proven' 'forty descriptors are enough'
exits 0 "$LAB" run refused ok-tcp -j 2 -b netns -o "$T/jobs" --json
t "two side by side are one JSON array" jq -e "length == 2" <<<"$out"
like "$out" '^\[' 'an array'
done_testing
