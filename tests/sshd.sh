# Real sshd's for black-box tests: every host has network, mount and host name of its own, behind
# one bridge; the test itself is the controller, at 10.9.0.254. A test sources this file first:
#   . "$(dirname "$0")/../sshd.sh"
# It plays the test again inside namespaces of the test's own, which take everything with them; then
# it is tests/lib.sh and these:
#   hosts NAME...       machines at 10.9.0.1, .2 ..., with sshd on port 22, in ~/.ssh/config by name
#   machine NAME ADDRESS/LEN...  one machine more, at these addresses, known to nobody
#   on NAME COMMAND...  a command there, beside sshd and not through it
#   sshd_start NAME [LINE...]  sshd there (again), with lines of sshd_config that count more
#   sshd_stop NAME      sshd there ends, with all its sessions
#   cable NAME up|down  its link
#   listener NAME       the sshd there that takes connections: its pid
#   running NAME PATTERN  what runs there by such a command line: pids
#   agent_of NAME       of lab's agent there, the first one
#   is_clean NAME       nothing of lab's runs or stands there
# Known: KEY (an ed25519 key that every sshd accepts), SSHD (where all of it lies).
# shellcheck shell=bash
if [ -z "${SSHD_INSIDE:-}" ]; then
	for program in sshd ssh unshare nsenter ip mount; do
		PATH=$PATH:/usr/sbin:/sbin type -P "$program" >/dev/null && continue
		echo "1..0 # SKIP no $program"
		exit 0
	done
	own=()
	[ "$(id -u)" -eq 0 ] || own=(--user --map-current-user --keep-caps)
	if ! unshare "${own[@]+"${own[@]}"}" --mount --net --pid --fork true 2>/dev/null; then
		echo '1..0 # SKIP namespaces are not allowed here'
		exit 0
	fi
	export SSHD_INSIDE=1
	exec unshare "${own[@]+"${own[@]}"}" --mount --net --pid --fork --kill-child=KILL \
		--mount-proc bash "$0" "$@"
fi
unset SSHD_INSIDE
PATH=$PATH:/usr/sbin:/sbin
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
SSHD=$T/machines KEY=$T/machines/key
export LSAN_OPTIONS=suppressions=$SRC/tests/lsan.supp:print_suppressions=0
SSH_USER=$(id -un) SSH_HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
mkdir -p "$SSHD/controller/.ssh"
declare -A holder # of a host's namespaces

# ssh goes by the home of the password file, not by $HOME.
mount --bind "$SSHD/controller" "$SSH_HOME"
HOME=$SSH_HOME
chmod 700 "$HOME/.ssh"
if [ "$(id -u)" -eq 0 ]; then
	mount -t tmpfs none /run && mkdir -m 755 /run/sshd
fi
ssh-keygen -q -t ed25519 -N '' -f "$KEY" && ssh-keygen -q -t ed25519 -N '' -f "$SSHD/host_key"
ip link set lo up
# An address of its own: else it takes the lowest of its ports', and hosts keep the one before it.
ip link add br0 address 02:00:00:00:00:01 type bridge && ip link set br0 up && ip addr add 10.9.0.254/24 dev br0

on() {
	local name=$1
	shift
	nsenter -t "${holder[$name]}" --net --mount --uts -- "$@"
}

wait_for() { # SECONDS COMMAND...: until it ends 0
	local end=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || return 1
		read -rt 0.02 <> <(:) || true
	done
}

answers() {
	(exec 3<>"/dev/tcp/$1/22" && read -r -t 5 line <&3 && [[ $line == SSH-* ]])
}

sshd_start() {
	local name=$1
	shift
	{
		printf '%s\n' "$@" "HostKey $SSHD/host_key" 'Port 22' "PidFile none" 'UsePAM no' \
			'StrictModes no' "AuthorizedKeysFile $KEY.pub" 'PasswordAuthentication no' \
			'KbdInteractiveAuthentication no' 'MaxStartups 100' 'LogLevel VERBOSE'
	} >"$SSHD/$name.conf"
	on "$name" setsid "$(type -P sshd)" -D -f "$SSHD/$name.conf" -E "$SSHD/$name.log" \
		</dev/null >/dev/null 2>&1 &
	wait_for 10 answers "$(address_of "$name")"
}
declare -A address

