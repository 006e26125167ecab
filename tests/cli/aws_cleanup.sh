#!/bin/bash
# lab cleanup -b aws --older-than: labs that are forgotten in an account, against an endpoint on this
# machine. What only looks like a lab stays. And lab doctor -b aws, which only reads.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
. "$SRC/tests/aws.sh"
endpoint_start

id_of() { # ELEMENT, out of an answer
	grep -o "<$1>[^<]*" | head -n 1 | cut -d'>' -f2
}
marked() { # KIND LAB: tags of infra/terraform
	tags "$1" lab "$2" lab-expires 2026-01-31T18:00:00Z Name "$2"
}
make_lab() { # NAME
	local vpc subnet gateway table
	vpc=$(call ec2 CreateVpc "CidrBlock=10.0.0.0/16&$(marked vpc "$1")" | id_of vpcId)
	subnet=$(call ec2 CreateSubnet "VpcId=$vpc&CidrBlock=10.0.0.0/24&$(marked subnet "$1")" | id_of subnetId)
	gateway=$(call ec2 CreateInternetGateway "$(marked internet-gateway "$1")" | id_of internetGatewayId)
	call ec2 AttachInternetGateway "VpcId=$vpc&InternetGatewayId=$gateway" >/dev/null
	table=$(call ec2 CreateRouteTable "VpcId=$vpc&$(marked route-table "$1")" | id_of routeTableId)
	call ec2 AssociateRouteTable "SubnetId=$subnet&RouteTableId=$table" >/dev/null
	call ec2 CreateKeyPair "KeyName=$1&$(marked key-pair "$1")" >/dev/null
	call ec2 RunInstances "ImageId=ami-12c6146b&MinCount=1&MaxCount=1&SubnetId=$subnet&$(marked instance "$1")" >/dev/null
	call iam CreateRole "RoleName=$1&AssumeRolePolicyDocument=%7B%7D&Description=lab%3A%20its%20hosts&Tags.member.1.Key=lab&Tags.member.1.Value=$1" >/dev/null
	call iam CreateInstanceProfile "InstanceProfileName=$1&Tags.member.1.Key=lab&Tags.member.1.Value=$1" >/dev/null
	call iam AddRoleToInstanceProfile "InstanceProfileName=$1&RoleName=$1" >/dev/null
}
running() { # LAB
	asked /state | jq --arg lab "$1" '[.instances[] | select(.lab == $lab and .state == "running")] | length'
}

command -v terraform >/dev/null && status=0 || status=4
exits "$status" "$LAB" doctor -b aws
like "$out" 'session +environment, eu-central-1' 'doctor names where the session comes from'
like "$out" 'account +123456789012, arn:aws' 'and whose it is'
like "$out" 'agents +(x86_64|aarch64)' 'and the agents that every run there needs'
mkdir -p alone && cp "$LAB" alone/
exits 4 alone/lab doctor -b aws
like "$out" $'agents +the agents for other machines .*\n +make agents' 'without them it says how they are made'
is "$(grep -vE ' (Describe|Get|List|GET )' "$CLOUD/calls")" '' 'by calls that read'
# A terraform that tells what it was given.
mkdir fake && cat >fake/terraform <<END && chmod +x fake/terraform
#!/bin/bash
env >$PWD/fake/env
echo '{"terraform_version":"1.6.9"}'
END
exits 4 env LAB_TERRAFORM="$PWD/fake/terraform" "$LAB" doctor -b aws
like "$out" 'fake/terraform is 1\.6\.9, too old' 'one that is too old is told'
is "$(grep -c canary fake/env) $(grep -c CHECKPOINT_DISABLE=1 fake/env)" '0 1' \
	'asked for its version it gets no keys, and asks nobody'
exits 4 env AWS_ENDPOINT_URL=http://127.0.0.1:1 "$LAB" doctor -b aws
like "$out" 'account +sts GetCallerIdentity: .*nobody answers there' 'an endpoint where nobody is'
is "$(grep -c 'allow ' <<<"$out")" 0 'is no matter of permissions'
exits 4 env -u AWS_ACCESS_KEY_ID "$LAB" doctor -b aws
like "$out" 'AWS_ACCESS_KEY_ID is not' 'half a pair is told'
is "$(grep -c canary <<<"$out$err")" 0 'without the other half'

exits 0 "$LAB" cleanup -b aws --older-than 2h
is "$out" 'there is no lab in eu-central-1' 'an account without labs'
exits 2 "$LAB" cleanup --older-than 2h
exits 2 "$LAB" cleanup -b aws web-1 --older-than 2h

make_lab lab-beef01
make_lab course-cafe22
# A tag `lab` of other people's, a name that no lab has, a role that only has our name.
call ec2 RunInstances "ImageId=ami-12c6146b&MinCount=1&MaxCount=1&$(tags instance lab physics-1234)" >/dev/null
call ec2 RunInstances "ImageId=ami-12c6146b&MinCount=1&MaxCount=1&$(tags instance lab 'The Lab' lab-expires never)" >/dev/null
call ec2 RunInstances "ImageId=ami-12c6146b&MinCount=20&MaxCount=20" >/dev/null
call ec2 RunInstances "ImageId=ami-12c6146b&MinCount=1&MaxCount=1&$(tags instance Name lab-beef01)" >/dev/null
call iam CreateRole "RoleName=lab-aaaa11&AssumeRolePolicyDocument=%7B%7D&Description=ours" >/dev/null

exits 0 "$LAB" cleanup -b aws --older-than 2h
like "$out" 'lab-beef01: [0-9]+ s old, [0-9]+ resources: not old enough' 'a lab of today stays'
is "$(running lab-beef01)" 1 'its host runs'
exits 0 "$LAB" cleanup -b aws --older-than 1ms --dry-run
like "$out" 'course-cafe22: .* resources: would be removed' 'a dry run says what'
like "$out" '  vpc vpc-' 'and each thing'
is "$(running lab-beef01) $(running course-cafe22)" '1 1' 'and removes nothing'
exits 0 "$LAB" cleanup -b aws --older-than 1ms
like "$out" 'lab-beef01: .* removed, 0 are left' 'one is removed'
like "$out" 'course-cafe22: .* removed, 0 are left' 'the other, too'
is "$(running lab-beef01) $(running course-cafe22)" '0 0' 'no host of theirs runs'
is "$(grep -cE 'physics|The Lab|aaaa11' <<<"$out")" 0 'nothing else is even told'
is "$(running physics-1234) $(running 'The Lab') $(running '')" '1 1 21' 'nor touched, not even what has a name of ours'
like "$(call iam GetRole RoleName=lab-aaaa11)" '<RoleName>lab-aaaa11' 'a role of that name alone stays'
like "$(call iam GetRole RoleName=lab-beef01)" 'NoSuchEntity' 'the role of a lab goes'
exits 0 "$LAB" cleanup -b aws --older-than 1ms
is "$out" 'there is no lab in eu-central-1' 'then there is none'
done_testing
