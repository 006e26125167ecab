#!/bin/bash
# lab analyze of several files: one that cannot be read hides none of the others.
. "$(dirname "$0")/../lib.sh"

exits 0 "$LAB" run refused -o "$T/runs" -q
run=$(echo "$T"/runs/*-refused-*)
pcap=$run/capture/client-1.lan.pcap
: >"$T/empty.pcap"
head -c 4000 "$LAB" >"$T/garbage.pcap"

exits 2 "$LAB" analyze "$T/garbage.pcap" "$pcap" "$T/empty.pcap" "$run" "$T/none.pcap" --json
is "$(grep -c '"schema"' <<<"$out") $(grep -n '^[],[]$' <<<"$out" | cut -d: -f2 | tr -d '\n')" '3 [,,]' \
	'three analyses in one whole array'
like "$err" 'garbage.pcap: not a capture' 'what cannot be read is named'
exits 1 "$LAB" analyze "$run" "$T/empty.pcap"
exits 2 "$LAB" analyze -
like "$err" 'standard input is not read' 'and - is no run'

exits 1 "$LAB" analyze -q "$pcap"
is "$(grep -c '' <<<"$out")" "$(grep -Ec '^. [a-z.-]+ \(.*10\.7\.0\.2:' <<<"$out")" '-q: one line a connection'
exits 1 "$LAB" analyze "$pcap"
is "$(awk 'length > 90' <<<"$out" | wc -l)" 0 'a long path makes no long line'

# what is cut before an answer is no failure, and no success
tcpdump -c 1 -nr "$pcap" -w "$T/syn.pcap" 'tcp[tcpflags] == tcp-syn' 2>"$T/err"
exits 3 "$LAB" analyze "$T/syn.pcap"
like "$out" 'failed.unexplained \(undecided\)' 'a SYN by itself is undecided'
exits 1 "$LAB" analyze "$T/syn.pcap" "$pcap"
name=$T/$'\033[31m.pcap'
cp "$pcap" "$name"
exits 1 "$LAB" analyze "$name" "$pcap"
unlike "$out" $'\033' 'the name of a file reaches the terminal without escapes'
done_testing
