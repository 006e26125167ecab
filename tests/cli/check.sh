#!/bin/bash
# lab check, show, list, plan, new, steps: as a person types them; nothing is ever started.
. "$(dirname "$0")/../lib.sh"

ln -s "$SRC/scenarios" scenarios

exits 0 "$LAB" check scenarios/*.ini
is "$(grep -c ': ok$' <<<"$out")" "$(find scenarios/ -name '*.ini' | wc -l)" "every shipped scenario passes"

cat >bad.ini <<'INI'
[lab]
format = 1
title = what is wrong here
[hosts]
server =
client =
[fault]
serve = server tcp.serve 70000
carol = cleint tcp.connect server:1 -> ECONREFUSED
Dora = client tcp.connect server:1 ; later
[expect]
verdict = refused.nolistener on carol
INI
exits 2 "$LAB" check bad.ini
is "$out" "" "complaints are no result: stdout is empty"
is "$err" 'bad.ini:8:26: error: port: 70000 is not a port (1 to 65535)
bad.ini:9:9: error: cleint is no host: did you mean client?
bad.ini:9:40: error: ECONREFUSED is no result of tcp.connect (ok, an errno name, TIMEOUT, EOF): did you mean ECONNREFUSED?
bad.ini:10:1: error: names are lower case: write dora
bad.ini:10:36: error: '"';' inside a line: a comment stands on its own line; in a quoted word write \\x3b"'
bad.ini:12:11: error: refused.nolistener is no verdict: did you mean refused.no-listener?' \
	"all complaints come in one pass, each with line, column and the nearest known name"

exits 2 "$LAB" run bad.ini -o "$T/runs"
like "$err" 'bad.ini:8:26: error:' "run tells the same complaints"
is "$(ls "$T/runs" 2>/dev/null)" "" "run started nothing"

sed 's/^\[control\]/[captures]\nserver = filter="tcp and and"\nclient-1 =\n\n&/' scenarios/refused.ini >filter.ini
exits 2 "$LAB" check filter.ini
like "$err" '^filter\.ini:[0-9]+:17: error: filter "tcp and and": .*syntax error$' \
	'the grammar of a filter is checked, with its place'
exits 2 "$LAB" run ./filter.ini -o "$T/runs"
is "$(ls "$T/runs" 2>/dev/null)" '' 'and before a run makes anything'
sed -i 's/tcp and and/ip6/' filter.ini
exits 2 "$LAB" run ./filter.ini -b loopback -o "$T/runs"
like "$err" 'captures of server: filter "host 127\.0\.0\.2 and \(ip6\)": .*rejects all packets$' \
	'also a filter that lets nothing through on loopback alone'
is "$(ls "$T/runs" 2>/dev/null)" '' 'and there too nothing is made'
is "$(LD_DEBUG=libs "$LAB" check scenarios/refused.ini 2>&1 | grep -c libpcap)" 0 \
	'without a filter libpcap is not even loaded'
LD_DEBUG=libs "$LAB" check filter.ini 2>&1 | grep -q libpcap
is "$?" 0 'with one it is'

exits 2 "$LAB" check bad.ini scenarios/refused.ini --json
is "$(jq -r '.schema, .files[0].complaints[0].line, .files[1].ok' <<<"$out" 2>/dev/null || echo nojq)" \
	"$(command -v jq >/dev/null && printf 'lab.check/1\n8\ntrue' || echo nojq)" \
	"the same as data, with its schema"

printf '[lab]\nformat = 1\ntitle = \033]0;evil\007\n' >evil.ini
exits 2 "$LAB" check evil.ini
unlike "$err" $'\033' "nothing of a file reaches the terminal as an escape"
mkfifo pipe.ini
exits 2 timeout 5 "$LAB" check pipe.ini
like "$err" 'not a regular file' "a FIFO is refused and does not hang"
exits 2 "$LAB" check /dev/zero.ini
exits 2 "$LAB" check no-such
exits 2 "$LAB" show refuse
like "$err" 'did you mean refused\?' "an unknown scenario is told with the nearest"
exits 2 "$LAB" plan refused --set prot=1
like "$err" 'no such parameter: did you mean port\?' "an unknown parameter is told with the nearest"
exits 2 "$LAB" plan refused --set zebra=1
like "$err" '--set zebra: no such parameter \(there is port\)' 'where none is near, those that exist are told'
exits 2 "$LAB" plan refused --set port=70000
like "$err" 'refused.ini:[0-9]+:[0-9]+: error: port: 70000' "a bad value is told where it is used"

exits 0 "$LAB" plan refused --set port=8080
like "$out" 'tcp.connect server:8080' "a parameter is put in"
like "$out" '7  carol +10.7.0.2 +client-1 tcp.connect' "steps are numbered and have addresses"
first=$("$LAB" plan refused --json)
is "$("$LAB" plan refused --json)" "$first" "the plan is the same each time"
exits 0 "$LAB" plan refused -b loopback
like "$out" 'host server +127.0.0.2/8 lo' "on loopback the plan has its addresses"

for file in scenarios/*.ini; do
	name=$(basename "$file" .ini)
	"$LAB" show "$name" --resolved >"$T/flat-$name.ini"
	"$LAB" show "$T/flat-$name.ini" --resolved | tail -n +2 >"$T/again"
	is "$(tail -n +2 "$T/flat-$name.ini")" "$(cat "$T/again")" "$name: the flat file reads back as itself"
done
is "$("$LAB" show refused --resolved | grep -c '^extends')" 0 "a flat file extends nothing"
exits 0 "$LAB" show refused
like "$out" 'proves' "show says what a scenario proves"
is "$(awk 'length > 100' <<<"$out")" "" "no line of show is overlong"
exits 2 "$LAB" show
exits 0 "$LAB" show --schema
for section in lab params hosts links names captures control fault recovery expect; do
	like "$out" "\\[$section\\]" "the schema has [$section]"
done

exits 0 "$LAB" list
like "$out" $'refused-firewall-reset\tconnect\t[^\t]*\tfirewall\t./scenarios\t' "list is separated by tabs when piped"
mkdir -p "$XDG_DATA_HOME/lab/scenarios" elsewhere
cp -L scenarios/refused.ini "$XDG_DATA_HOME/lab/scenarios/mine.ini"
cp bad.ini "$XDG_DATA_HOME/lab/scenarios/broken.ini"
exits 0 "$LAB" list
like "$out" $'mine\tconnect\tyes\t-\tuser\t' "list finds the user's own, and says from where"
like "$out" $'broken\t-\terrors\t-\tuser\t.*lab check' "a broken scenario is listed as such"
exits 0 "$LAB" check mine
cd elsewhere || exit 1
exits 0 "$LAB" show refused
cd ..

mkdir fresh && cd fresh || exit 1
exits 0 "$LAB" new my-failure
is "$out" my-failure.ini "new says what it wrote"
exits 0 "$LAB" check my-failure.ini
exits 2 "$LAB" new my-failure
like "$err" 'File exists: give another name' "new overwrites nothing"
exits 0 "$LAB" new child --from refused
exits 0 "$LAB" check child.ini
exits 2 "$LAB" new Bad_Name
exits 2 "$LAB" new child2 --from no-such
cp child.ini alone.ini
exits 2 "$LAB" show alone
like "$err" 'did you mean the file alone\.ini' 'a file beside is named when a scenario is not found'
exits 2 "$LAB" show refused.ini
like "$err" 'did you mean refused\?' 'and a scenario when a file is not found'
head -c 300000 /dev/zero | tr '\0' '#' >large.ini
exits 2 "$LAB" check large.ini
is "$(grep -c error <<<"$err")" 1 'nothing is missed in a file that is too large to read'
cd ..

exits 0 "$LAB" steps
# shellcheck disable=SC2016
is "$(cut -f1 <<<"$out" | tail -n +2 | sort | tr '\n' ' ')" \
	"$(grep -oE '^### `[a-z.]+`' "$SRC/docs/scenario.md" | tr -d '#` ' | sort | tr '\n' ' ')" \
	"steps lists the verbs of the reference"
exits 0 "$LAB" steps tcp.connect
like "$out" 'syn-retries' "steps VERB tells the parameters"
exits 2 "$LAB" steps tcp.conect
like "$err" 'did you mean tcp.connect\?' "an unknown verb is told with the nearest"
for command in "list" "show refused" "show --schema" "plan refused" "steps" "steps wait"; do
	# shellcheck disable=SC2086
	like "$("$LAB" $command --json)" '"schema": "lab\.' "lab $command --json names its schema"
done

done_testing
