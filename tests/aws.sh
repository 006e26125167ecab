# shellcheck shell=bash
# A local AWS for black-box tests: tests/aws/endpoint.py, and hosts that are born when it has an
# instance, with exactly its addresses. Sourced behind sshd.sh and terraform.sh:
#   endpoint_start      AWS_ENDPOINT_URL and a session of no worth, for all that follows
#   asked PATH          what the endpoint says there
#   call SERVICE ACTION [PARAMETERS]  a call of the Query protocol (ec2, iam), as a form
#   tags KIND KEY VALUE...  parameters for a call that makes such a thing with these tags
#   vpc                 this machine is the router of the lab's subnets, and its DNS server's host
#   born                a machine for each new instance of a lab: addresses, sshd with the lab's key,
#                       host key on its console, DNS as the VPC has it
#   dns_start           a DNS server at 10.0.0.2 with what the zones say now
#   bridge_start MOST   groups, ACLs, records act, each change after 0 to MOST seconds
#   while_up COMMAND... the command, with hosts born meanwhile; its output in up.out, up.err
# Known: CLOUD (its folder), BORN (names of hosts).
CLOUD=$T/cloud BORN=()
mkdir -p "$CLOUD/console"
for program in jq curl dnsmasq; do
	command -v "$program" >/dev/null || skip_all "$program is not installed"
done

# The endpoint's programs may lie in the home that tests/sshd.sh covers: it looks below.
below() {
	# shellcheck disable=SC2016 # for the shell there
	unshare --mount bash -c 'umount "$1" && HOME=$1 exec "${@:2}"' _ "$SSH_HOME" "$@"
}

endpoint_start() {
	local said url
	below python3 -c 'import moto.server' 2>/dev/null ||
		below bash -c 'command -v moto_server' >/dev/null || skip_all 'moto is not installed'
	# shellcheck disable=SC2016 # for the shell there
	exec {said}< <(exec unshare --mount bash -c 'umount "$1" && HOME=$1 exec python3 "$2" "$3"' \
		_ "$SSH_HOME" "$SRC/tests/aws/endpoint.py" "$CLOUD" 2>"$CLOUD/log")
	read -r -t 60 -u "$said" url || skip_all "moto does not start: $(tail -n 1 "$CLOUD/log")"
	export AWS_ENDPOINT_URL=$url AWS_ACCESS_KEY_ID=canary-id AWS_SECRET_ACCESS_KEY=canary-secret \
		AWS_EC2_METADATA_DISABLED=true AWS_REGION=eu-central-1
	unset AWS_PROFILE AWS_SESSION_TOKEN AWS_DEFAULT_REGION
}

asked() {
	curl -s --max-time 20 -A lab-test "$AWS_ENDPOINT_URL$1"
}

declare -A api=([ec2]=2016-11-15 [iam]=2010-05-08)
call() {
	curl -s --max-time 20 -A lab-test "$AWS_ENDPOINT_URL" \
		-d "Action=$2&Version=${api[$1]}${3:+&$3}" \
		-H "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/eu-central-1/$1/aws4_request"
}

tags() {
	local kind=$1 i=1
	printf 'TagSpecification.1.ResourceType=%s' "$kind"
	shift
	while [ $# -gt 1 ]; do
		printf '&TagSpecification.1.Tag.%d.Key=%s&TagSpecification.1.Tag.%d.Value=%s' "$i" "$1" "$i" "$2"
		shift 2
		i=$((i + 1))
	done
}

vpc() {
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
	echo 0 >/proc/sys/net/ipv4/conf/br0/send_redirects
	ip addr add 10.0.0.1/24 dev br0
	ip addr add 10.0.1.1/24 dev br0
	ip addr add 10.0.0.2/32 dev br0
	ip addr add 198.51.100.7/32 dev br0 # the controller's, on the internet
	printf 'search lab.internal\nnameserver 10.0.0.2\n' >"$CLOUD/resolv.conf"
}

dns_start() {
	[ -z "${dns:-}" ] || kill "$dns" 2>/dev/null
	below python3 "$SRC/tests/aws/zone.py" "$AWS_ENDPOINT_URL" >"$CLOUD/zone" || return 1
	dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user="$(id -un)" \
		--addn-hosts="$CLOUD/zone" --local=/lab.internal/ --listen-address=10.0.0.2 \
		--bind-interfaces --pid-file= --dhcp-leasefile=/dev/null --log-queries --log-facility=- >"$CLOUD/dns.log" 2>&1 &
	dns=$!
	wait_for 5 bash -c 'exec 3<>/dev/tcp/10.0.0.2/53'
}

# What the endpoint says about groups, ACLs, records and stopped hosts acts from here on, each change
# after 0 to MOST seconds.
bridge_start() { # MOST
	local ready line seed=${SEED:-$RANDOM}
	# shellcheck disable=SC2016 # for the shell there
	exec {ready}< <(exec unshare --mount bash -c 'umount "$1" && HOME=$1 exec python3 "${@:2}"' \
		_ "$SSH_HOME" "$SRC/tests/aws/bridge.py" "$AWS_ENDPOINT_URL" "$seed" "$1" \
		"$CLOUD/zone" "$dns" 2>&1)
	echo "bridge: seed $seed, changes act after 0 to $1 s" | comment
	read -r -t 30 -u "$ready" line
	[ "$line" = ready ] || echo "bridge: $line" | comment
	cat <&"$ready" >"$CLOUD/bridge.log" &
	[ "$line" = ready ]
}

# birth ID NAME PRIVATE PUBLIC: as a host of EC2 comes up, to the last line that cloud-init prints
birth() {
	local id=$1 name=$2 private=$3 public=$4
	machine "$name" "$private/24" ${public:+"$public/32"} || return 1
	on "$name" ip route add default via "${private%.*}.1"
	on "$name" mount --bind "$CLOUD/resolv.conf" /etc/resolv.conf
	[ -z "$public" ] || ip route add "$public" dev br0 src 198.51.100.7
	sshd_start "$name" "AuthorizedKeysFile $XDG_STATE_HOME/lab/sandbox/key.pub" || return 1
	{
		printf '[    9.1] cloud-init[1312]: ci-info: no authorized SSH keys fingerprints\r\n'
		printf -- '-----BEGIN SSH HOST KEY KEYS-----\r\n%s root@%s\r\n' \
			"$(cut -d' ' -f1,2 "$SSHD/host_key.pub")" "$name"
		printf -- '-----END SSH HOST KEY KEYS-----\r\n'
	} >"$CLOUD/console/$id.new" && mv "$CLOUD/console/$id.new" "$CLOUD/console/$id"
	BORN+=("$name")
}

born() {
	local id lab name private public
	while read -r id lab name private public; do
		[ -n "${known[$id]:-}" ] && continue
		known[$id]=1
		birth "$id" "${name#"$lab-"}" "$private" "$public" || not_ok "$name is born"
	done < <(asked /state | jq -r '.instances | to_entries[] | select(.value.lab != "" and
		.value.state == "running" and .value.private != null) |
		"\(.key) \(.value.lab) \(.value.name) \(.value.private) \(.value.public // "")"')
}
declare -A known

while_up() {
	"$@" >up.out 2>up.err </dev/null &
	local lab=$!
	while kill -0 "$lab" 2>/dev/null; do
		born
		read -rt 0.3 <> <(:) || true
	done
	wait "$lab"
}
