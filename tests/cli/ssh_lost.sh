#!/bin/bash
# A run that loses its agent where the machine can still be reached: another agent undoes what was left,
# a look proves it, and the run only broke; where no one can be reached the command that finishes is told.
# slow
. "$(dirname "$0")/../sshd.sh"
hosts web-1 web-2
cp -r "$SRC/scenarios" .
scenario=refused-bound-localhost client=client-1
type -P nft >/dev/null && scenario=timeout-drop-input client=client

# hold TRANSPORT: a run that stands still with its fault set
hold() {
	rm -rf out && : >run.err
	"$LAB" run "$scenario" --bind server=web-1 --bind "$client=web-2" --transport "$1" \
		--pause fault -o out <> <(:) >run.out 2>run.err &
	run=$!
	within 30 grep -q 'Enter goes on' run.err
}

# ended STATUS SENTENCE
ended() {
	within 30 test ! -e "/proc/$run/fd/1" || kill -9 "$run"
	wait "$run" 2>/dev/null
	is "$?" "$1" "$2" || comment <run.err
}
for transport in libssh2 openssh; do
	for lost in session agent; do
		hold "$transport"
		if [ "$lost" = session ]; then
			running web-1 '^sshd: [a-z]' | xargs kill -9
		else
			kill -9 "$(agent_of web-1)"
		fi
		ended 5 "$transport: a killed $lost breaks the run, and nothing is left"
		like "$(cat run.err)" 'server: the agent is gone' 'what broke is named'
		unlike "$(cat run.err)" 'lab cleanup' 'nothing is left for anybody to finish'
		like "$(cat run.out run.err)" 'left behind: nothing' 'and that is said'
		for name in web-1 web-2; do
			t "$name is clean already" is_clean "$name"
		done
	done
done

# The same, but nobody lets a second connection in.
hold libssh2
kill -9 "$(listener web-1)"
running web-1 '^sshd: [a-z]' | xargs kill -9
ended 6 'a machine that cannot be asked again'
like "$(cat run.err)" 'web-1: .*lab cleanup -b ssh web-1' 'is named, with what makes sure of it'
for name in web-1 web-2; do
	t "$name is clean within 12 s by itself" within 12 is_clean "$name"
done
done_testing
