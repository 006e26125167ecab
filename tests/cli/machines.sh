#!/bin/bash
# Which machines play the hosts: aliases of ~/.ssh/config by the real ssh -G, inventories, Terraform's
# outputs. lab plan tells, and connects to nothing. The home is the test's own: ssh goes by that of the
# password file, so the test plays in a mount namespace with another password file.
if [ -z "${MACHINES_INSIDE:-}" ]; then
	own=()
	[ "$(id -u)" -eq 0 ] || own=(--user --map-current-user --keep-caps)
	if ! unshare "${own[@]+"${own[@]}"}" --mount true 2>/dev/null; then
		echo '1..0 # SKIP namespaces are not allowed here'
		exit 0
	fi
	MACHINES_INSIDE=1 exec unshare "${own[@]+"${own[@]}"}" --mount bash "$0" "$@"
fi
unset MACHINES_INSIDE
. "$(dirname "$0")/../lib.sh"
command -v ssh >/dev/null || skip_all 'ssh is not installed'
unset SSH_AUTH_SOCK
printf '%s:x:%d:%d::%s:/bin/sh\n' "$(id -un)" "$(id -u)" "$(id -g)" "$HOME" >passwd
mount --bind passwd /etc/passwd || skip_all 'no password file of its own'
cp -r "$SRC/scenarios" .

# A ssh that writes down what it is asked, one line each.
mkdir bin
cat >bin/ssh <<END
#!/bin/sh
echo "\$*" >>"$T/asked"
exec $(type -P ssh) "\$@"
END
chmod 755 bin/ssh
asked() {
	PATH=$T/bin:$PATH "$@"
}
# places: HOST=ADDRESS of each host of the plan in $out
places() {
	sed -n 's|^host \([^ ]*\)  *\([0-9.]*\)/.*|\1=\2|p' <<<"$out" | paste -sd' '
}

# ---- an inventory
cat >fleet.ini <<'INI'
# three that play, two that do not
[defaults]
user = deploy
jump = bastion

[machines]
bastion = 198.51.100.7 port=2222
spare   = 192.0.2.9 role=router
web-9   = 192.0.2.1 role=client
web-1   = 192.0.2.2 role=server
web-5   = web-5.example role=client lab-address=10.0.0.5
INI
: >asked
exits 0 asked "$LAB" plan refused --inventory fleet.ini
is "$(places)" 'server=192.0.2.2 client-1=192.0.2.1 client-2=10.0.0.5' \
	'roles are given in the order of the file'
is "$(cat asked)" '' 'no ssh is asked for machines with an address'
exits 0 "$LAB" plan refused --inventory fleet.ini --bind client-2=spare --bind server=web-9
is "$(places)" 'server=192.0.2.1 client-1=10.0.0.5 client-2=192.0.2.9' \
	'--bind is stronger, and roles go to who is left'
exits 0 "$LAB" plan refused --inventory fleet.ini --json
is "$(jq -r '.backend' <<<"$out")" ssh 'who names machines means -b ssh'
exits 2 "$LAB" plan refused --inventory fleet.ini -b netns
like "$err" '-b netns makes its own' 'and no other backend'

exits 0 "$LAB" plan refused --inventory fleet.ini
like "$out" 'capture server.lan  on the interface that has the address, 128 bytes' \
	'an interface that nobody has seen yet is described'

# ---- what is wrong
exits 2 "$LAB" plan refused --bind server=wbe-1.invalid --bind client-1=b --bind client-2=c
like "$err" 'server: wbe-1.invalid: neither ~/.ssh/config nor getent ahostsv4 has an address for it: is the name right' \
	'an alias that nothing knows is doubted'
exits 2 "$LAB" plan refused -b ssh
is "$err" 'lab: error: no machine for server, client-1, client-2: --bind HOST=ALIAS names one of ~/.ssh/config; or --inventory FILE' \
	'hosts without machines are named, with what to do'
exits 2 "$LAB" plan refused --inventory fleet.ini --bind sever=web-1
like "$err" '--bind sever=web-1: refused has no host sever: did you mean server\?' \
	'--bind of a host that is none'
exits 2 "$LAB" plan refused --inventory fleet.ini --bind server=web-2
like "$err" 'web-2: fleet.ini has no such machine.*did you mean web-[159]\?' \
	'and of a machine that is none'
exits 2 "$LAB" status web-2 --inventory fleet.ini
like "$err" 'web-2: fleet.ini has no such machine.*did you mean web-[159]\?' \
	'and of one that a command names'
