#!/bin/bash
# lab explain: what people type finds its lesson, the times are this host's own, and every command
# that a lesson tells to paste on Linux runs.
# shellcheck disable=SC2016 # expanded by the inner shell
. "$(dirname "$0")/../lib.sh"

explains() { # FAMILY TEXT...
	local family=$1
	shift
	is "$("$LAB" explain "$@" --json | sed -n 's/^  "family": "\(.*\)",$/\1/p')" "$family" \
		"explain $* is about $family"
}
explains refused refused
explains refused ECONNREFUSED
explains refused 111
explains refused 10061
explains refused 'curl: (7) Failed to connect to server port 1234: Connection refused'
explains refused connect: Connection refused
explains timeout ETIMEDOUT
explains timeout 'upstream timed out (110: Connection timed out) while connecting to upstream'
explains timeout timeout.dropped
explains ok ok

"$LAB" explain refussed >out 2>err
is $? 2 'an unknown word exits 2'
like "$(cat err)" 'did you mean refused' 'and the nearest known one is named'
is "$(cat out)" '' 'and nothing is printed as a lesson'
"$LAB" explain 'upstream timed out (110: Connection timed out) while reading response header' \
	>out 2>err
is $? 2 'a wait for data is no connect timeout'
like "$(cat err)" 'open connection' 'and it says what it is'
"$LAB" explain >/dev/null 2>&1
is $? 2 'without a word it is a usage error'

for word in refused refused.bound-elsewhere timeout ok reset; do
	"$LAB" explain "$word" >out
	is "$(awk 'length > 80' out)" '' "explain $word keeps to 80 columns"
done
"$LAB" explain refused --ascii >out
is "$(LC_ALL=C grep -c '[^ -~]' out)" 0 'with --ascii there is no other byte'

# This host's times: a network namespace of our own with other sysctls.
private() { # RETRIES LINEAR
	unshare "${user[@]}" -n bash -c '
		echo "$1" >/proc/sys/net/ipv4/tcp_syn_retries || exit
		linear=/proc/sys/net/ipv4/tcp_syn_linear_timeouts
		if [ -e $linear ]; then echo "$2" >$linear; fi
		exec "$3" explain timeout' private "$1" "$2" "$LAB"
}
user=() own=()
[ "$(id -u)" -eq 0 ] || user=(-r)
if unshare "${user[@]}" -n true 2>/dev/null; then
	own=(unshare "${user[@]}" -n)
	like "$(private 1 0)" 'you wait .*3\.[01] s on this host' 'one retry: 3 s'
	like "$(private 1 0)" 'SYNs sent .*2 on this host' 'and 2 SYNs'
	like "$(private 2 0)" 'you wait .*7\.[0-3] s on this host' 'two retries: 7 s'
	if [ -e /proc/sys/net/ipv4/tcp_syn_linear_timeouts ]; then
		like "$(private 6 4)" 'SYNs sent .*11 on this host' 'six retries, four linear: 11 SYNs'
	else
		skip 'this kernel has no tcp_syn_linear_timeouts'
	fi
else
	skip 'no network namespace of our own' 4
fi

# Commands to paste: each one for Linux is known to the shell and accepted by its program.
for family in refused timeout ok reset unreachable failed; do
	"$LAB" explain "$family" --json | awk -F'": "' '
		/"command":/ { command = $2; sub(/",$/, "", command) }
		/"tells":/ { is_root = /\(root/ }
		/"platform": "linux"/ { print is_root "\t" command }'
done | sort -u >commands
isnt "$(wc -l <commands)" 0 'the lessons have commands for Linux'
export NSTAT_HISTORY=$T/nstat # else a file in /tmp, of root there, which a user namespace is not
while IFS=$'\t' read -r is_root command; do
	program=${command%% *}
	PATH=$PATH:/usr/sbin:/sbin
	if ! command -v "$program" >/dev/null; then
		skip "$program is not installed: $command"
	elif [ "$is_root" = 1 ] && [ "$(id -u)" -ne 0 ]; then
		skip "needs root: $command"
	else
		"${own[@]}" timeout 1 bash -c "$command" >out 2>err </dev/null
		status=$?
		# 124: it watches until it is stopped
		if [ "$status" -eq 0 ] || [ "$status" -eq 124 ]; then
			ok "runs: $command"
		else
			not_ok "runs: $command" "status $status" "$(cat err)"
		fi
	fi
done <commands
done_testing
