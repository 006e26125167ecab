#!/bin/bash
# In the place of terraform (LAB_TERRAFORM), for what a real one does on its worst day.
# FAKE_AT: the word of the command line at which it happens; FAKE_DOES: what. All else ends with 0.
# $FAKE_LOG gets a line for each start, and for each SIGINT.
word=${2-}
case $1 in -chdir=*) ;; *) word=$1 ;; esac
echo "$word" >>"$FAKE_LOG"
case $word in
plan) echo '{"type":"change_summary","changes":{"add":1,"change":0,"remove":0,"operation":"plan"}}' ;;
output) echo '{"lab":{"sensitive":false,"type":"string","value":1}}' ;;
esac
[ "$word" = "$FAKE_AT" ] || exit 0
case $FAKE_DOES in
hang) # and hears nobody
	trap 'echo INT >>"$FAKE_LOG"' INT
	trap '' TERM
	echo hangs >>"$FAKE_LOG"
	while :; do read -rt 60 <> <(:); done
	;;
stop) # as terraform itself: ends when it is asked to
	trap 'echo INT >>"$FAKE_LOG"; exit 1' INT
	echo hangs >>"$FAKE_LOG"
	while :; do read -rt 60 <> <(:); done
	;;
crash) kill -SEGV $$ ;;
fail)
	echo '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"No room","detail":"VpcLimitExceeded"}}'
	exit 1
	;;
long) # as the provider tells what EC2 refused
	printf '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode: 400, RequestID: 01234567-89ab-cdef-0123-456789abcdef, api error VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket. %s","detail":""}}\n' \
		"$(head -c 2000 /dev/zero | tr '\0' y)"
	exit 1
	;;
complain)
	printf '\n\x1b[31mError: \x1b]0;owned\x07no provider here\n' >&2
	exit 1
	;;
flood) head -c 10000000 /dev/zero | tr '\0' x ;;
lines) yes '{"type":"apply_start","hook":{"resource":{"addr":"x"},"action":"create"}}' | head -n 100000 ;;
garbage) printf '{"type":1}\n[]\n\xff\xfe\n{"type":"diagnostic"}\n{"type":"change_summary","changes":7}\nnull\n{' ;;
esac
exit 0
