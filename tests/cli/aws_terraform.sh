#!/bin/bash
# lab up and lab down with a terraform that hangs, dies, floods or talks nonsense; and Ctrl-C.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
. "$SRC/tests/aws.sh"
endpoint_start
export LAB_TERRAFORM=$SRC/tests/aws/terraform.sh FAKE_LOG=$T/log
sandbox=$XDG_STATE_HOME/lab/sandbox
up() { # AT DOES, then options
	export FAKE_AT=$1 FAKE_DOES=$2
	shift 2
	: >"$FAKE_LOG"
	rm -rf "$sandbox"
	"$LAB" up --yes --from 198.51.100.7 "$@" >up.out 2>up.err </dev/null
}

up apply fail
is "$?" 5 'what terraform says is why'
like "$(cat up.err)" 'terraform apply: No room: VpcLimitExceeded' 'its summary and detail'
like "$(cat up.err)" 'nothing of lab-[0-9a-f]+ is in AWS' 'what exists is told'
like "$(cat up.err)" 'lab up goes on with it; lab down removes it' 'and what to do'
is "$(jq -r .is_up "$sandbox/lab.json")" false 'it is written down as not finished'
exits 0 "$LAB" up --dry-run --clients 2 --from 198.51.100.9
is "$(jq -r '.clients, .from' "$sandbox/lab.json" | tr '\n' ' ')" '3 198.51.100.7/32 ' \
	'what a dry run asks for is not what the next lab up makes'
exits 0 "$LAB" down
is "$(ls "$XDG_STATE_HOME/lab")" sandbox.lock 'down ends that'

up apply long
like "$(cat up.err)" 'VcpuLimitExceeded: You have requested more vCPU capacity than your .* allows .*y\.\.\.' \
	'what EC2 said at the end of a long summary is told, and that it is cut'
exits 0 "$LAB" down

# What lab doctor advises is what is missing: here a region, there keys, and no aws to log in by.
exits 4 env -u AWS_REGION "$LAB" doctor -b aws
like "$out" $'no region for AWS: give --region.*\n +export AWS_REGION=' 'without a region it names one'
mkdir bare && ln -s "$(type -P env)" bare/
exits 4 env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY PATH="$PWD/bare" "$LAB" doctor -b aws
like "$out" $'the aws CLI is not in PATH.*AWS_EC2_METADATA_DISABLED is true\\)\n.*sandbox' \
	'all that was asked, and no program that is not there'

# question KEYS: lab up at a terminal, these typed at its question; the rest of what it shows is in up.out
question() {
	local lab shown
	coproc asked { exec timeout 30 script -qec "'$LAB' up --from 198.51.100.7" /dev/null 2>&1; }
	# shellcheck disable=SC2154 # of coproc
	lab=$asked_PID
	read -r -d ']' -t 20 -u "${asked[0]}" shown
	like "$shown" 'Make it' 'it asks'
	printf '%b' "$1" >&"${asked[1]}"
	tr -d '\r' <&"${asked[0]}" >up.out
	wait "$lab"
}
if type -P script >/dev/null; then
	question '\003'
	is "$?" 130 'Ctrl-C ends the question'
	like "$(cat up.out)" $'nothing was made\nlab: error: interrupted at the question' 'which is said'
	question '\004'
	is "$?" 0 'the end of input is no answer'
	like "$(cat up.out)" $'\nnothing was made' 'on a line of its own'
	question 'n\n'
	is "$? $(ls "$XDG_STATE_HOME/lab")" '0 sandbox.lock' 'a no: nothing is kept'
else
	skip 'no script' 8
fi

up init complain
is "$?" 5 'no provider'
like "$(cat up.err)" 'nothing was made' 'what exists is said'
like "$(cat up.err)" 'terraform init: .*no provider here' 'the line that says why'
is "$(grep -c $'\x1b' up.err)" 0 'without what a terminal would obey'
is "$(ls "$XDG_STATE_HOME/lab")" sandbox.lock 'nothing was made, so nothing is kept'

