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
	like "$out" '(is|are) reached by ssh itself: libssh2 1.10 cannot sign' 'and its report says how'
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

# ---- a key that nobody takes
config "IdentityFile $SSHD/other"
for transport in libssh2 openssh; do
	exits 4 "$LAB" run ok-tcp --bind server=web-1 --bind client=web-2 --transport "$transport"
	like "$err" 'web-[12]: .*no key is accepted' "$transport: a run says so"
done
config "IdentityFile $SSHD/other" 'Host nowhere' 'HostName no-such-name.invalid'
exits 125 "$LAB" exec nowhere --transport openssh -- true
like "$err" 'nowhere: ssh: Could not resolve hostname .* \(there is no such name, or no name server answers: try .ssh nowhere true.\)' \
	'the words of ssh, and once that they are its'

# ---- a list of revoked keys, which only ssh itself reads
: >none-revoked
host_key "$SSHD/host_key" >revoked
config "IdentityFile $KEY" "RevokedHostKeys $PWD/none-revoked"
reaches 'a list of revoked keys' RevokedHostKeys
config "IdentityFile $KEY" "RevokedHostKeys $PWD/revoked"
for transport in '' --transport=libssh2 --transport=openssh; do
	# shellcheck disable=SC2086 # none or one word
	exits 125 "$LAB" exec web-1 $transport -- true
	like "$err" '[Rr]evoked' "a key that it lists is refused (${transport:-as it comes})"
done
exits 4 "$LAB" run refused "${bound[@]}"

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

# ---- keys that only the SSH agent can use: one that is not in a file, and a file that is encrypted
if type -P ssh-agent >/dev/null && eval "$(ssh-agent -s)" >agent.out; then
	ssh-keygen -q -t ed25519 -N secret -f "$SSHD/encrypted"
	cat "$SSHD/encrypted.pub" >>"$KEY.pub"
	config 'Host *' "IdentityFile $SSHD/encrypted"
	for transport in libssh2 openssh; do
		exits 125 timeout 20 setsid "$LAB" exec web-1 --transport "$transport" -- true </dev/null
		like "$err" 'no key is accepted' "$transport: nobody is asked for the passphrase"
	done
	printf '#!/bin/sh\necho secret\n' >askpass && chmod 755 askpass
	SSH_ASKPASS=$PWD/askpass SSH_ASKPASS_REQUIRE=force ssh-add -q "$SSHD/encrypted" </dev/null
	for transport in libssh2 openssh; do
		exits 0 "$LAB" exec web-1 --transport "$transport" -- hostname
		is "$out" web-1 "$transport: an encrypted key is used by the agent"
		config 'Host *' "IdentityFile $SSHD/none"
		exits 0 "$LAB" run refused "${bound[@]}" --transport "$transport"
		like "$out" "verdict=refused.no-listener .*$trace" "$transport: so is one without a file"
		config 'Host *' "IdentityFile $SSHD/encrypted"
	done
	kill "$SSH_AGENT_PID"
	unset SSH_AUTH_SOCK SSH_AGENT_PID
else
	skip 'no ssh-agent' 12
fi

# ---- host keys of hosts that Terraform made
: >"$HOME/.ssh/known_hosts"
config "IdentityFile $KEY"
outputs() { # INSTANCE of web-1 [MADE]
	printf '{"lab":{"sensitive":false,"value":{"version":"1","id":"lab-0f","user":"%s","identity":"%s","hosts":[
		{"name":"a","role":"server","address":"10.9.0.1","lab_address":"10.9.0.1","made":%s,"instance_id":"%s"},
		{"name":"b","role":"client","address":"10.9.0.2","lab_address":"10.9.0.2","made":true,"instance_id":"i-2","jump":"a"},
		{"name":"c","role":"client","address":"10.9.0.3","lab_address":"10.9.0.3"}]}}}' \
		"$SSH_USER" "$KEY" "${2:-true}" "$1" >lab.json
}
pins=$XDG_STATE_HOME/lab/known-hosts/lab-0f
cp "$SSHD/host_key" first_key
cp "$SSHD/host_key.pub" first_key.pub
for transport in libssh2 openssh; do
	with=(--terraform lab.json --transport "$transport")
	rm -rf "${pins%/*}"
	outputs i-1
	exits 0 "$LAB" plan refused --terraform lab.json
	t 'a plan pins nothing' test ! -e "$pins"
	exits 0 "$LAB" exec b "${with[@]}" -- hostname
	is "$out" web-2 "$transport: a host that was made is taken at first sight, its jump host too"
	is "$(cut -d' ' -f1 "$pins" | sort | paste -sd' ') $(stat -c %a "$pins" "${pins%/*}" | paste -sd' ')" \
		'a.i-1 b.i-2 600 700' 'and pinned, privately'
	exits 0 "$LAB" exec b "${with[@]}" -- hostname
	is "$(wc -l <"$pins")" 2 'once'
	exits 0 "$LAB" status a "${with[@]}"
	like "$out" 'a.10.9.0.1.'"$transport"'.pinned' 'status tells it'
	exits 0 "$LAB" ssh a "${with[@]}" -- true
	exits 125 "$LAB" exec c "${with[@]}" -- true
	like "$err" 'host key is not known|Host key verification failed' 'one that was not made is not'
	is "$(cat "$HOME/.ssh/known_hosts")" '' 'nothing is written into known_hosts'

	cp "$SSHD/other" "$SSHD/host_key"
	sshd_stop web-1
	sshd_start web-1
	exits 125 "$LAB" exec a "${with[@]}" -- true
	like "$err" 'its host key has changed' 'a key that changed is refused'
	unlike "${err##*$'\n'}" 'ssh-keygen' 'and lab tells nobody to take the new one'
	cp first_key "$SSHD/host_key"
	sshd_stop web-1
	ssh-keygen -q -t ecdsa -N '' -f "$SSHD/ecdsa-$transport"
	sshd_start web-1 "HostKey $SSHD/ecdsa-$transport" 'HostKeyAlgorithms ecdsa-sha2-nistp256'
	exits 125 "$LAB" exec a "${with[@]}" -- true
	is "$(wc -l <"$pins")" 2 'and one of another type is not taken for new'
	outputs i-1 false
	exits 125 "$LAB" exec a "${with[@]}" -- true
	outputs i-9
	exits 0 "$LAB" exec a "${with[@]}" -- hostname
	is "$(cut -d' ' -f1,2 "$pins" | sed -n '$p')" 'a.i-9 ecdsa-sha2-nistp256' \
		'a host that was replaced is new'
	sshd_stop web-1
	sshd_start web-1
done

# ---- lab ssh, without a terminal
printf '[machines]\nc = 10.9.0.3 user=%s\n' "$SSH_USER" >fleet.ini
exits 255 "$LAB" ssh c --inventory fleet.ini -- true
like "$err" "lab: c: its host key is not known: accept it with: ssh -o StrictHostKeyChecking=ask $SSH_USER@10.9.0.3 true" \
	'lab ssh tells how an unknown key is accepted'
if type -P script >/dev/null; then
	command=$(sed -n 's/.*accept it with: //p' <<<"$err")
	coproc asked { exec timeout 30 script -qec "$command" /dev/null 2>&1; }
	read -r -d '?' -t 20 -u "${asked[0]}" shown # ssh forgets what was typed before it asks
	like "$shown" 'yes/no' 'at a terminal ssh asks'
	echo yes >&"${asked[1]}"
	cat <&"${asked[0]}" >answered
	exits 0 "$LAB" ssh c --inventory fleet.ini -- true
	is "$err" '' 'and that command does it'
else
	skip 'no script' 3
fi
done_testing
