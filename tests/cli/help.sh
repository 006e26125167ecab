#!/bin/bash
# Help is found however it is asked for, and fits a terminal.
. "$(dirname "$0")/../lib.sh"

exits 0 "$LAB"
overview=$out
is "$(grep -c '' <<<"$overview")" "$(grep -c '' <<<"$overview" | awk '{ print $1 <= 24 ? $1 : 24 }')" \
	'lab alone: at most 24 lines'
for asked in -h --help help; do
	exits 0 "$LAB" "$asked"
	is "$out" "$overview" "lab $asked says the same"
done
for name in $(sed -n 's/^  \([a-z]*\)  .*/\1/p' <<<"$overview" | grep -v '^lab$') \
	exit-codes environment evidence scenario-file; do
	exits 0 "$LAB" help "$name"
	is "$(awk 'length > 80' <<<"$out")" '' "help $name in 80 columns"
done
exits 0 "$LAB" run -h
like "$out" '^usage: lab run' 'lab COMMAND -h: that of the command'
is "$(make -C "$SRC" -s help | awk 'length > 80')" '' 'make help in 80 columns'

# What is said of mistakes: by which program, and only what helps.
exits 2 "$B/lab-agent" client -q
like "$err" '^lab-agent client: ' 'a wrong option is told by the name of the program'
exits 2 "$LAB" explain 2
unlike "$err" 'did you mean' 'a number is near no other number'
exits 0 env HOME="$T/nobody" XDG_STATE_HOME= "$LAB" doctor -b loopback
like "$out" "$T/nobody/.local/state/lab/runs, made by" 'doctor names the folder of the runs'
done_testing
