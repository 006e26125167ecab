#!/bin/bash
# SIGKILL of terraform, and of lab with it, while the sandbox is made: whatever the state holds then,
# lab down leaves nothing, in any service. MOMENTS are resources that were made by then; ten of them
# have been played: MOMENTS="1 5 9 13 17 22 27 32 37 41" tests/cli/aws_kill.sh
# slow
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
. "$SRC/tests/terraform.sh"
. "$SRC/tests/aws.sh"
endpoint_start
export TF_VAR_bucket=true
call ec2 RunInstances 'ImageId=ami-12c6146b&MinCount=20&MaxCount=20' >/dev/null

# The programs that work for this sandbox: terraform and its provider, by the folder they work in.
workers() {
	local pid
	for pid in $(pgrep -f 'terraform'); do
		[ "$(readlink "/proc/$pid/cwd")" = "$XDG_STATE_HOME/lab/sandbox/terraform" ] && echo "$pid"
	done
}

round=0
for made in ${MOMENTS:-4 39}; do
	round=$((round + 1))
	"$LAB" up --yes --from 198.51.100.7 --timeout 100s >up.out 2>up.err </dev/null &
	lab=$!
	t "$made things are made" wait_for 90 grep -q "^made $made of" up.err
	if [ $((round % 2)) -eq 0 ]; then
		kill -9 "$lab"
	fi
	mapfile -t pids < <(workers)
	kill -9 "${pids[@]}" 2>/dev/null
	wait "$lab" 2>/dev/null
	status=$?
	if [ $((round % 2)) -eq 0 ]; then
		is "$status" 137 "lab and terraform are killed after $made"
	else
		is "$status" 6 "terraform is killed after $made"
		like "$(cat up.err)" 'its state may lack what it made: terraform apply: ended by signal 9' 'which lab says'
		like "$(cat up.err)" 'in AWS there is [0-9]+ of lab-' 'with what exists'
	fi
	exits 4 "$LAB" up --yes --from 198.51.100.7
	like "$err" 'Terraform died while it made lab-.*: lab up would make that twice' 'up does not go on'
	exits 0 "$LAB" down
	like "$out" '^0 resources left of lab-[0-9a-f]+ in EC2, IAM, Route 53 and S3' 'down leaves nothing'
	is "$("$LAB" cleanup -b aws --older-than 1ms 2>&1)" 'there is no lab in eu-central-1' \
		'and the account has no lab'
	is "$(workers)" '' 'nothing of it runs'
done
is "$(asked /state | jq '[.instances[] | select(.state == "running")] | length')" 20 \
	'the hosts of somebody else are all there'
done_testing