up apply crash
is "$?" 6 'a crash: something may be left'
like "$(cat up.err)" 'terraform apply: ended by signal 11' 'is told as that'

for how in flood garbage lines; do
	up apply "$how"
	is "$?" 5 "$how ends in an error of its own"
	like "$(cat up.err)" 'lab\.value' "after $how: its output is not taken for one"
	is "$(wc -c <up.err | awk '{ print $1 < 10000000 }')" 1 "$how is not repeated"
done

LAB_TERRAFORM=no-such-terraform up apply fail
is "$?" 4 'no terraform'
like "$(cat up.err)" 'no-such-terraform is not installed' 'its name is told'

# A hang, and the deadline: it is asked to stop first.
up apply stop --timeout 2s
is "$?" 5 'at the deadline it is stopped'
like "$(cat up.err)" 'terraform apply did not end in time, and was stopped' 'and that is said'
is "$(grep -c INT "$FAKE_LOG")" 1 'by one SIGINT'

# Ctrl-C: the terminal's process group gets it, which terraform is not of.
begin() { # DOES
	export FAKE_AT=apply FAKE_DOES=$1
	rm -rf "$sandbox"
	begun=(up --yes --from 198.51.100.7)
	go
}
go() { # lab with the words of begun, until terraform hangs
	: >"$FAKE_LOG"
	# A background shell ignores SIGINT, and a program that it starts would, too.
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$LAB" "${begun[@]}" >up.out 2>up.err </dev/null &
	lab=$!
	wait_for 20 grep -q hangs "$FAKE_LOG"
}
begin stop
kill -INT "$lab"
wait "$lab"
is "$?" 130 'Ctrl-C is waited for'
is "$(grep -c INT "$FAKE_LOG")" 1 'terraform got it once'
like "$(cat up.err)" $'terraform ends what it has begun\nonce more kills it, and something may be left then' \
	'the person is told'
begin hang
kill -INT "$lab"
wait_for 10 grep -q INT "$FAKE_LOG"
exits 4 "$LAB" down
like "$err" 'another lab works on the sandbox' 'meanwhile it is locked'
kill -INT "$lab"
wait "$lab"
is "$?" 6 'the second Ctrl-C says that something may be left'
like "$(cat up.err)" 'terraform apply was killed' 'and why'
is "$(pgrep -fc 'aws/terraform\.sh')" 0 'nothing of it runs'

# Ctrl-C while lab down removes: what is left is no sandbox to play in.
up apply fail
echo '{}' >"$sandbox/outputs.json"
jq '.is_up = true' "$sandbox/lab.json" >whole.json && cp whole.json "$sandbox/lab.json"
: >"$sandbox/terraform/terraform.tfstate"
export FAKE_AT=destroy FAKE_DOES=stop
begun=(down)
go
kill -INT "$lab"
wait "$lab"
is "$?" 130 'lab down is interrupted, too'
like "$(cat up.err)" 'lab down once more goes on with it' 'what goes on is said'
exits 4 "$LAB" run refused -b aws
like "$err" 'is not whole: lab up goes on with it, lab down removes it' 'nothing plays there'
exits 4 "$LAB" status
like "$out" $'ago\nit is not whole: lab up goes on with it, lab down removes it\n' 'status says so on a line'
exits 0 "$LAB" down

# kill -9 of lab: terraform is asked to stop, and the lock is free.
begin stop
kill -9 "$lab"
wait "$lab" 2>/dev/null
t 'terraform is asked to stop when lab is killed' wait_for 10 grep -q INT "$FAKE_LOG"
exits 0 "$LAB" down

is "$(grep -rlF canary-secret "$XDG_STATE_HOME" up.out up.err 2>/dev/null)" '' 'no secret in files'
done_testing