exits 2 "$LAB" plan refused --inventory fleet.ini --bind server=web-1 --bind client-1=web-1
like "$err" 'server and client-1 are both at 192.0.2.2' 'two hosts on one machine'
exits 2 "$LAB" plan refused --inventory nowhere.ini
is "$err" 'lab: error: nowhere.ini: No such file or directory' 'an inventory that is not there'
exits 2 "$LAB" plan refused --inventory "$T"
like "$err" 'not a regular file' 'or is a folder'
exits 2 "$LAB" plan refused --inventory fleet.ini --terraform "$T"
like "$err" 'machines come from one of them' 'or is one of two'
printf '[machine]\nx = 192.0.2.1 prt=22\n[machines]\na = 192.0.2.1 usr=x port=0\n' >bad.ini
exits 2 "$LAB" plan refused --inventory bad.ini
is "$(grep -o '^bad.ini:[0-9]*:[0-9]*: error: [a-z[]*' <<<"$err" | paste -sd' ')" \
	'bad.ini:1:1: error: [machine bad.ini:4:15: error: usr bad.ini:4:26: error: port' \
	'each error has its place, all are told at once'
like "$err" 'bad.ini: 3 errors: nothing was run' 'and nothing is run'
exits 2 "$LAB" run refused --inventory bad.ini -o runs
t 'no run directory is left of that' test ! -e runs
printf '[machines]\nserver = 192.0.2.1 user=\033[31m\n' >escape.ini
exits 2 "$LAB" plan refused --inventory escape.ini
unlike "$err" $'\033' 'no escape of the file reaches the terminal'

# ---- aliases
mkdir -m 700 "$HOME/.ssh"
cat >"$HOME/.ssh/config" <<'SSH'
Host web-1
	HostName 192.0.2.11
	ProxyJump me@bastion:2222
Host web-2
	HostName 192.0.2.12
	ProxyCommand nc %h %p
Host web-3
	HostName 192.0.2.13
	Include more
Host bastion
	HostName 198.51.100.7
Host round-1
	HostName 192.0.2.21
	ProxyJump round-2
Host round-2
	HostName 192.0.2.22
	ProxyJump round-1
SSH
three=(--bind server=web-1 --bind client-1=web-2 --bind client-2=web-3)
: >asked
exits 0 asked "$LAB" plan refused "${three[@]}"
is "$(places)" 'server=192.0.2.11 client-1=192.0.2.12 client-2=192.0.2.13' \
	'aliases of ~/.ssh/config are enough'
is "$(sort asked | paste -sd';')" '-G -- web-1;-G -- web-2;-G -- web-3;-G -l me -p 2222 -- bastion' \
	'ssh is asked once for each, and for the jump host with its user and port'
: >asked
exits 0 asked "$LAB" plan refused "${three[@]}" --transport openssh
is "$(wc -l <asked)" 3 'where ssh connects, the jump host is its own affair'
exits 2 "$LAB" plan refused --bind server=round-1 --bind client-1=web-2 --bind client-2=web-3
like "$err" 'round-.: its jump hosts lead in a circle' 'jump hosts in a circle are an error'
exits 2 "$LAB" plan refused --bind server=-oProxyCommand=x "${three[@]:2}"
like "$err" 'ssh -G -oProxyCommand=x: ' 'a name is never an option'
cat >some.ini <<'INI'
[machines]
web-1  = user=admin port=2200 role=server jump=gate
web-2  = jump=none role=client
web-3  = role=client lab-address=10.0.0.3
other  = role=nobody
gate   = 198.51.100.8
INI
: >asked
exits 0 asked "$LAB" plan refused --inventory some.ini
is "$(places)" 'server=192.0.2.11 client-1=192.0.2.12 client-2=10.0.0.3' \
	'a machine without an address is an alias'
is "$(sort asked | paste -sd';')" '-G -- web-3;-G -J none -- web-2;-G -l admin -p 2200 -J none -- web-1' \
	'ssh gets what its line says; who plays no host is not asked for'
