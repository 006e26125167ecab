#!/bin/bash
# N hosts on one bridge by ip -batch: one ip for all namespaces, one for the switch, one a host.
# No process in them.   hosts_batch.sh N
set -eu
count=$1 run=labbench$$
names=("$run-switch")
for ((i = 0; i < count; i++)); do
	names+=("$run-$i")
done
remove() {
	printf 'netns del %s\n' "${names[@]}" | ip -force -batch - 2>/dev/null || true
}
trap remove EXIT
trap 'exit 1' INT TERM

printf 'netns add %s\n' "${names[@]}" | ip -batch -
{
	echo 'link add br0 type bridge'
	echo 'link set br0 up'
	for ((i = 0; i < count; i++)); do
		echo "link add p$i type veth peer name eth0 netns $run-$i"
		echo "link set p$i master br0 up"
	done
} | ip -n "$run-switch" -batch -
for ((i = 0; i < count; i++)); do
	printf 'link set lo up\naddr add 10.7.%d.%d/16 dev eth0\nlink set eth0 up\n' \
		$((i >> 8)) $((i & 255)) | ip -n "$run-$i" -batch -
done
echo "created hosts=$count"

# The switch sees each link go; its own namespace is the last.
exec {links}< <(exec ip -n "$run-switch" -o monitor link)
monitor=$!
printf 'netns del %s\n' "${names[@]:1}" | ip -batch -
while [ -n "$(ip -n "$run-switch" -br link show type veth)" ]; do
	read -r -t 1 _ <&"$links" || true
done
kill "$monitor"
wait "$monitor" 2>/dev/null || true
echo "gone hosts=$count"
