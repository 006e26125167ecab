#!/bin/bash
# Machines of an inventory, of Terraform's outputs and of ~/.ssh/config, played on real sshd's: what
# a file says of user, port, key and jump host is what connects.
. "$(dirname "$0")/../sshd.sh"
hosts web-1 web-2 web-3
cp -r "$SRC/scenarios" .
sshd_stop web-1
sshd_start web-1 'Port 2222'

trace=$("$LAB" run refused -b netns 2>/dev/null | grep -o 'trace=[0-9a-f]*')
like "$trace" '^trace=.' 'the demo has a trace on netns'
[ "$(id -u)" -eq 0 ] || trace= # nobody may capture there

# logins NAME: how many sessions its sshd let in since the last time
logins() {
	grep -c 'Accepted publickey' "$SSHD/$1.log"
	: >"$SSHD/$1.log"
}
# plays SENTENCE OPTION...: the demo, by either transport, as it is elsewhere; web-1 is the jump host
plays() {
	local sentence=$1 transport
	shift
	for transport in libssh2 openssh; do
		logins web-1 >before
		exits 0 "$LAB" run refused "$@" --transport "$transport"
		# shellcheck disable=SC2154 # exits makes it
		like "$out" "verdict=refused.no-listener .*$trace" \
			"$sentence ($transport)"
		is "$(logins web-1)" 2 'the jump host was logged into twice: as itself, and on the way'
	done
}

cat >fleet.ini <<INI
[defaults]
identity = $KEY
user = $SSH_USER

[machines]
a = 10.9.0.1 port=2222 role=server
b = 10.9.0.2 role=client
c = 10.9.0.3 role=client jump=a
INI
printf '[10.9.0.1]:2222 %s\n' "$(cut -d' ' -f1,2 "$SSHD/host_key.pub")" >>"$HOME/.ssh/known_hosts"
rm "$HOME/.ssh/config"
plays 'machines with addresses, without ~/.ssh/config' --inventory fleet.ini

host() { # NAME ROLE NUMBER MEMBERS
	printf '{"name":"%s","role":"%s","address":"10.9.0.%d","lab_address":"10.9.0.%d"%s}' \
		"$1" "$2" "$3" "$3" "$4"
}
printf '{"lab":{"sensitive":false,"value":{"version":"1","user":"%s","identity":"%s","hosts":[%s]}}}' \
	"$SSH_USER" "$KEY" \
	"$(host a server 1 ',"port":2222'),$(host b client 2 ''),$(host c client 3 ',"jump":"a"')" >lab.json
plays 'hosts of an output of Terraform' --terraform lab.json

cat >"$HOME/.ssh/config" <<SSH
IdentityFile $KEY
Host web-1
	HostName 10.9.0.1
Host web-2
	HostName 10.9.0.2
	User nobody-of-that-name
Host web-3
	HostName 10.9.0.3
	ProxyJump $SSH_USER@10.9.0.1:2222
SSH
cat >alias.ini <<INI
[machines]
web-1 = port=2222 role=server
web-2 = user=$SSH_USER role=client
web-3 = role=client
INI
plays 'aliases, with what a line says before them' --inventory alias.ini

for name in web-1 web-2 web-3; do
	is "$(processes_on "$name")" '' "nothing is left on $name"
done
done_testing