mkdir -p "$HOME/.ssh/more.d"
cp "$HOME/.ssh/config" config.kept
cat >>"$HOME/.ssh/config" <<'SSH'
host = web-1 "web 9" web-? !web-7 * -oProxyCommand=x $(touch) # a comment
	Include more.d/*.conf more.d/round
SSH
printf 'HOST \tincluded \033[31mred\r\nHostName not-a-host\nMatch host nor-this\n' >"$HOME/.ssh/more.d/a.conf"
printf 'Include ~/.ssh/more.d/round\nHost last\n' >"$HOME/.ssh/more.d/round"
: >asked
exits 0 asked "$LAB" completion machines some.ini
is "$(paste -sd' ' <<<"$out")" \
	"web-1 web-2 web-3 other gate bastion round-1 round-2 \$(touch) included last" \
	'names of machines for completion: of the inventory, then of ~/.ssh/config, each once'
is "$(cat asked)" '' 'and no ssh is asked'
exits 0 "$LAB" completion machines nowhere.ini
like "$(head -n 1 <<<"$out")" '^web-1$' 'an inventory that is not there has none'
mv config.kept "$HOME/.ssh/config"
hidden() {
	mount --bind /dev/null "$(type -P ssh)" && exec "$@"
}
export -f hidden
exits 4 unshare --mount bash -c 'hidden "$@"' hidden "$LAB" plan refused "${three[@]}"
like "$err" 'ssh.*apt-get install -y openssh-client' 'without ssh the package is named'

# ---- Terraform
host() { # NAME ROLE NUMBER
	printf '{"name":"%s","role":"%s","address":"198.51.100.%d","lab_address":"10.0.0.%d"}' "$1" "$2" "$3" "$3"
}
outputs() { # HOSTS [MEMBERS]: of the value
	printf '{"lab":{"sensitive":false,"type":"object","value":{"version":"1","user":"admin",%s"hosts":[%s]}},' \
		"${2:-}" "$1"
	echo '"password":{"sensitive":true,"type":"string","value":"canary"}}'
}
fleet=$(host a server 1),$(host b client 2),$(host c client 3)
outputs "$fleet" >outputs.json
want='server=10.0.0.1 client-1=10.0.0.2 client-2=10.0.0.3'
exits 0 "$LAB" plan refused --terraform outputs.json
is "$(places)" "$want" 'hosts of the output lab play'
unlike "$out$err" canary 'other outputs are not shown'
outputs "$fleet,$(host b Client 4)" '"regoin":"x",' >outputs.json
exits 2 "$LAB" plan refused --terraform outputs.json
is "$(head -n 2 <<<"$err")" 'outputs.json: lab.value.regoin: error: it is unknown: did you mean region?
outputs.json: lab.value.hosts[3].role: error: Client is no role: a to z, 0 to 9 and -, as hosts of scenarios are named' \
	'each complaint has its path in the JSON'
unlike "$err" canary 'and shows no other output'
sed 's/"sensitive":false/"sensitive":true/; s/admin/canary/' outputs.json >sensitive.json
exits 2 "$LAB" plan refused --terraform sensitive.json
like "$err" 'lab.sensitive: error: it is true' 'a sensitive output is not read'
unlike "$err" 'canary|198.51' 'nor shown'
head -c 300 outputs.json >cut.json
exits 2 "$LAB" plan refused --terraform cut.json
like "$err" 'cut.json:1:[0-9]+: error: the JSON ends too early' 'half a file is told by line and column'
exits 2 "$LAB" plan refused --terraform nowhere
is "$err" 'lab: error: nowhere: No such file or directory' 'a folder that is not there'

# A terraform that writes down how it was called.
mkdir sandbox
cat >bin/terraform <<END
#!/bin/sh
echo "\$TF_IN_AUTOMATION \$TF_INPUT \$*" >>"$T/called"
. "$T/play"
END
chmod 755 bin/terraform
outputs "$fleet" >outputs.json
echo "cat $T/outputs.json; echo canary >&2" >play
exits 0 asked "$LAB" plan refused --terraform sandbox
is "$(places)" "$want" 'a folder is asked by terraform output'
is "$(cat called)" '1 0 -chdir=sandbox output -json -no-color' 'once, without questions'
echo 'echo "| Error: Backend initialization required" >&2; exit 1' >play
exits 4 asked "$LAB" plan refused --terraform sandbox
is "$err" 'lab: error: sandbox: terraform output: Backend initialization required' \
	'what terraform says is told'
echo 'head -c 10000000 /dev/zero' >play
exits 2 asked "$LAB" plan refused --terraform sandbox
like "$err" 'sandbox: the whole: error: at most 1048576 bytes' 'and 10 MB are too much'
echo 'echo {}' >play
exits 2 asked "$LAB" plan refused --terraform sandbox
like "$err" 'sandbox: lab: error: there is no such output' 'nothing was applied there'
if command -v terraform >/dev/null; then
	printf 'output "lab" {\n  value = jsondecode(%s)\n}\n' \
		"$(jq '.lab.value | tojson' outputs.json)" >sandbox/main.tf
	if (cd sandbox && TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 \
		timeout 60 terraform apply -auto-approve >../apply 2>&1); then
		export TF_CLI_CONFIG_FILE=/dev/null
		exits 0 "$LAB" plan refused --terraform sandbox
		is "$(places)" "$want" 'the real terraform says the same'
		unset TF_CLI_CONFIG_FILE
	else
		skip "terraform apply does not work here: $(tail -n 1 apply)" 2
	fi
else
	skip 'terraform is not installed' 2
fi

# ---- nothing is connected to, and a fleet costs one process
{
	printf '[defaults]\nuser = deploy\njump = m1\n[machines]\nserver = 192.0.2.1\n'
	for i in {1..128}; do
		echo "m$i = 10.0.0.$i role=client"
	done
} >fleet.ini
if strace -o /dev/null true 2>/dev/null; then
	for machines in '--inventory fleet.ini' '--inventory some.ini' "${three[*]}" \
		'--terraform outputs.json'; do
		# shellcheck disable=SC2086 # words
		traced strace -f -o trace \
			-e trace=connect,sendto,sendmsg,execve "$LAB" plan refused $machines >/dev/null 2>&1
		is "$?" 0 "strace lab plan refused $machines"
		is "$(grep 'AF_INET' trace)" '' 'planning connects to nothing'
		[ "$machines" != '--inventory fleet.ini' ] ||
			is "$(grep -c 'execve(' trace)" 1 'a fleet of 128 costs no other program'
	done
else
	skip 'strace does not work here' 9
fi
done_testing
