#!/bin/bash
# The demo as people script it: ip netns, tcpdump on each of three hosts, python3, ss. Waits for
# events alone (pipes), and its captures are whole: --immediate-mode with -U.   demo.sh DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
run=labbench$$ port=1234
python=(/usr/bin/python3 -I)
cleanup() {
	local left
	left=$(jobs -p)
	[ -z "$left" ] || kill $left 2>/dev/null || true
	for host in server client-1 client-2 switch; do
		ip netns del "$run-$host" 2>/dev/null || true
	done
}
trap cleanup EXIT
trap 'exit 1' INT TERM

in_host() {
	local host=$1
	shift
	exec ip netns exec "$run-$host" "$@"
}

ip netns add "$run-switch"
ip -n "$run-switch" link add br0 type bridge
ip -n "$run-switch" link set br0 up
number=0
for host in server client-1 client-2; do
	number=$((number + 1))
	ip netns add "$run-$host"
	ip -n "$run-switch" link add "p$number" type veth peer name eth0 netns "$run-$host"
	ip -n "$run-$host" link set lo up
	ip -n "$run-$host" addr add "10.7.0.$number/24" dev eth0
	ip -n "$run-$host" link set eth0 up
	ip -n "$run-switch" link set "p$number" master br0 up
done

# Both at the same time; ready when each says that it listens.
declare -A capture_out capture_pid
for host in server client-1 client-2; do
	exec {out}< <(in_host "$host" tcpdump --immediate-mode -U -B 8192 -Z root -n -i eth0 \
		-w "$host.pcap" 2>&1)
	capture_out[$host]=$out capture_pid[$host]=$!
done
for host in server client-1 client-2; do
	while read -r line <&"${capture_out[$host]}"; do
		[[ $line == *'listening on'* ]] && break
	done
done

serve() {
	exec {server_out}< <(in_host server "${python[@]}" "$here/server.py" 10.7.0.1 $port)
	server_pid=$!
	read -r line <&"$server_out"
	[ "$line" = ready ]
}
serve
mkfifo hold
exec 9<>hold # nobody writes: the clients keep their connections
exec {alice_out}< <(in_host client-1 "${python[@]}" "$here/client.py" 10.7.0.1 $port 3 keep <hold)
alice_pid=$!
read -r alice <&"$alice_out"
exec {bob_out}< <(in_host client-2 "${python[@]}" "$here/client.py" 10.7.0.1 $port 3 keep <hold)
bob_pid=$!
read -r bob <&"$bob_out"
before=$(in_host server ss -Htan "sport = :$port")
kill "$server_pid"
wait "$server_pid" || true
after=$(in_host server ss -Htan "sport = :$port")
carol=$(in_host client-1 "${python[@]}" "$here/client.py" 10.7.0.1 $port 0)
serve
dave=$(in_host client-1 "${python[@]}" "$here/client.py" 10.7.0.1 $port 0)

kill -INT "${capture_pid[@]}"
for host in server client-1 client-2; do
	wait "${capture_pid[$host]}" || true
done
syn=$(tcpdump -nr client-1.pcap 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn' 2>/dev/null | wc -l)
rst=$(tcpdump -nr client-1.pcap 'tcp[tcpflags] & tcp-rst != 0' 2>/dev/null | wc -l)
verdict=wrong
[ "$alice $bob $carol $dave" = 'ok ok ECONNREFUSED ok' ] &&
	[ "$(grep -c ^ESTAB <<<"$before")" = 2 ] && [[ $before == *LISTEN* ]] &&
	[[ $after != *LISTEN* ]] && [ "$syn" -ge 3 ] && [ "$rst" -ge 1 ] && verdict=refused
echo "verdict=$verdict carol=$carol syn=$syn rst=$rst"
kill "$server_pid" "$alice_pid" "$bob_pid" 2>/dev/null || true
wait
[ $verdict = refused ]
