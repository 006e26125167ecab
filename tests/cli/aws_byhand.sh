#!/bin/bash
# The sandbox by hand: terraform apply against an endpoint on this machine, machines with a real sshd
# at exactly the addresses that came out, `lab run refused -b ssh --terraform`, terraform destroy.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
# slow
. "$(dirname "$0")/../sshd.sh"
. "$SRC/tests/terraform.sh"
command -v jq >/dev/null || skip_all 'jq is not installed'

# The endpoint is a program of the caller's home, which tests/sshd.sh covers: it looks below.
below() {
	# shellcheck disable=SC2016 # for the shell there
	unshare --mount bash -c 'umount "$1" && HOME=$1 exec "${@:2}"' _ "$SSH_HOME" "$@"
}
below bash -c 'command -v moto_server' >/dev/null || skip_all 'moto_server is not installed'
exec {said}< <(MOTO_IAM_LOAD_MANAGED_POLICIES=true exec -a endpoint unshare --mount bash -c \
	'umount "$1" && HOME=$1 exec moto_server -H 127.0.0.1 -p 0 2>&1' _ "$SSH_HOME")
while read -r -t 30 -u "$said" line; do
	[[ $line == *' on http://'* ]] && break
done
port=${line##*:}
like "$port" '^[0-9]+$' 'the endpoint says its port' || {
	done_testing
	exit 1
}
cat <&"$said" >endpoint.log &

export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=canary AWS_SECRET_ACCESS_KEY=canary \
	AWS_EC2_METADATA_DISABLED=true AWS_REGION=eu-central-1
t 'terraform is ready in the folder' sandbox infra/terraform
cat >infra/terraform/by-hand.auto.tfvars <<EOF
lab_id          = "7f3a"
controller_cidr = "198.51.100.7/32"
public_key      = "$(cat "$KEY.pub")"
expires_at      = "$(date -u -d '+4 hours' +%FT%TZ)"
user            = "$SSH_USER"
identity        = "$KEY"
EOF
t 'terraform apply makes the sandbox' terraform -chdir=infra/terraform apply -auto-approve -no-color
terraform -chdir=infra/terraform output -json >outputs.json
is "$(jq -r '.lab.value.hosts | map(.name) | join(" ")' outputs.json)" \
	'server client-1 client-2 client-3' 'its output names the hosts'

# As in the VPC: a router that has the first address of each subnet. A host has its public address, and
# the server, which has none, is behind client-1.
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/br0/send_redirects
ip addr add 10.0.0.1/24 dev br0
ip addr add 10.0.1.1/24 dev br0
while read -r name private public; do
	machine "$name" "$private/24" ${public:+"$public/32"}
	on "$name" ip route add default via "${private%.*}.1"
	[ -z "$public" ] || ip route add "$public" dev br0
	t "$name has a sshd at $private" sshd_start "$name"
done < <(jq -r '.lab.value.hosts[] | "\(.name) \(.private_address) \(.public_address // "")"' outputs.json)

exits 0 "$LAB" status --terraform infra/terraform
like "$out" 'server.10\.0\.1\.10.libssh2' 'status reaches the server through client-1'
exits 0 "$LAB" run refused -b ssh --terraform infra/terraform -o aws
by_hand=$(grep '^verdict=' <<<"$out")
like "$by_hand" '^verdict=refused\.no-listener confidence=proven' 'the demo has its verdict there'
if "$LAB" doctor -b netns >/dev/null 2>&1; then
	exits 0 "$LAB" run refused -b netns -o netns
	is "$(grep -o 'trace=[0-9a-f]*' <<<"$by_hand")" "$(grep '^verdict=' <<<"$out" | grep -o 'trace=[0-9a-f]*')" \
		'and the trace of netns'
fi
for name in server client-1 client-2; do
	t "nothing is left on $name" is_clean "$name"
done
is "$(grep -rlF canary aws "$XDG_STATE_HOME" 2>/dev/null)" '' 'no secret is in what lab wrote'

t 'terraform destroy removes it' terraform -chdir=infra/terraform destroy -auto-approve -no-color
is "$(terraform -chdir=infra/terraform state list)" '' 'nothing is left in its state'
asked() { # ACTION: of the endpoint's EC2, as it says it
	curl -s --max-time 10 "$AWS_ENDPOINT_URL" -d "Action=$1&Version=2016-11-15" \
		-H 'Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/eu-central-1/ec2/aws4_request'
}
is "$(asked DescribeInstances | tr -d '\n ' | grep -o '<instanceState><code>[0-9]*</code><name>[a-z]*' |
	grep -vc terminated)" 0 'no host of it is left'
is "$(asked DescribeSecurityGroups | grep -c 'lab-7f3a')" 0 'nor a group'
done_testing
