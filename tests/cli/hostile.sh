#!/bin/bash
# Text from outside is data wherever it goes: no shell is started for it, and nothing of it commands a
# terminal, whether it comes in scenarios, names, options, messages or foreign run directories.
. "$(dirname "$0")/../lib.sh"

escape=$'\e[31mred\e]0;title\a' c1=$'\xc2\x9b2J' bidi=$'\xe2\x80\xaeabc' del=$'\x7f' broken=$'\xff\xc0\xaf'
dirt=$escape$c1$bidi$del$broken
shell="\$(touch $T/pwned) \`touch $T/pwned\` | touch $T/pwned & \\ ' \" \$HOME *"

# clean SENTENCE FILE...: what reached the terminal is UTF-8 without control characters but newline,
# without bidi overrides. TAB=1: tabs part columns for programs. COLOUR=1: ESC [ digits m is ours.
unsafe='[\x{0}-\x{8}\x{b}-\x{1f}\x{7f}-\x{9f}\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}]'
clean() {
	local sentence=$1 found
	shift
	cat "$@" >shown
	[ -z "${COLOUR:-}" ] || sed -i -E 's/\x1b\[[0-9;]*m//g; s/\r$//' shown
	[ -z "${TAB:-}" ] || sed -i 's/\t/ /g' shown
	found=$(iconv -f UTF-8 -t UTF-8 shown 2>&1 >/dev/null | head -n 3)
	found+=$(grep -naP -m 3 "$unsafe|\t" shown | cut -c 1-300 | cat -v)
	is "$found" '' "$sentence"
}

# gather COMMAND...: whatever its status (a signal is none), what it tells is kept for `told`
gather() {
	local status
	printf '== %.60s\n' "$*" | head -n 1 | cat -v >>gathered
	"$@" >>gathered 2>&1 </dev/null
	status=$?
	[ "$status" -lt 128 ] || printf 'ended by a signal: \a%d\n' "$status" >>gathered
}

