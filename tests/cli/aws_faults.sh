#!/bin/bash
# Faults that only the cloud can set, against an endpoint whose groups, network ACLs and records act on
# packets seconds after the call (tests/aws/bridge.py).
# slow
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
. "$SRC/tests/terraform.sh"
. "$SRC/tests/aws.sh"
endpoint_start
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
done_testing
