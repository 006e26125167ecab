#!/bin/bash
# Every scenario by either engine, either transport, directly and through a jump host, as whoever logs
# in and by sudo -n: the verdict and the trace of netns, each row of the table printed.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
# slow
. "$(dirname "$0")/../sshd.sh"
scenarios=(ok-tcp refused refused-bound-localhost refused-wrong-port refused-firewall-reset
	timeout-drop-input)
engines=(packet)
type -P tcpdump >/dev/null && engines+=(tcpdump)
type -P nft >/dev/null || scenarios=("${scenarios[@]:0:4}")
# lane: transport, way, who logs in; each has three machines of its own, so they are played side by side
lanes=(libssh2:direct:"$SSH_USER" libssh2:jump:"$SSH_USER" openssh:direct:"$SSH_USER"
	openssh:jump:"$SSH_USER")

# Users of the test's own, who may sudo without a password, with one, and not at all.
sudo=
if [ "$(id -u)" -eq 0 ] && type -P sudo >/dev/null; then
	sudo=1
	cp /etc/passwd passwd
	for name in deploy:12361 asked:12362 plain:12363; do
		printf '%s:*:%d:%d::%s:/bin/bash\n' "${name%:*}" "${name#*:}" "${name#*:}" \
			"$SSHD/${name%:*}" >>passwd
		mkdir "$SSHD/${name%:*}" && chown "${name#*:}:${name#*:}" "$SSHD/${name%:*}"
	done
	printf '%s\n' 'root ALL=(ALL) ALL' 'deploy ALL=(ALL) NOPASSWD: ALL' 'asked ALL=(ALL) ALL' >sudoers
	chmod 440 sudoers
	mount --bind passwd /etc/passwd && mount --bind sudoers /etc/sudoers
	lanes+=(libssh2:direct:deploy libssh2:jump:deploy openssh:direct:deploy)
fi
names=(gate)
for lane in "${!lanes[@]}"; do
	names+=("s$lane" "c$lane" "d$lane")
done
hosts "${names[@]}"
cp -r "$SRC/scenarios" .

value() { # NAME FILE: of the line "verdict=... confidence=... trace=..."
	grep '^verdict=' "$2" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# inventory LANE USER WAY
inventory() {
	local jump=
	[ "$3" = jump ] && jump=' jump=gate'
	printf '%s\n' '[machines]' "gate = 10.9.0.1 user=$SSH_USER identity=$KEY"
	for machine in s c d; do
		printf '%s = %s user=%s identity=%s%s%s\n' "$machine$1" "$(address_of "$machine$1")" \
			"$2" "$KEY" "$jump" " role=$([ "$machine" = s ] && echo server || echo client)"
	done
}

# play LANE: its rows, into LANE.rows
play() {
	local transport way user
	IFS=: read -r transport way user <<<"${lanes[$1]}"
	inventory "$1" "$user" "$way" >"$1.ini"
	for engine in "${engines[@]}"; do
		for name in "${scenarios[@]}"; do
			forget "s$1"
			"$LAB" run "$name" --inventory "$1.ini" --transport "$transport" \
				--engine "$engine" </dev/null >"$1.out" 2>&1
			echo "$name $engine $transport $way $user $? $(value verdict "$1.out") $(value trace "$1.out")"
			value verdict "$1.out" | grep -q . || sed 's/^/# /' "$1.out"
		done
	done >"$1.rows"
}

players=()
for lane in "${!lanes[@]}"; do
	play "$lane" &
	players+=("$!")
done
declare -A here # of netns: "VERDICT TRACE" by scenario
for name in "${scenarios[@]}"; do
	"$LAB" run "$name" -b netns >here.out 2>&1
	here[$name]="$(value verdict here.out) $(value trace here.out)"
	like "${here[$name]}" '^[a-z.-]+ [0-9a-f]{12}' "$name has a verdict and a trace on netns"
done
wait "${players[@]}"
for lane in "${!lanes[@]}"; do
	grep '^#' "$lane.rows" >&2
	while read -r name engine transport way user status verdict; do
		is "$status $verdict" "0 ${here[$name]}" \
			"$name, $engine, $transport, $way, $user: ${here[$name]}"
	done < <(grep -v '^#' "$lane.rows")
	is "$(grep -vc '^#' "$lane.rows")" "$((${#scenarios[@]} * ${#engines[@]}))" \
		"${lanes[$lane]}: all of its rows were played"
done

# ---- who may not use sudo, or only with a password: the witness is missing, and nobody is asked
if [ -n "$sudo" ]; then
	for user in plain asked; do
		inventory 0 "$user" direct >"$user.ini"
		for transport in libssh2 openssh; do
			sentence="$user, $transport"
			timeout -k 1 20 setsid "$LAB" run refused --inventory "$user.ini" \
				--transport "$transport" <> <(:) >sudo.out 2>&1
			status=$?
			like "$status" '^(0|3|4)$' "$sentence: it ends, and does not wait for a password"
			like "$(tr -s ' \n' ' ' <sudo.out)" 's0, c0, d0: no root and no sudo -n' \
				"$sentence: it is told what is missing" || comment <sudo.out
			unlike "$(cat sudo.out)" '[Pp]assword for|confidence=proven' \
				"$sentence: nobody is asked, and nothing is proven"
		done
		exits 4 "$LAB" run refused --inventory "$user.ini" --engine tcpdump
		like "$err" 'needs tcpdump.*: s0, c0, d0: no root and no sudo -n' \
			"$user, engine tcpdump: rights are what lacks, not a package"
		timeout -k 1 20 "$LAB" doctor -b ssh --inventory "$user.ini" s0 >doctor.out 2>&1
		line="lab ssh s0 --inventory $user.ini -- sudo sh -c 'echo \"$user ALL=(root) NOPASSWD: ALL\" >/etc/sudoers.d/lab'"
		t "$user: the doctor tells the remedy as a line to paste" grep -qF "$line" doctor.out ||
			comment <doctor.out
	done
else
	skip 'no root, or no sudo' 18
fi
for name in "${names[@]}"; do
	is_idle() {
		[ -z "$(processes_on "$name")" ]
	}
	within 12 is_idle
	is "$(processes_on "$name")$(on "$name" nft list tables 2>/dev/null | grep lab)" '' \
		"nothing is left on $name"
done
done_testing
