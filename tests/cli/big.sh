#!/bin/bash
# Many hosts on one link: 100 here, HOSTS=N for more (1000 is what the format takes). They come up,
# carry packets, are told in one line, and go, whatever ends the run.
# alone
. "$(dirname "$0")/../lib.sh"
hosts=${HOSTS:-100}
mkdir scenarios
cat >scenarios/big.ini <<'INI'
[lab]
format = 1
title  = Nobody listens, among many hosts

[params]
port = 1234
n    = 9
last = 9

[hosts]
server =
client = count=${n}

[captures]
server = off
client = off

[control]
serve = server        tcp.serve ${port}
alice = client-1      tcp.connect server:${port}        -> ok
other = client-${last} tcp.connect server:${port}       -> ok

[fault]
stop  = server        tcp.stop serve
carol = client-${last} tcp.connect server:${port}       -> ECONNREFUSED

[expect]
verdict    = refused.no-listener on carol
confidence = likely
INI
many=(--set n=$((hosts - 1)) --set last=$((hosts - 1)))

exits 0 "$LAB" check scenarios/big.ini "${many[@]}"
exits 2 "$LAB" check scenarios/big.ini --set n=1001
like "$err" 'big\.ini:12:16: .*count: 1001 is not a number from 1 to 1000' 'too many are told with line and column'
exits 2 "$LAB" check scenarios/big.ini --set n=0
exits 0 "$LAB" show big "${many[@]}"
like "$out" "server, client-1 to client-$((hosts - 1))" 'lab show tells a group in one go'
exits 0 "$LAB" plan big "${many[@]}" -b netns
like "$out" "hosts client-1 to client-$((hosts - 1)) " 'so does lab plan'
unlike "$out" 'client-2 ' 'and no host of it by itself'
like "$out" 'no captures' 'nothing is captured'

# whole RUNNER...: the run as somebody, its verdict and what stays
whole() {
	exits 0 "$@" run "$dir/scenarios/big.ini" "${many[@]}" -b netns -o "$dir/runs" --json
	is "$(jq -r .verdict <<<"$out")" refused.no-listener "$hosts hosts: the last one is refused"
	t "$hosts hosts: no network namespace is left" no_namespaces
}

# lab_of PID: lab itself, where a shell stands around it
lab_of() {
	local children=
	[ "$(cat "/proc/$1/comm")" = lab ] || read -r children <"/proc/$1/task/$1/children"
	echo "${children:-$1}"
}

# killed RUNNER...: SIGKILL while all hosts are up and wait
killed() {
	local line
	rm -f gate said
	mkfifo gate said
	exec 5<>gate
	"$@" run "$dir/scenarios/big.ini" "${many[@]}" -b netns -o "$dir/killed" --pause control \
		<gate >/dev/null 2>said &
	pid=$!
	read -rt 60 line <said
	like "$line" '^paused after control' "$hosts hosts are up, and held"
	t 'there are namespaces now' test "$(namespaces | wc -l)" -ge "$hosts"
	kill -KILL "$(lab_of "$pid")"
	wait "$pid" 2>/dev/null
	exec 5>&-
	t "SIGKILL of lab: $hosts hosts end, and so do their namespaces" no_namespaces
}

# Each capture is a file: that run has more of them than a soft limit of 256 allows.
{
	sed '/^\[captures\]/,/^$/d' scenarios/big.ini | sed '/^confidence/d'
	printf '[links]\n'
	printf 'l%d = server client\n' 1 2 3 4 5 6 7 8
} >captures.ini
exits 0 "$LAB" check ./captures.ini --set n=254 --set last=1
exits 2 "$LAB" check ./captures.ini --set n=256 --set last=1
like "$err" '2056 captures, 2048 at most' 'too many captures are told before there are hosts'
{
	cat captures.ini
	printf 'k%d = server client\n' 1 2 3 4 5 6 7 8 9
} >links.ini
exits 2 "$LAB" check ./links.ini
like "$err" 'links\.ini:11:1: .*server: captures on 17 links, 16 at most' 'and so are too many of one host'
printf '[captures]\nserver = off\nclient = off\n' >>links.ini
exits 0 "$LAB" check ./links.ini
if "$LAB" doctor -b netns >/dev/null 2>&1; then
	exits 0 bash -c 'ulimit -Sn 256; exec "$@"' - "$LAB" run ./captures.ini --set n=40 --set last=40 \
		-b netns -q -o "$T/many"
	exits 0 bash -c 'ulimit -Sn 256; exec "$@"' - "$LAB" report "$T"/many/* -q
else
	skip 'no namespaces here' 2
fi

if ! type -P jq >/dev/null; then
	skip 'no jq to read the result' 12
	done_testing
fi
dir=$T
if "$LAB" doctor -b netns >/dev/null 2>&1; then
	whole "$LAB"
	killed "$LAB"
else
	skip 'no namespaces here' 6
fi
if [ "$(id -u)" -ne 0 ]; then
	skip 'the user is an ordinary one already' 6
elif user_can "$LAB" doctor -b netns; then
	dir=$(user_folder)
	cp scenarios/big.ini "$dir/scenarios/"
	whole as_user "$LAB"
	killed as_user "$LAB"
else
	skip 'no namespaces for an ordinary user here' 6
fi
done_testing
