#!/bin/bash
# The blindness laws with real runs: the verdict follows what happened, never what a file is called
# or what it expects.
. "$(dirname "$0")/../lib.sh"

head='[lab]
format = 1
title = a law
[hosts]
server =
client-1 =
client-2 =
'
control='[control]
serve = server tcp.serve 1234
alice = client-1 tcp.connect server:1234 -> ok
'
stop='[fault]
stop = server tcp.stop serve
carol = client-1 tcp.connect server:1234 -> ECONNREFUSED
'
reset='[fault]
cut = server firewall input reset tcp dport 1234
carol = client-1 tcp.connect server:1234 -> ECONNREFUSED
'
expect() {
	printf '[expect]\nverdict = %s on carol\n' "$1"
}

{ printf '%s' "$head$control$stop" && expect refused.firewall-reset; } >a.ini
{ printf '%s' "$head$control$reset" && expect refused.no-listener; } >b.ini
exits 1 "$LAB" run ./a.ini -b netns -o "$T/runs" -q
like "$out" 'refused.no-listener' 'a stopped server that should be a firewall is found out'
exits 1 "$LAB" run ./b.ini -b netns -o "$T/runs" -q
like "$out" 'refused.firewall-reset' 'a firewall that should be a stopped server is found out'

# the same with every name replaced: the verdicts stay
for pair in 'a refused.no-listener' 'b refused.firewall-reset'; do
	set -- $pair
	sed -e 's/client-1/x1/g' -e 's/client-2/x2/g' -e 's/server/x3/g' -e 's/serve /x4 /' \
		-e 's/serve$/x4/' -e 's/alice/x5/g' -e 's/^stop/x6/' -e 's/^cut/x7/' \
		-e 's/carol/x8/g' -e "s/verdict = .* on/verdict = $2 on/" "$1.ini" >"x9$1.ini"
	exits 0 "$LAB" run "./x9$1.ini" -b netns -o "$T/runs" -q
	like "$out" "$2 \(proven\)" "$1.ini with all names replaced gives the same verdict"
done

# faults that miss: on the wrong port nothing fails, and that is no pass
sed 's/dport 1234/dport 4321/' b.ini >miss.ini
exits 1 "$LAB" run ./miss.ini -b netns -o "$T/runs" -q
sed 's/-> ECONNREFUSED/-> ok/' miss.ini >miss-ok.ini
exits 1 "$LAB" run ./miss-ok.ini -b netns -o "$T/runs" -q

# each witness file removed in turn: never a `proven` that needs it
exits 0 "$LAB" run ./x9a.ini -b netns -o "$T/proven" -q
run=$(ls -d "$T"/proven/*)
for witness in capture/x1.lan.pcap capture/x3.lan.pcap events.ndjson; do
	cp -r "$run" "$T/cut"
	rm "$T/cut/$witness"
	exits 3 "$LAB" report "$T/cut" -q
	unlike "$out" '\(proven\)' "without $witness nothing is proven"
	rm -rf "$T/cut"
done
for kind in socket counter ruleset; do
	cp -r "$run" "$T/cut"
	grep -Ev "\"kind\": ?\"${kind}s?\"" "$run/events.ndjson" >"$T/cut/events.ndjson"
	exits 3 "$LAB" report "$T/cut" -q
	if [ "$kind" = ruleset ]; then
		like "$out" 'refused\.no-listener' 'without rulesets a stopped server is still judged'
	else
		unlike "$out" '\(proven\)' "without $kind events nothing is proven"
	fi
	rm -rf "$T/cut"
done
# a raw file that was altered after the run, by one byte, is no evidence any more
for file in events.ndjson capture/x3.lan.pcap steps.ndjson; do
	cp -r "$run" "$T/altered"
	sed -i '1s/$/ /' "$T/altered/$file"
	exits 3 "$LAB" report "$T/altered"
	like "$out" "$file was altered" "an altered $file is named"
	rm -rf "$T/altered"
done
done_testing
