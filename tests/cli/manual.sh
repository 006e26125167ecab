#!/bin/bash
# The manual as it is read: pages without warnings in 80 columns, in the order of man-pages(7), and
# lab-run(5) against the files, events and fields that runs really leave.
. "$(dirname "$0")/../lib.sh"
pages='lab.1 lab-agent.1 lab-run.5 lab-scenario.5'

# ---- one place where the environment is read
is "$(cd "$SRC" && grep -rlE --include='*.[ch]' '\b(secure_)?getenv\(' "${LAYERS[@]}")" \
	common/env.c 'the environment is read in common/env.c alone'

# ---- the pages
if command -v scdoc >/dev/null; then
	for page in $pages; do
		scdoc <"$SRC/man/$page.scd" >"$page"
		grep -h '^\.SH' "$page" | cut -c 5- >got
		printf '%s\n' NAME SYNOPSIS DESCRIPTION COMMANDS SECTIONS VERBS OPTIONS MACHINES 'SCENARIO FILES' \
			EVIDENCE 'EXIT STATUS' ENVIRONMENT FILES EVENTS RECORD NOTES EXAMPLES 'SEE ALSO' |
			grep -xFf got >want
		is "$(cat got)" "$(cat want)" "$page has the sections of man-pages(7), in their order"
		# What scdoc itself makes too much of is no matter of the page.
		if command -v mandoc >/dev/null; then
			is "$(mandoc -T lint -W warning "$page" | grep -v 'skipping paragraph macro')" '' \
				"mandoc has nothing against $page"
			is "$(mandoc -T utf8 -O width=80 "$page" | sed 's/.\x08//g' | awk 'length > 80')" '' \
				"$page in 80 columns"
		else
			skip 'mandoc is not installed' 2
		fi
		if command -v man >/dev/null && MANWIDTH=80 man --warnings -l "$page" >shown 2>warned &&
			[ -s shown ]; then
			is "$(cat warned)" '' "man --warnings has nothing against $page"
		else
			skip 'man is not installed'
		fi
	done
else
	skip 'scdoc is not installed' 16
fi

# ---- the examples of lab-scenario(5) are scenarios
awk -v RS='```\n' 'NR % 2 == 0 { n++; printf "%s", $0 >("example" n ".ini") }' "$SRC/man/lab-scenario.5.scd"
for example in example1.ini example2.ini; do
	(cd "$SRC" && "$LAB" check "$T/$example") >checked 2>&1 &&
		(cd "$SRC" && "$LAB" run "$T/$example" -o "$T/examples" -q) >>checked 2>&1
	is "$?" 0 "$example of lab-scenario(5) is a scenario and does what it says" || cat checked >&2
done

# ---- runs against lab-run(5): nothing of theirs is missing there
"$LAB" run all -o "$T/runs" -q >played 2>&1
isnt "$(find "$T/runs" -name manifest.json)" '' 'there are runs to compare with'
page=$(tr -d '\\' <"$SRC/man/lab-run.5.scd")
# known FROM TO: "KIND FIELD" and "KIND" of the printed region
known() {
	awk -v from="; printed: $1" -v to="; end of $1" '
		$0 == from { on = 1; next }
		$0 == to { on = 0 }
		on && /^\*[^*]*\*$/ { gsub(/\*/, ""); kind = $0; print kind }
		on && /^\*[^*]*\*: / { sub(/^\*/, ""); sub(/\*: .*/, ""); print kind " " $0 }' <<<"$page" | sort -u
}
# seen FILE: the same of all runs
seen() {
	cat "$T"/runs/*/"$1" | jq -r '.kind as $k | $k, (keys[] |
		select(. as $f | ["seq", "t_ns", "host", "kind", "step", "label"] | index($f) | not) |
		$k + " " + .)' | sort -u
}
is "$(seen events.ndjson | comm -23 - <(known events))" '' 'lab-run(5) has each event and field of the runs'
is "$(seen steps.ndjson | comm -23 - <(known records))" '' 'lab-run(5) has each record and field of the runs'
t 'and they are many' test "$(seen events.ndjson | grep -c .)" -gt 80
for file in plan manifest result; do
	cat "$T"/runs/*/$file.json | jq -r 'keys[]' | sort -u | while read -r key; do
		[ "$key" = schema ] || grep -qF "*$key*" <<<"$page" || echo "$file.json: $key"
	done
done >missing
is "$(cat missing)" '' 'lab-run(5) has each key of plan.json, manifest.json and result.json'
find "$T"/runs/*/ -type f -printf '%P\n' | sed 's|^capture/.*|capture/HOST.LINK.pcap|' | sort -u |
	while read -r file; do
		grep -qF "_${file}_" <<<"$page" || echo "$file"
	done >missing
is "$(cat missing)" '' 'lab-run(5) has each file of a run directory'

# ---- help: a wrong topic names the nearest
exits 2 "$LAB" help exit-code
like "$err" 'did you mean lab help exit-codes\?' 'a wrong topic names the nearest'
exits 2 "$LAB" help rum
like "$err" 'did you mean lab help run\?' 'a wrong command too'
exits 0 "$LAB" help help
for topic in exit-codes environment scenario-file evidence; do
	like "$out" "  $topic +[a-z]" "lab help help tells what $topic is about"
done
done_testing
