#!/bin/bash
# Under sudo a run belongs to the person who asked for it, what is derived and `latest` too.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" -eq 0 ] || skip_all 'needs root, to play sudo'
export SUDO_UID=$USER_ID SUDO_GID=$USER_ID
exits 0 "$LAB" run refused -q
is "$(find "$XDG_STATE_HOME/lab" ! -uid "$USER_ID")" '' 'all of a run and its history is the caller'"'s"
unset SUDO_UID SUDO_GID
run=$(echo "$XDG_STATE_HOME"/lab/runs/*-refused-*)
rm "$run/result.json" "$run/report.txt" "$run/run.pcapng"
exits 0 "$LAB" report "$run" -q
is "$(find "$run" ! -uid "$USER_ID")" '' 'a report made again by root is still theirs'

# what lies in a person's folder is never written through
echo kept >"$T/victim"
ln "$T/victim" "$run/run.pcapng.tmp"
ln "$T/victim" "$run/report.txt.tmp"
exits 0 "$LAB" report "$run" -q
is "$(cat "$T/victim")" kept 'a file linked where lab writes is left alone'
done_testing