# told SENTENCE [COMMAND...]: what was gathered, and what this tells, is clean
told() {
	local sentence=$1
	shift
	[ $# -eq 0 ] || gather "$@"
	clean "$sentence" gathered
	: >gathered
}

good=$(cat "$SRC/scenarios/refused.ini")

# shell characters in every free text of a scenario, and messages that hold them
cat >shell.ini <<EOF
[lab]
format = 1
title = $shell
about = $shell
[hosts]
server =
client =
[control]
serve = server tcp.serve 1234
alice = client tcp.connect server:1234 keep=yes -> ok
say = alice tcp.send "\$(touch $T/pwned)\x3b\x60touch $T/pwned\x60\x1b[31m\xc2\x9b" -> ok
bye = alice tcp.close
[fault]
cut = server firewall input reset tcp dport 1234
carol = client tcp.connect server:1234 -> ECONNREFUSED
[expect]
verdict = refused.firewall-reset on carol
EOF
exits 0 "$LAB" check ./shell.ini
mkdir runs
if "$LAB" run refused-firewall-reset -b netns -o "$T/probe" >probe.out 2>&1; then
	traced strace -f -qq \
		-e trace=execve,execveat -o execs "$LAB" run ./shell.ini -b netns -o "$T/runs" -v \
		--color=never >run.out 2>run.err
	is "$?" 0 'a run whose every text is for a shell goes as it should'
	started=$(sed -nE 's/.*execve(at)?\([^"]*"([^"]*)".* = 0$/\2/p' execs | sed 's|.*/||' | sort -u)
	is "$(grep -vxE 'lab|lab-agent|nft' <<<"$started")" '' 'and starts lab-agent and nft, no shell'
	like "$started" 'nft' 'which strace would have seen'
	t 'nothing that the text asks for was done' test ! -e "$T/pwned"
	clean 'what it tells is clean' run.out run.err
	run=$(ls -d "$T"/runs/*)
	t 'its raw files are lines of JSON' jq -e . "$run/events.ndjson" "$run/steps.ndjson"
	clean 'its files may meet a terminal too' "$run/events.ndjson" "$run/steps.ndjson" \
		"$run/manifest.json" "$run/plan.json" "$run/report.txt" "$run/result.json"
	for command in show plan check; do
		told "lab $command tells it clean" "$LAB" "$command" ./shell.ini
	done
	if command -v script >/dev/null; then
		TERM=xterm script -qec "'$LAB' run ./shell.ini -b netns -o '$T/tty' -v" /dev/null </dev/null >screen
		COLOUR=1 clean 'on a terminal there are our colours and nothing else' screen
		like "$(cat screen)" $'\e\\[[0-9;]*m' 'and they are there'
	else
		skip 'no script(1) to play a terminal' 2
	fi
else
	skip 'netns does not work here' 11
fi

# what could command a terminal, and bytes that are no text, in every place of a scenario
number=0
for bytes in "$escape" "$c1" "$bidi" "$del" "$broken" $'a\rb' $'a\vb'; do
	number=$((number + 1))
	for place in 's/^title.*/title = @/' 's/^server  *=/ser@ver =/' 's/^carol/ca@rol/' \
		's/^\[fault\]/[fa@ult]/' 's/^format/for@mat/' 's/-> ECONN/-> @ECONN/' \
		's/^verdict = /verdict = @/' '1s/^/# @\n/'; do
		dirty=$(sed "${place//@/%DIRT%}" <<<"$good")
		printf '%s\n' "${dirty//%DIRT%/"$bytes"}" >dirty.ini
		"$LAB" check ./dirty.ini >"check.$number.out" 2>&1 && echo "$number $place" >>accepted
		cat "check.$number.out" >>checks
	done
done
: >>accepted
clean "complaints about it are clean ($(grep -c error: checks) of them)" checks
is "$(cat accepted)" '' 'none was accepted'
for value in '../..' '/etc/passwd' 'a/b' '.' "$(printf %0300d 1)"; do
	sed "s|^server  *=|$value =|; s|server tcp|$value tcp|; s|server:|$value:|" <<<"$good" >path.ini
	exits 2 "$LAB" check ./path.ini
	sed "s|carol|$value|g" <<<"$good" >path.ini
	exits 2 "$LAB" check ./path.ini
done
head -c 1000000 /dev/zero | tr '\0' x >long
{ cat "$SRC/scenarios/refused.ini" && cat long; } >long.ini
exits 2 "$LAB" check ./long.ini
t 'a line of 1 MB is told in few words' test "${#err}" -lt 1000
printf '[lab]\nformat = 1\0\n' >nul.ini
exits 2 "$LAB" check ./nul.ini
like "$err" 'NUL' 'a NUL byte is told'
printf '[lab]\nformat = 1\ntitle = x\n[control]\na = b tcp.connect c:1 -> ok\n%s\n' \
	$'[expect]\nverdict = ok on a\nwire = C>S [S]' >nohosts.ini
exits 2 "$LAB" check ./nohosts.ini

# names of files and folders
folder=$T/f$escape$c1$bidi$del
mkdir "$folder"
cp "$SRC/scenarios/refused.ini" "$folder/refused.ini"
cp "$SRC/scenarios/refused.ini" "$folder/a$escape.ini"
for command in check show plan; do
	gather "$LAB" "$command" "$folder/refused.ini"
	gather "$LAB" "$command" "$folder/a$escape.ini"
	gather "$LAB" "$command" "./$dirt.ini"
	told "lab $command of files with such names, in a folder with such a name"
done
told 'as JSON too' "$LAB" check "$folder/refused.ini" --json
told 'lab new in such a folder' "$LAB" new "$folder/fresh"
told 'lab new with such a name' "$LAB" new "$dirt"
(cd "$folder" && mkdir scenarios && cp refused.ini "scenarios/b$escape.ini" && cp refused.ini scenarios/)
TAB=1 told 'lab list of such files' bash -c 'cd "$1" && exec "$2" list --color=never' - "$folder" "$LAB"
for format in -q -v --json; do
	told "lab run $format into such a folder" "$LAB" run refused -b loopback -o "$folder/runs" "$format"
done
TAB=1 told 'lab runs of such a folder' "$LAB" runs -o "$folder/runs"
told 'lab report of a run in such a folder' "$LAB" report "$(ls -d "$folder"/runs/*-refused-* | head -n 1)"
told 'lab run --repeat into such a folder' "$LAB" run "$folder/refused.ini" -b loopback --repeat 2 \
	-o "$folder/more" -q

# words of the command line and of the environment
for word in "$dirt" "$shell" "../../$escape" "$(head -c 100000 long)"; do
	for command in run report analyze show check explain plan new help; do
		gather "$LAB" "$command" "$word"
	done
	gather "$LAB" "$word"
	gather "$LAB" run "--$word"
	gather "$LAB" run "-${word:0:1}"
	gather "$LAB" run refused --timeout "$word"
	gather "$LAB" runs rm "$word" -o runs
	gather "$LAB" run --tag "$word"
	told "every command with a word of ${#word} bytes"
	for command in show plan run; do
		for set in "port=$word" "$word=1" "$word"; do
			gather "$LAB" "$command" ok-tcp --set "$set"
		done
	done
	told '--set of it'
	LAB_BACKEND=$word told 'an environment with it' "$LAB" run refused
done
t 'and still nothing was done' test ! -e "$T/pwned"

# a foreign run directory: each text of its files replaced
"$LAB" run refused -o "$T/foreign" -q >/dev/null 2>&1
foreign=$(ls -d "$T"/foreign/*)
cat >alter.py <<'PY'
import json, sys
source, target, kind = sys.argv[1:4]
dirt = {'controls': '\x1b[31mred\x1b]0;x\x07\x9b2J\u202eabc\x7f\r\n\t\x00'.replace('\x00', ''),
        'shell': "$(touch pwned) `touch pwned` ; | & ' \"", 'path': '../../../etc/passwd',
        'long': 'x' * 1000000}[kind]
keep = ('kind', 'schema', 'host') # else the file is refused, and nothing of it is told
def alter(value, name, depth):
    if isinstance(value, dict):
        return {key: alter(one, key, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [alter(one, name, depth + 1) for one in value]
    return value + dirt if isinstance(value, str) and name not in keep else value
text = open(source).read()
lines = text.splitlines() if source.endswith('ndjson') else [text]
with open(target, 'w') as out:
    for line in lines:
        if kind == 'long' and len(lines) > 1 and 'carol' not in line:
            out.write(line + '\n') # it would be 100 MB
        else:
            out.write(json.dumps(alter(json.loads(line), '', 0)) + '\n')
PY
for kind in controls shell path long; do
	for file in events.ndjson steps.ndjson manifest.json result.json; do
		rm -rf altered
		mkdir altered
		cp -r "$foreign" "altered/$(basename "$foreign")"
		it=altered/$(basename "$foreign")
		python3 alter.py "$it/$file" new "$kind" && mv new "$it/$file"
		for way in --color=never '--color=never -v' '--color=never -q' --json; do
			# shellcheck disable=SC2086 # two words
			gather "$LAB" report "$it" $way
		done
		gather "$LAB" analyze "$it" --color=never
		gather cat "$it/report.txt"
		told "$kind in $file: reports of it"
		COLOUR=1 told "$kind in $file: in colour" "$LAB" report "$it" --color=always -v
		TAB=1 told "$kind in $file: its line in the history" "$LAB" runs -o altered
	done
done
t 'nothing of a foreign directory was done' test ! -e pwned
done_testing
