#!/bin/bash
# times=N: connections one after the other, counted; each is a connection of its own in the analysis.
. "$(dirname "$0")/../lib.sh"

play() { # FILE STEPS...: of the fault
	local file=$1
	shift
	cat >"$file" <<-END
		[lab]
		format = 1
		title  = several connections
		[hosts]
		server =
		client-1 =
		client-2 =
		[control]
		serve = server tcp.serve 1234
		many  = client-1 tcp.connect server:1234 times=20 messages=2 -> ok 20 to server
		[fault]
		stop  = server tcp.stop serve
		$(printf '%s\n' "$@")
		carol = client-2 tcp.connect server:1234 -> ECONNREFUSED
		[expect]
		verdict = refused.no-listener on carol
	END
}

play good.ini 'none = client-1 tcp.connect server:1234 times=20 -> ECONNREFUSED 20' \
	'far = client-2 tcp.connect server:1234 times=20 &' 'gone = wait far -> ok 0, ECONNREFUSED 15..20'
for backend in netns loopback; do
	exits 0 "$LAB" run ./good.ini -b $backend -o "$T/$backend"
	like "$out" 'many client-1 20 connections to server: ok 20' "$backend: twenty connections"
	like "$out" 'none client-1 20 connections to server: ECONNREFUSED 20' "$backend: twenty refusals"
	like "$out" 'far: 20 connections to server: ECONNREFUSED 20' "$backend: from the background too"
	run=$(echo "$T/$backend"/*)
	is "$(grep -c '"kind":"message"' "$run/events.ndjson")" 40 "$backend: each was heard twice"
	# nobody looked between the steps, so not every refusal is proven: then it ends 1
	"$LAB" analyze "$run" --json >found.json
	is "$(jq -c '[.connections[] | .name + " " + .result] | group_by(.) | map([.[0], length])' \
		found.json)" \
		'[["carol ECONNREFUSED",1],["far ECONNREFUSED",20],["many ok",20],["none ECONNREFUSED",20]]' \
		"$backend: each is a connection of its own"
	is "$(jq '[.connections[] | [.client_file, (.evidence[] | select(.witness == "wire") |
		.sources[0] | select(.file != "server.lan") | .first)]] | unique | length' \
		found.json)" 61 "$backend: with packets of its own"
done
exits 0 "$LAB" run ./good.ini --repeat 3 -b netns -o "$T/again"
like "$out" 'one trace hash' 'three runs, one trace hash'

play few.ini 'none = client-1 tcp.connect server:1234 times=20 -> ok 7..13'
exits 1 "$LAB" run ./few.ini -b netns -o "$T/few"
like "$out" 'expected ok 7\.\.13: got ECONNREFUSED 20: ok 0 is not 7\.\.13' \
	'what was counted instead is told'
# half of all SYNs are dropped, and their repetition comes too late
play half.ini 'back = server tcp.serve 1234' \
	'cut = server firewall input drop tcp dport 1234 tcp flags syn numgen inc mod 2 0' \
	'half = client-1 tcp.connect server:1234 times=10 timeout=200ms messages=1 -> TIMEOUT 5, ok 3..7' \
	'mend = heal cut' 'end = server tcp.stop back'
if "$LAB" doctor | grep -q '✓ firewall'; then
	exits 0 "$LAB" run ./half.ini -b netns -o "$T/half"
	like "$out" 'half client-1 10 connections to server: TIMEOUT 5, ok 5' \
		'different results are counted, equal counts by name'
else
	skip 'no firewall here' 2
fi
play all.ini 'none = client-1 tcp.connect server:1234 times=20 -> ok'
exits 1 "$LAB" run ./all.ini -b netns -o "$T/all"
like "$out" 'expected ok: got ECONNREFUSED 20' 'ok without a number is all of them'
sed 's/^carol.*/carol = client-2 tcp.connect server:1234 times=2 -> ECONNREFUSED 2/' good.ini >twice.ini
exits 2 "$LAB" check ./twice.ini
like "$err$out" 'carol connects 2 times: the step judged connects once' 'the step judged connects once'
done_testing