address_of() {
	echo "${address[$1]}"
}

sshd_stop() {
	local inode pid
	inode=$(on "$1" readlink /proc/self/ns/net)
	for pid in /proc/[0-9]*; do
		[ "$(readlink "$pid/ns/net" 2>/dev/null)" = "$inode" ] || continue
		[ "$(cat "$pid/comm" 2>/dev/null)" = sshd ] && kill -9 "${pid#/proc/}"
	done
}

cable() {
	ip link set "port-$1" "$2"
}

# forget HOST...: what earlier runs left in TIME-WAIT there. A client draws its port by chance, and a SYN
# that meets an old connection of the same ports is answered with an ACK (RFC 9293 3.10.7.4), not a RST.
forget() {
	local name
	for name; do
		on "$name" ss -K -tan state time-wait >/dev/null 2>&1
	done
}

# What runs on a host beside sshd and the holder itself: one line each.
processes_on() {
	local inode pid
	inode=$(on "$1" readlink /proc/self/ns/net)
	for pid in /proc/[0-9]*; do
		[ "$(readlink "$pid/ns/net" 2>/dev/null)" = "$inode" ] || continue
		[ "${pid#/proc/}" = "${holder[$1]}" ] && continue
		grep -qx sshd "$pid/comm" 2>/dev/null && continue
		tr '\0' ' ' 2>/dev/null <"$pid/cmdline"
		echo
	done
}

running() {
	local inode pid
	inode=$(on "$1" readlink /proc/self/ns/net)
	for pid in $(pgrep -f "$2"); do
		[ "$(readlink "/proc/$pid/ns/net" 2>/dev/null)" != "$inode" ] || echo "$pid"
	done
}

listener() {
	pgrep -f "^(sshd: )?[^ ]*sshd .*/$1\\.conf "
}

agent_of() {
	running "$1" 'lab-agent-.*--stdio' | head -n 1
}

is_clean() {
	[ -z "$(processes_on "$1")$(on "$1" nft list tables 2>/dev/null)" ]
}

machine() {
	local name=$1 ready each
	shift
	address[$name]=${1%/*}
	mkdir -p "$SSHD/$name/home" "$SSHD/$name/tmp"
	chmod 1777 "$SSHD/$name/tmp"
	exec {ready}< <(exec unshare --net --mount --uts bash -c \
		'hostname "$1" && mount --bind "$2" "$3" && mount --bind "$4" /var/tmp &&
		ip link set lo up && echo $$ && exec sleep 1000000' \
		_ "$name" "$SSHD/$name/home" "$SSH_HOME" "$SSHD/$name/tmp" 2>"$SSHD/$name.err")
	read -r -u "$ready" "holder[$name]" || return 1
	ip link add "port-$name" type veth peer name eth0 netns "${holder[$name]}"
	ip link set "port-$name" master br0 up
	for each; do
		on "$name" ip addr add "$each" dev eth0
	done
	on "$name" ip link set eth0 up
}

host_up() {
	local name=$1 number=$2
	machine "$name" "10.9.0.$number/24" || return 1
	printf 'Host %s\n\tHostName 10.9.0.%s\n' "$name" "$number" >>"$HOME/.ssh/config"
	printf '10.9.0.%s %s\n' "$number" "$(cut -d' ' -f1,2 "$SSHD/host_key.pub")" \
		>>"$HOME/.ssh/known_hosts"
	sshd_start "$name"
}

hosts() {
	local name number=0
	printf 'IdentityFile %s\nUser %s\n' "$KEY" "$SSH_USER" >"$HOME/.ssh/config"
	: >"$HOME/.ssh/known_hosts"
	for name; do
		number=$((number + 1))
		if ! host_up "$name" "$number"; then
			not_ok "$name comes up" "$(tail -n 3 "$SSHD/$name".{err,log} 2>&1)"
			done_testing
			exit 1
		fi
	done
}
