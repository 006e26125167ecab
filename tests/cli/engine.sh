#!/bin/bash
# engine=tcpdump and --engine: the host's own tcpdump captures, and nothing else changes.
# alone
. "$(dirname "$0")/../lib.sh"
cp -r "$SRC/scenarios" "$T/scenarios"

PATH=$PATH:/usr/sbin:/sbin command -v tcpdump >/dev/null || skip_all 'tcpdump is not installed'

hash_of() {
	jq -r .trace_hash <<<"$1"
}
# engines DIR: which captured in the run there, one a line
engines() {
	jq -r '.captures[].engine' "$1"/*/manifest.json | sort -u
}

# One trace and one verdict, whoever captures and wherever.
exits 0 "$LAB" run refused -b netns -o packet --json
want=$(hash_of "$out")
for backend in netns loopback; do
	exits 0 "$LAB" run refused -b "$backend" --engine tcpdump -o "dump-$backend" --json
	is "$(hash_of "$out")" "$want" "$backend: the trace is the packet engine's"
	is "$(jq -r '.verdict + " " + .confidence' <<<"$out")" 'refused.no-listener proven' \
		"$backend: and so is the verdict"
	is "$(engines "dump-$backend")" tcpdump "$backend: the manifest names the engine"
done
version=$(tcpdump --version 2>&1 | head -n 1)
like "$(jq -r '.captures[0].version' dump-netns/*/manifest.json)" "^${version//./\\.}, libpcap " \
	'and the version of tcpdump and of libpcap'
is "$(jq -c '[.captures[].dropped]' dump-netns/*/manifest.json)" '[0,0,0]' 'nothing was dropped'
is "$(grep -c '"engine": *"tcpdump"' dump-netns/*/plan.json)" 3 'the plan has it for each host'
t 'its files are read as any other' "$LAB" report dump-netns/*/ -q

# The scenario may ask for it, a host alone; the command line counts more.
sed 's/^\[control\]/[captures]\nserver = engine=tcpdump\nclient-1 =\n\n[control]/' \
	scenarios/refused.ini >asks.ini
exits 0 "$LAB" run ./asks.ini -b netns -o asks -q
is "$(jq -c '[.captures[] | [.file, .engine]] | sort' asks/*/manifest.json)" \
	'[["client-1.lan","packet"],["server.lan","tcpdump"]]' 'engine= of one host is that host'"'"'s'
exits 0 "$LAB" run ./asks.ini -b netns --engine packet -o over -q
is "$(engines over)" packet '--engine overrides engine='
LAB_ENGINE=tcpdump exits 0 "$LAB" run refused -b netns -o env -q
is "$(engines env)" tcpdump 'LAB_ENGINE is the default of --engine'
exits 2 "$LAB" run refused --engine dumpcap
like "$err" 'packet\|tcpdump' 'another engine is refused with the choices'
sed 's/engine=tcpdump/engine=dumpcap/' asks.ini >wrong.ini
exits 2 "$LAB" check ./wrong.ini
like "$err" 'wrong.ini:[0-9]+:[0-9]+: error: .*packet' 'and in a scenario, with its place'
exits 0 "$LAB" plan refused --engine tcpdump
is "$(grep -c '^capture .*tcpdump' <<<"$out")" 3 'lab plan says who captures'

# Nothing is left, not even a zombie's parent: tcpdump ends with its agent.
exits 0 "$LAB" run refused -b netns --engine tcpdump -o left
like "$err" 'left behind: nothing' 'nothing is left behind'

# A filter is one argument of tcpdump's, whatever stands in it.
sed 's/^\[control\]/[captures]\nserver = filter="tcp and (port ${port} or port 9)" engine=tcpdump\nclient-1 = engine=tcpdump\n\n[control]/' \
	scenarios/refused.ini >filter.ini
exits 3 "$LAB" run ./filter.ini -b netns --engine packet -o filter -q
want_filtered=$out
exits 3 "$LAB" run ./filter.ini -b netns -o filter-dump -q
is "$out" "$want_filtered" 'a filter weakens a proof as it does with the packet engine'
is "$(engines filter-dump)" tcpdump 'and tcpdump has it'
is "$(tcpdump -nr filter-dump/*/capture/server.lan.pcap not tcp 2>/dev/null | wc -l)" 0 \
	'the filter lets only its packets pass'
t 'and these it does' test "$(tcpdump -nr filter-dump/*/capture/server.lan.pcap 2>/dev/null | wc -l)" -gt 10

