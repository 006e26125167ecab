#!/bin/bash
# Keys of people and of machines: what libssh2 lacks ssh itself does, and that is said; what is not
# known is refused by either; a file that names its keys offers no others.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
hosts web-1 web-2 web-3
cp -r "$SRC/scenarios" .
for name in rsa host-rsa other; do
	type=rsa && [ "$name" != other ] || type=ed25519
	ssh-keygen -q -t "$type" -N '' -f "$SSHD/$name"
done
cat "$SSHD/rsa.pub" >>"$KEY.pub" # every sshd takes it too
host_key() { # FILE: type and key
	cut -d' ' -f1,2 "$1.pub"
}
config() { # LINE...: ahead of what hosts wrote
	printf '%s\n' "$@" 'Host *' "User $SSH_USER" 'Host web-1' 'HostName 10.9.0.1' \
		'Host web-2' 'HostName 10.9.0.2' 'Host web-3' 'HostName 10.9.0.3' >"$HOME/.ssh/config"
}
trace=$("$LAB" run refused -b netns 2>/dev/null | grep -o 'trace=[0-9a-f]*')
like "$trace" '^trace=.' 'the demo has a trace on netns'
[ "$(id -u)" -eq 0 ] || trace= # nobody may capture there
bound=(--bind server=web-1 --bind client-1=web-2 --bind client-2=web-3)

# reaches SENTENCE WHY: by ssh itself, with the reason; not where libssh2 is asked for
reaches() {
	exits 0 "$LAB" exec web-1 -- hostname
	is "$out" web-1 "$1: reached"
	"$LAB" doctor -b ssh web-1 >doctor.out 2>&1
	like "$(grep reach doctor.out)" "by openssh: $2" 'by ssh itself, and the doctor says why'
	"$LAB" status web-1 --json >status.json
	like "$(jq -r '.machines[0] | .transport + ": " + .why_transport' status.json)" "openssh: $2" 'so does status'
	exits 125 "$LAB" exec web-1 --transport libssh2 -- hostname
	like "$err" '--transport openssh' 'where libssh2 is asked for the error names the other'
}

# ---- an RSA key
config "IdentityFile $SSHD/rsa"
if "$LAB" exec web-1 --transport libssh2 -- true 2>/dev/null; then
	skip 'this libssh2 signs RSA with SHA-2' 20
else
	reaches 'an RSA key alone' 'libssh2 1.10 cannot sign RSA with SHA-2'
	exits 0 "$LAB" run refused "${bound[@]}"
	like "$out" "verdict=refused.no-listener .*$trace" 'a run there has its verdict and its trace'
	like "$out" 'is reached by ssh itself: libssh2 1.10 cannot sign' 'and its report says how'
	config "IdentityFile $SSHD/other" "IdentityFile $SSHD/rsa"
	exits 0 "$LAB" exec web-1 -- true
	config "IdentityFile $SSHD/rsa" 'Host web-2' 'ProxyJump web-1'
	exits 0 "$LAB" exec web-2 -- hostname
	is "$out" web-2 'also behind a jump host'

	# ---- a host key of RSA alone
	config "IdentityFile $KEY"
	sshd_stop web-1
	sshd_start web-1 "HostKey $SSHD/host-rsa" 'HostKeyAlgorithms rsa-sha2-512,rsa-sha2-256'
	config "IdentityFile $KEY" 'StrictHostKeyChecking no'
	exits 125 "$LAB" exec web-1 -- true
	like "$err" 'web-1: ssh: .*[Hh]ost key.*by ssh itself: it and libssh2' \
		'an unknown key is not taken by going another way'
	is "$(grep -c '^10.9.0.1 ' "$HOME/.ssh/known_hosts")" 1 'nor written down'
	printf '10.9.0.1 %s\n' "$(host_key "$SSHD/host-rsa")" >>"$HOME/.ssh/known_hosts"
	config "IdentityFile $KEY"
	reaches 'a host key of RSA alone' 'it and libssh2 have no algorithm in common'

	# ---- of several host keys that of RSA is known
	sed -i '/^10.9.0.1 ssh-ed25519/d' "$HOME/.ssh/known_hosts"
	sshd_stop web-1
	sshd_start web-1 "HostKey $SSHD/host-rsa"
	reaches 'known by its RSA key' 'libssh2 cannot check the host key that is known of it'
	printf '10.9.0.1 %s\n' "$(host_key "$SSHD/host_key")" >>"$HOME/.ssh/known_hosts"
fi

# ---- a server that has only what libssh2 lacks
config "IdentityFile $KEY"
sshd_stop web-1
sshd_start web-1 'Ciphers chacha20-poly1305@openssh.com'
reaches 'another cipher' 'it and libssh2 have no algorithm in common'
sshd_stop web-1
sshd_start web-1

# ---- keys that a file names
config 'Host *' "IdentityFile $KEY" 
printf '[machines]\nweb-1 = identity=%s\na = 10.9.0.1 identity=%s\nb = 10.9.0.1 identity=%s user=%s\n' \
	"$SSHD/other" "$SSHD/other" "$KEY" "$SSH_USER" >fleet.ini
for name in web-1 a; do
	exits 125 "$LAB" exec "$name" --inventory fleet.ini -- true
	like "$err" "no key is accepted for user $SSH_USER .*other: not accepted" \
		'where the file names a key no other is offered'
	unlike "$err" "$KEY: " 'that of any host is not tried'
done
exits 0 "$LAB" exec b --inventory fleet.ini -- true
if type -P ssh-agent >/dev/null && eval "$(ssh-agent -s)" >agent.out && ssh-add -q "$KEY" "$SSHD/other"; then
	exits 125 "$LAB" exec a --inventory fleet.ini -- true
	unlike "$err" 'key of the SSH agent' 'nor are others of the SSH agent'
	kill "$SSH_AGENT_PID"
	unset SSH_AUTH_SOCK
else
	skip 'no ssh-agent' 2
fi
done_testing
