#!/bin/bash
# Faults that only the cloud can set, against an endpoint whose groups, network ACLs and records act on
# packets seconds after the call (tests/aws/bridge.py).
# slow
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
. "$SRC/tests/terraform.sh"
. "$SRC/tests/aws.sh"
endpoint_start
endpoint=$!
vpc
export TF_VAR_user=$SSH_USER
while_up "$LAB" up --yes --from 198.51.100.7
is "$?" 0 'the sandbox is up' || comment <up.err
dns_start
is "$?" 0 'the zone is served'
bridge_start "${MOST:-5}"
is "$?" 0 'what the endpoint says acts'

exits 0 "$LAB" run refused -b aws -o open
like "$out" 'verdict=refused\.no-listener confidence=proven' 'groups as they are let the demo through'
try() { # FROM PORT
	on "$1" timeout 2 bash -c "exec 3<>/dev/tcp/10.0.1.10/$2" 2>/dev/null
	echo $?
}
is "$(try client-1 22) $(try client-2 22) $(try client-2 1234)" '0 124 1' \
	'SSH from the jump host alone, the application port from every client'

# What decides over the server, as the endpoint has it: a fault leaves no trace there.
journal=$XDG_STATE_HOME/lab/sandbox/cloud-journal
decides() {
	asked /state | jq -cS '[.instances[] | select(.name | endswith("-server")) | .groups],
		[.subnets[].acl.id]'
}
played() { # STATUS NAME VERDICT WHAT
	exits "$1" "$LAB" run "$2" -b aws -o runs --timeout 200s
	like "$(grep '^verdict=' <<<"$out")" "^verdict=$3 " "$4"
	is "$(decides)" "$before" 'and nothing stays changed'
	is "$(cat "$journal" 2>/dev/null)" '' 'nor written down as such'
}
before=$(decides)
cat >group.ini <<'END'
[lab]
format     = 1
title      = a fault of the cloud
time-limit = 5m
[hosts]
server   =
client-1 =
client-2 =
[control]
serve = server tcp.serve 1234
[fault]
cut   = server cloud security-group closed
carol = client-2 tcp.connect server:1234 syn-retries=1 -> ETIMEDOUT
[expect]
verdict = timeout.security-group on carol
END
exits 4 "$LAB" run ./group.ini -b netns
like "$err" 'step cut is a fault of the cloud, which needs -b aws' 'elsewhere it says what it needs'

played 0 timeout-security-group 'timeout\.security-group confidence=proven' 'a security group is found out'
like "$(cat runs/*/steps.ndjson)" 'took effect after [0-9]+\.[0-9] s' 'once it was seen to act'
played 0 timeout-network-acl 'timeout\.network-acl confidence=proven' 'and a network ACL'

# Both at once: neither is said to be it. The server's own firewall, while the cloud lets all in, and
# has no rule for other ports: it is that.
sed '/^cut /a both  = server cloud network-acl no-return' group.ini >both.ini
played 3 ./both.ini 'timeout\.unexplained confidence=undecided' 'of two none is said to be it'
sed 's/^cut .*/cut   = server firewall input drop tcp dport 1234/
	s/^verdict .*/verdict = timeout.dropped on carol/
	/^serve /a none  = server cloud record 10.0.9.9\nback  = heal none' group.ini >own.ini
played 0 ./own.ini 'timeout\.dropped confidence=proven' 'rules that let it in are not it'

# A run that is killed with a fault set: the next cleanup undoes it.
sed 's/^carol .*/carol = client-2 tcp.connect server:1234 -> ETIMEDOUT/' group.ini >long.ini
"$LAB" run ./long.ini -b aws -o runs --timeout 200s >long.out 2>&1 </dev/null &
lab=$!
wait_for 60 grep -q 'security-group eni-' "$journal"
is "$?" 0 'a fault is written down' || comment <long.out
kill -KILL "$lab"
wait "$lab" 2>/dev/null
exits 0 "$LAB" cleanup -b aws
like "$out" '1 fault of the cloud undone' 'cleanup undoes what a killed run left'
is "$(decides)" "$before" 'so that it is gone'

# What cannot be undone is said: here AWS goes away while a fault is set.
"$LAB" run ./long.ini -b aws -o runs --timeout 200s >long.out 2>&1 </dev/null &
lab=$!
wait_for 60 grep -q 'security-group eni-' "$journal"
kill -KILL "$endpoint"
wait "$lab"
is "$?" 6 'a fault that stays set is exit status 6' || comment <long.out
like "$(cat long.out)" 'the cloud still has a fault of lab-.*lab cleanup -b aws undoes it' 'with what undoes it'
like "$(cat "$journal")" '^security-group eni-' 'and stays written down'
is "$(grep -rlF canary-secret runs up.out up.err "$XDG_STATE_HOME" 2>/dev/null)" '' \
	'no secret is in what lab wrote'
done_testing
