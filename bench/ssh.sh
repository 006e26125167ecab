#!/bin/bash
# Real sshd's for `make bench`, one for each address 127.0.1.1, .2 ..., in namespaces that end with
# this script; then a command with them there.   ssh.sh COUNT COMMAND...   in an empty folder
# Made in that folder: key, hosts (a name a line), inventory.ini, ssh_config, ansible.ini.
set -u
if [ -z "${INSIDE:-}" ]; then
	INSIDE=1 exec unshare --net --mount --pid --fork --kill-child=KILL --mount-proc \
		/bin/bash "$0" "$@"
fi
count=$1 folder=$PWD
shift
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up
mount -t tmpfs none /run && mkdir -m 755 /run/sshd /run/home && mkdir -m 700 /run/home/.ssh
mount --bind /run/home "$(getent passwd "$(id -u)" | cut -d: -f6)"
ssh-keygen -q -t ed25519 -N '' -f key
ssh-keygen -q -t ed25519 -N '' -f host_key
printf '%s\n' '[defaults]' "user = $(id -un)" "identity = $folder/key" '' '[machines]' >inventory.ini
printf '%s\n' "IdentityFile $folder/key" "User $(id -un)" 'LogLevel ERROR' >ssh_config
: >hosts
: >ansible.ini
for ((i = 1; i <= count; i++)); do
	name=h$i address=127.0.1.$i
	[ "$i" -eq 1 ] && role=server || role=client
	echo "$name = $address role=$role" >>inventory.ini
	printf 'Host %s\n\tHostName %s\n' "$name" "$address" >>ssh_config
	printf '%s,%s %s\n' "$address" "$name" "$(cut -d' ' -f1,2 host_key.pub)" \
		>>/run/home/.ssh/known_hosts
	echo "$name ansible_host=$address" >>ansible.ini
	echo "$name" >>hosts
	printf '%s\n' "ListenAddress $address:22" "HostKey $folder/host_key" 'PidFile none' \
		'UsePAM no' 'StrictModes no' "AuthorizedKeysFile $folder/key.pub" \
		'PasswordAuthentication no' 'Subsystem sftp internal-sftp' "SetEnv XDG_CACHE_HOME=$folder/$name" >"sshd.$i"
	mkdir "$name"
	"$(type -P sshd)" -f "sshd.$i" -E "sshd.$i.log"
done
cp ssh_config /run/home/.ssh/config
answers() {
	(exec 3<>"/dev/tcp/127.0.1.$1/22" && read -r -t 10 line <&3 && [[ $line == SSH-* ]]) 2>/dev/null
}
for ((i = 1; i <= count; i++)); do # each listens before it goes into the background
	if ! answers "$i"; then
		echo "sshd $i does not answer: $(tail -n 2 "sshd.$i.log")" >&2
		exit 1
	fi
done
"$@"
