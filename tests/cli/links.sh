#!/bin/bash
# [links] mtu=, rate=, loss=: what a scenario asks of its cables holds in the run.
. "$(dirname "$0")/../lib.sh"

with_links() { # FILE LINE...: the plain exchange over these links
	local file=$1
	shift
	sed '/^\[control\]/,$d' "$SRC/scenarios/ok-tcp.ini" >"$file"
	printf '%s\n' '[links]' "$@" >>"$file"
	sed -n '/^\[control\]/,$p' "$SRC/scenarios/ok-tcp.ini" >>"$file"
}

with_links plain.ini 'lan = server client'
with_links slow.ini 'lan = server client mtu=1400 rate=10mbit loss=0.5%'
with_links mtu.ini 'lan = server client mtu=1400'
with_links rate.ini 'lan = server client rate=10mbit'

exits 0 "$LAB" plan ./slow.ini -b netns
like "$out" 'link lan  10\.7\.0\.0/24  mtu 1400  rate 10mbit  loss 0\.5%' 'the plan shows them'
exits 0 "$LAB" show ./slow.ini
like "$out" 'needs +firewall' 'a loss needs nft, and says so'
for word in mtu=1400 rate=10mbit loss=5%; do
	with_links one.ini "lan = server client $word"
	exits 4 "$LAB" run ./one.ini -b loopback -o "$T/runs" -q
	like "$err" "does not run on loopback: ${word%%=*}= of link lan" "loopback refuses $word"
done

mkdir scenarios
sed -i 's/^family = .*/family = cable/' slow.ini plain.ini
cp slow.ini plain.ini scenarios/
exits 0 "$LAB" run all --tag cable -b loopback -o "$T/runs" -q
like "$out$err" 'skipped: slow does not run on loopback' 'among many it is skipped, with the reason'
exits 0 "$LAB" list -b loopback
like "$out" $'slow\t.*hosts share one lo' 'lab list tells it beforehand'

if "$LAB" run ./plain.ini -b netns -o "$T/runs" -q 2>&1 | grep -q '^lab: error: netns'; then
	skip 'no network namespaces here'
	done_testing
fi

exits 0 "$LAB" run ./mtu.ini -b netns -o "$T/runs" -q
exits 0 "$LAB" run ./rate.ini -b netns -o "$T/runs" --json
like "$out" '"verdict": "ok"' 'a slow link is no fault'
like "$out" '"confidence": "proven"' 'and the three witnesses agree'
slow_hash=$(grep -o '"trace_hash": "[^"]*"' <<<"$out")
isnt "$slow_hash" '' 'it has a trace'
exits 0 "$LAB" run ./plain.ini -b netns -o "$T/runs" --json
is "$(grep -o '"trace_hash": "[^"]*"' <<<"$out")" "$slow_hash" 'its trace is that of a fast one'
user=$(user_folder)
cp rate.ini "$user/"
t 'the same as an ordinary user' as_user "$LAB" run "$user/rate.ini" -b netns -o "$user/runs" -q

# Only the second link loses: the control's exchange on the first one is whole.
cat >lossy.ini <<'END'
[lab]
format = 1
title  = Connection timed out: the cable loses every packet
[hosts]
server =
client =
[links]
good = server client
bad  = server client loss=100%
[control]
serve = server tcp.serve 1234
alice = client tcp.connect server:1234 messages=3              -> ok
[fault]
carol = client tcp.connect server.bad:1234 syn-retries=1       -> ETIMEDOUT within 2.9s..3.5s
[recovery]
dave  = client tcp.connect server:1234                         -> ok
[expect]
verdict     = timeout on carol
wire        = C>S [S] 2+
wire@server = nothing
END
if [ -x /usr/sbin/nft ] || command -v nft >/dev/null; then
	"$LAB" run ./lossy.ini -b netns -o "$T/lossy" >out.txt 2>&1
	like "$(cat out.txt)" 'fault ok carol client ETIMEDOUT' 'a link that loses all times out'
	like "$(cat out.txt)" 'control ok alice client established' 'another link loses nothing'
	like "$(cat out.txt)" 'recovery ok dave client established' 'neither before nor after'
	like "$(cat out.txt)" 'verdict=timeout' 'and that is what the diagnosis finds'
	unlike "$(cat out.txt)" '✗ wire' 'the client sent its SYN again, the server saw nothing'
	inject=$B/tests/inject calls=$T/calls
	if [ -x "$inject" ] && "$inject" -o saw -l "$calls" "$LAB" run ./lossy.ini -b netns -q -o "$T/seen" &>"$T/why" &&
		[ -s "$calls" ]; then
		keeper=$(awk '$1 ~ /^0\.[0-9]+\.[0-9]+$/ { sub(/\.[0-9]+$/, "", $1); print $1; exit }' "$calls")
		"$inject" -o saw -r "$keeper.1" -c ioctl -n 1 -s 9 "$LAB" run ./lossy.ini -b netns -q \
			-o "$T/killed" &>out.txt
		like "$(cat out.txt)" 'host server: ended before it was up' \
			'a host killed behind the rules of a loss is heard of at once'
	else
		skip 'tests/inject is not built, or may not trace here'
	fi
else
	skip 'no nft' 6
fi
is "$(no_namespaces)" '' 'nothing is left'
done_testing