# The first SYN and the last RST are there in every run.
exits 0 "$LAB" run refused --repeat 10 -j 2 -b netns --engine tcpdump -o many
like "$out" 'one trace hash' 'ten runs, one trace hash'
whole=0
for run in many/*/; do
	first=$(tcpdump -nr "$run/capture/client-1.lan.pcap" -c 1 tcp 2>/dev/null)
	last=$(tcpdump -nr "$run/capture/client-1.lan.pcap" 'tcp[tcpflags] & tcp-rst != 0' 2>/dev/null)
	[[ $first == *'Flags [S],'* && $last == *'Flags [R.]'* ]] && whole=$((whole + 1))
done
is "$whole" 10 'in 10 of 10 runs the first SYN and the RST are captured'

# A tcpdump that does not do its part: never a verdict that rests on it.
mkdir bin
fake() {
	cat >bin/tcpdump
	chmod 755 bin/tcpdump
}
# $1 tells which: the run's own tcpdump is asked with --immediate-mode
fake <<'FAKE'
#!/bin/sh
[ "$1" = --version ] && { echo 'tcpdump version 0.0'; exit; }
echo 'tcpdump: unrecognized option --immediate-mode' >&2
exit 1
FAKE
PATH=$T/bin:$PATH exits 5 "$LAB" run refused -b netns --engine tcpdump -o fake1
like "$err" 'unrecognized option --immediate-mode' 'what it complains of is told in its own words'
fake <<'FAKE'
#!/bin/sh
[ "$1" = --version ] && { echo 'tcpdump version 0.0'; exit; }
echo 'tcpdump: listening on eth0, link-type EN10MB (Ethernet)' >&2
echo 'this is no capture, and what follows is absurd'
exec cat
FAKE
PATH=$T/bin:$PATH exits 3 "$LAB" run timeout-drop-input -b netns --engine tcpdump -o fake2 --json
like "$err" 'no pcap stream' 'a stream that is none is refused'
is "$(jq -c '[.captures[].dropped] | unique' fake2/*/manifest.json)" '[null]' \
	'and how much was lost is not known'

# Drops: the smallest ring and a flood. Absence in such a capture proves nothing, so the verdict is
# no proof any more. Whether the kernel drops is its own affair: several tries.
cat >flood.ini <<'INI'
[lab]
format = 1
title = The smallest ring and a flood

[hosts]
server =
client =

[captures]
server = engine=tcpdump buffer=64k
client = engine=tcpdump buffer=64k

[control]
serve = server tcp.serve 1234 backlog=128
f1    = client tcp.connect server:1234 times=300 messages=3 &
f2    = client tcp.connect server:1234 times=300 messages=3 &
f3    = client tcp.connect server:1234 times=300 messages=3 &
f4    = client tcp.connect server:1234 times=300 messages=3 &
w1    = wait f1 -> ok
w2    = wait f2 -> ok
w3    = wait f3 -> ok
w4    = wait f4 -> ok

[fault]
cut   = server firewall input drop tcp dport 1234
carol = client tcp.connect server:1234 syn-retries=1 -> ETIMEDOUT

[expect]
verdict = timeout.dropped on carol
INI
dropped=0
for try in 1 2 3 4 5; do
	"$LAB" run ./flood.ini -b netns -o "flood$try" --json >"$T/flood" 2>/dev/null
	status=$?
	dropped=$(jq '[.captures[].dropped] | add' "flood$try"/*/manifest.json)
	[ "$dropped" -eq 0 ] || break
done
t "packets that found no room are counted ($dropped)" test "$dropped" -gt 0
is "$status" 3 'and what rests on their absence is no proof: exit status 3'
isnt "$(jq -r .confidence "$T/flood")" proven 'nor is it called one'
like "$(jq -r '.missing[].what' "$T/flood")" 'dropped [0-9]+ packets' 'which is what the report says'

# Without tcpdump nothing is run, and the package is named.
hidden() {
	mount --bind /dev/null "$(type -P tcpdump)" && exec "$@"
}
export -f hidden
enter=(unshare -m)
[ "$(id -u)" -eq 0 ] || enter=(unshare -U --map-root-user -m)
if "${enter[@]}" bash -c 'hidden true' 2>/dev/null; then
	without=("${enter[@]}" bash -c 'hidden "$@"' hidden)
	exits 4 "${without[@]}" "$LAB" run refused -b netns --engine tcpdump
	like "$err" 'needs tcpdump.*apt-get install -y tcpdump' 'what is missing is named, with its package'
	exits 4 "${without[@]}" "$LAB" run ./asks.ini -b netns
	exits 0 "${without[@]}" "$LAB" run ./asks.ini -b netns --engine packet -o without -q
	exits 0 "${without[@]}" "$LAB" doctor
	like "$out" 'apt-get install -y tcpdump' 'lab doctor tells what mends it'
else
	skip 'no mount namespace here' 6
fi

# An ordinary user gets the same.
if user_can "$LAB" version && as_user unshare -Un true 2>/dev/null; then
	cd "$(user_folder)" || exit 1
	for backend in netns loopback; do
		exits 0 as_user "$LAB" run refused -b "$backend" --engine tcpdump \
			-o "$T/user/$backend" --json
		is "$(hash_of "$out") $(jq -r .confidence <<<"$out")" "$want proven" \
			"$backend: an ordinary user gets the same trace and a proof"
		is "$(jq -c '[.captures[] | [.engine, .dropped]] | unique' "$T/user/$backend"/*/manifest.json)" \
			'[["tcpdump",0]]' "$backend: with tcpdump"
	done
	cd "$T" || exit 1
else
	skip 'no namespaces for ordinary users here' 6
fi

# Every scenario has the verdict and the trace that it has with the packet engine.
for file in scenarios/*.ini; do
	name=$(basename "$file" .ini)
	"$LAB" run "$name" -b netns -o all-packet --json >"$T/one" 2>/dev/null
	[ $? -ne 4 ] || continue
	exits 0 "$LAB" run "$name" -b netns --engine tcpdump -o all-dump --json
	is "$(jq -c '[.verdict, .confidence, .trace_hash]' <<<"$out")" \
		"$(jq -c '[.verdict, .confidence, .trace_hash]' "$T/one")" "$name: the same with both engines"
done
done_testing
