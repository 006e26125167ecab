#!/bin/bash
# lab analyze of several files: one that cannot be read hides none of the others.
. "$(dirname "$0")/../lib.sh"

exits 0 "$LAB" run refused -o "$T/runs" -q
run=$(echo "$T"/runs/*-refused-*)
pcap=$run/capture/client-1.lan.pcap
: >"$T/empty.pcap"
head -c 24 "$pcap" >"$T/header.pcap"
head -c 4000 "$LAB" >"$T/garbage.pcap"

exits 2 "$LAB" analyze "$T/garbage.pcap" "$pcap" "$T/empty.pcap" "$run" "$T/none.pcap" --json
is "$(grep -c '"schema"' <<<"$out") $(grep -n '^[],[]$' <<<"$out" | cut -d: -f2 | tr -d '\n')" '2 [,]' \
	'two analyses in one whole array'
like "$err" 'garbage.pcap: not a capture' 'what cannot be read is named'
exits 1 "$LAB" analyze "$run" "$T/header.pcap"
exits 3 "$LAB" analyze "$T/header.pcap"
like "$err" 'no connection was seen' 'a capture without packets is one'
exits 2 "$LAB" analyze "$T/empty.pcap"
like "$err" 'empty.pcap: not a capture: it is empty' 'an empty file is none'
printf abcd >"$T/four.pcap"
exits 2 "$LAB" analyze "$T/four.pcap"
like "$err" 'four.pcap: not a capture: it is shorter than the header' 'nor are four bytes'
exits 2 "$LAB" analyze nope.pcap
like "$err" 'nope.pcap: there is no such file' 'a file that is not there is named'
exits 2 env XDG_STATE_HOME="$T/fresh" "$LAB" report
like "$err" 'there is no run in .*/fresh/lab/runs yet' 'and that there was no run so far'
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

# a packet longer than any: the capture ends before it, and that is told
mkdir long && cp -r "$run" long/
long=$(echo long/*)
rm "$long"/{manifest.json,result.json,report.txt,run.pcapng}
{
	head -c 24 "$pcap"
	printf '\0\0\0\0\0\0\0\0\xe0\x93\x04\0\xe0\x93\x04\0'
	head -c 300000 /dev/zero
} >"$long/capture/client-2.lan.pcap"
exits 3 "$LAB" report "$long"
like "$out" 'packets in 3 files, dropped by kernel 0 \(cut: client-2.lan\)' 'a report names the capture that is cut'
is "$(jq -c '.captures[] | select(.is_cut) | [.file, .packets]' "$long/result.json")" '["client-2.lan",0]' \
	'and so does the result'
is "$(tcpdump -nr "$long/run.pcapng" 2>/dev/null | wc -l)" \
	"$(jq '[.captures[].packets] | add' "$long/result.json")" 'what can be read is merged'
exits 3 "$LAB" analyze "$long/capture/client-2.lan.pcap"
like "$out" 'client-2.lan.pcap: cut: it ends inside a packet, or what follows is none' 'of the file alone too'

name=$T/$'\033[31m.pcap'
cp "$pcap" "$name"
exits 1 "$LAB" analyze "$name" "$pcap"
unlike "$out" $'\033' 'the name of a file reaches the terminal without escapes'
done_testing
