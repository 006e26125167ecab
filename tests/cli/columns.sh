#!/bin/bash
# What lab prints on a terminal of 80 columns fits it; a pipe gets a line a row, unbroken.
. "$(dirname "$0")/../lib.sh"
command -v script >/dev/null || skip_all 'script is not installed'
cd "$SRC" || exit 1
PATH=$B:$PATH

# wide COMMAND: its lines that are wider than a terminal. A path is never broken, nor a command to paste.
wide() {
	TERM=xterm script -qec "stty cols 80; $1" /dev/null </dev/null | tr -d '\r' |
		sed 's/\x1b\[[0-9;]*m//g' >"$T/screen"
	[ -s "$T/screen" ] || echo "$1: nothing is shown"
	grep -E '^.{81}' "$T/screen" | grep -v '^ *wireshark ' | sed "s|^|$1: |"
}
{
	for topic in '' $("$LAB" help | sed -n 's/^  \([a-z]*\)  *[A-Za-z[].*/\1/p' | grep -vx lab) \
		exit-codes environment scenario-file evidence; do
		wide "lab help $topic"
	done
	for command in list 'list -b loopback' steps 'show --schema' runs doctor version; do
		wide "lab $command"
	done
} >"$T/wide"
is "$(cat "$T/wide")" '' 'help, list, steps, show --schema, runs, doctor fit 80 columns'
"$LAB" steps | tail -n +2 | cut -f 1 | while read -r verb; do
	wide "lab steps $verb"
done >"$T/wide"
is "$(cat "$T/wide")" '' 'lab steps VERB fits 80 columns'
for file in scenarios/*.ini; do
	name=$(basename "$file" .ini)
	for command in show plan 'plan -b loopback' check; do
		wide "lab $command $name"
	done
done >"$T/wide"
is "$(cat "$T/wide")" '' 'show, plan and check of every scenario fit 80 columns'
for word in refused timeout reset ok ECONNREFUSED refused.no-listener; do
	wide "lab explain $word"
done >"$T/wide"
is "$(cat "$T/wide")" '' 'lab explain fits 80 columns'
TERM=xterm script -qec "stty cols 80; lab list" /dev/null </dev/null | tr -s ' \r\n' ' ' >"$T/list"
"$LAB" list | tail -n +2 | cut -f 6 | while IFS= read -r title; do
	grep -qF -- "$title" "$T/list" || echo "$title"
done >"$T/cut"
is "$(cat "$T/cut")" '' 'lab list tells every title whole'

# piped: as many lines as there are rows
is "$("$LAB" steps | tail -n +2 | cut -f 1 | wc -l)" "$("$LAB" steps --json | jq '.steps | length')" \
	'lab steps in a pipe: a line a verb'
is "$("$LAB" show --schema | grep -P '\t')" '' 'lab show --schema in a pipe: columns of blanks'
like "$("$LAB" plan refused | grep -F ' carol ')" '-> ECONNREFUSED within 50ms$' 'lab plan in a pipe: a line a step'

# A server's line on the machine's own lo is the longest there is: its option is not cut.
if bare_works; then
	cd "$(user_folder)" || exit 1
	own=$T/user/build/lab
	[ "$(id -u)" -eq 0 ] || own=$LAB
	as_bare script -qec "$own run refused -b loopback -o $T/user/own" /dev/null </dev/null >"$T/own" 2>&1
	like "$(cat "$T/own")" 'serve .* LISTEN 127[0-9.]*:[0-9]+, .*SO_REUSEADDR ' "the line of a server says its option whole"
else
	skip 'no user namespaces for an ordinary user'
fi
done_testing
