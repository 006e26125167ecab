#!/bin/bash
# The ssh backend against real sshd's: the same verdicts and the same traces as on netns, whoever
# carries the bytes and whoever captures; nothing is left.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
hosts web-1 web-2 web-3
cp -r "$SRC/scenarios" .
bound=(--bind server=web-1 --bind client-1=web-2 --bind client-2=web-3)
cat >fleet.ini <<'INI'
[machines]
web-1 = role=server
web-2 = role=client
web-3 = role=client
INI

# value NAME FILE: of the line "verdict=... confidence=... trace=..."
value() {
	grep '^verdict=' "$2" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

is_idle() {
	[ -z "$(processes_on "$1")" ]
}

# same NAME MACHINES...: one scenario on machines and on netns
declare -A here # of netns: "VERDICT TRACE" by scenario
same() {
	local name=$1 sentence
	shift
	sentence="$name $*"
	if [ -z "${here[$name]:-}" ]; then
		"$LAB" run "$name" -b netns >here.out 2>&1
		here[$name]="$(value verdict here.out) $(value trace here.out)"
		like "${here[$name]}" '^[a-z.-]+ [0-9a-f]{12}' "$name has a verdict and a trace on netns"
	fi
	forget web-1
	"$LAB" run "$name" "$@" >there.out 2>&1
	is "$?" 0 "$sentence ends as expected" || comment <there.out
	is "$(value verdict there.out) $(value trace there.out)" "${here[$name]}" \
		"$sentence: the same verdict and trace"
}

same refused "${bound[@]}"
for transport in libssh2 openssh; do
	for engine in packet tcpdump; do
		same refused --inventory fleet.ini --transport "$transport" --engine "$engine"
	done
	for name in ok-tcp refused-bound-localhost refused-wrong-port; do
		same "$name" --inventory fleet.ini --transport "$transport"
	done
	for name in refused-firewall-reset timeout-drop-input; do
		if type -P nft >/dev/null; then
			same "$name" --inventory fleet.ini --transport "$transport"
		else
			skip 'no nft' 2
		fi
	done
done

# ---- clocks
clock_of() {
	jq -c --arg name "$1" '.hosts[] | select(.name == $name) | [.bound_ns, .host_minus_controller_ns]' \
		runs/*/manifest.json
}
exits 0 "$LAB" run ok-tcp --inventory fleet.ini -o runs
is "$(clock_of server)" '[0,0]' 'a machine with our own clock is not off'
rm -r runs
echo 01234567-89ab-cdef-0123-456789abcdef >boot_id
on web-1 mount --bind "$PWD/boot_id" /proc/sys/kernel/random/boot_id
exits 0 "$LAB" run ok-tcp --inventory fleet.ini -o runs
t 'one with a clock of its own is off by no more than a ping took' \
	jq -e '.hosts[] | select(.name == "server") |
		0 < .bound_ns and .bound_ns < 1e9 and (.host_minus_controller_ns | fabs) <= .bound_ns' \
	runs/*/manifest.json
on web-1 umount /proc/sys/kernel/random/boot_id

# ---- needs that a machine lacks
hide() { # NAME PROGRAM: it is not installed there
	on "$1" mount --bind /dev/null "$(type -P "$2")"
}
if type -P nft >/dev/null; then
	hide web-1 nft
	exits 4 "$LAB" run refused-firewall-reset --inventory fleet.ini
	like "$err" 'web-1: nft is not installed' 'the machine that lacks it is named, with the package'
	like "$err" 'lab doctor HOST\.\.\.' 'and that the doctor is asked about machines'
	unlike "$err" 'left behind' 'and no words about a run that was none'
	exits 0 "$LAB" run refused --inventory fleet.ini -q
fi
hide web-2 tcpdump
exits 4 "$LAB" run refused --inventory fleet.ini --engine tcpdump

for name in web-1 web-2 web-3; do
	within 5 is_idle "$name"
	is "$(processes_on "$name")" '' "no process is left on $name"
	is "$(on "$name" nft list tables 2>/dev/null | grep lab)" '' "and no table"
done
is "$(ls -d /run/lab-* /var/tmp/lab-journal-* 2>/dev/null)" '' 'and no journal'
done_testing
