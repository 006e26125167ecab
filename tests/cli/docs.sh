#!/bin/bash
# The documents against the program: commands, options, files and recipes that are written down are
# there, and the other way round. `GOLDEN=write make cli T=docs` writes the README's demo anew.
# shellcheck disable=SC2016 # backquotes in patterns are Markdown's
. "$(dirname "$0")/../lib.sh"
tmp=$T/work
mkdir "$tmp"
cd "$SRC" || exit 1

# is_empty FILE TEXT: the file lists what is wrong
is_empty() {
	if [ -s "$1" ]; then not_ok "$2" "$(cat "$1")"; else ok "$2"; fi
}
# same A B TEXT: two sorted lists
same() {
	diff "$1" "$2" >"$tmp/diff"
	is_empty "$tmp/diff" "$3"
}
documents() {
	find . \( -name .git -o -name 'build*' -o -name node_modules \) -prune -o -name '*.md' -print | sort
}
# too_long N: lines of more than 80 columns, and those behind the Nth
too_long() {
	cat -n | grep -E -e '^.{7}.{81}' -e "^ *$(($1 + 1))\b" || :
}
# block FILE LANGUAGE: the first fenced block of that language
block() {
	awk -v want="\`\`\`$2" '$0 == "```" && on { exit } on { print } $0 == want { on = 1 }' "$1"
}

# ---- README's first page
head -n 1 README.md | grep -v Linux >"$tmp/out"
is_empty "$tmp/out" "README line 1 says Linux"

# Plays a line of the README with apt-get, make and perhaps sudo replaced by recorders.
play_line() { # LINE [sudo]
	rm -rf "$tmp/path" && mkdir "$tmp/path"
	for program in apt-get make ${2:-}; do
		printf '#!/bin/sh\necho "%s $*" >>"%s"\n' "$program" "$tmp/played" >"$tmp/path/$program"
		[ "$program" = sudo ] && echo '"$@"' >>"$tmp/path/$program"
		chmod +x "$tmp/path/$program"
	done
	: >"$tmp/played"
	env -i PATH="$tmp/path" /bin/sh -c "$1"
}
for target in demo check; do
	line=$(grep -E "^[^#|]*apt-get.*make $target\$" README.md | head -n 1)
	printf '%s\n' 'apt-get update' 'apt-get install -y make' "make $target" >"$tmp/want"
	play_line "$line" >"$tmp/out" 2>&1
	same "$tmp/want" "$tmp/played" "README's make $target line is complete for root without sudo"
	printf '%s\n' 'sudo apt-get update' 'apt-get update' 'sudo apt-get install -y make' \
		'apt-get install -y make' "make $target" >"$tmp/want"
	play_line "$line" sudo >"$tmp/out" 2>&1
	same "$tmp/want" "$tmp/played" "README's make $target line goes through sudo where it is"
done

# ---- links, files and targets that documents name
documents | while read -r file; do
	grep -oE '\]\([^)# ]+' "$file" | sed 's/^](//' | grep -vE '^[a-z]+:' | while read -r link; do
		[ -e "$(dirname "$file")/$link" ] || echo "$file: $link"
	done
done >"$tmp/out"
is_empty "$tmp/out" "each relative link in a document exists"

documents | while read -r file; do
	grep -oE "\`($(IFS='|' && echo "${LAYERS[*]}")|scenarios|tests|bench|docs|man|scripts)/[a-z0-9_./-]*\`" \
		"$file" | tr -d '`' | while read -r path; do
		[ -e "$path" ] || echo "$file: $path"
	done
done >"$tmp/out"
is_empty "$tmp/out" "each file of this repository that a document names exists"

grep -oE '^[a-z-]+:( |$)' Makefile | tr -d ': ' | sort -u >"$tmp/targets"
grep -ohE '`make [a-z-]+' README.md CONTRIBUTING.md docs/*.md | sed 's/.*make //' | sort -u |
	comm -23 - "$tmp/targets" >"$tmp/out"
is_empty "$tmp/out" "each make target that a document names exists"

# ---- scenarios
for file in scenarios/*.ini; do
	[ -e "$file" ] || continue
	name=$(basename "$file" .ini)
	verdict=$(sed -n 's/^verdict *= *\([a-z.-]*\).*/\1/p' "scenarios/$name.ini")
	grep -qF "| \`$name\` |" README.md || echo "README has no row for $name"
	[ -z "$verdict" ] || grep -F "| \`$name\` |" README.md | grep -qF "| \`$verdict\` |" ||
		echo "README's row for $name does not say $verdict"
done >"$tmp/out"
sed -n '/^## Scenarios/,/^## Commands/s/^| `\([a-z0-9-]*\)`.*/\1/p' README.md | while read -r name; do
	[ -e "scenarios/$name.ini" ] || echo "README names $name, which does not exist"
done >>"$tmp/out"
is_empty "$tmp/out" "README's table of scenarios is what scenarios/ holds, with their verdicts"

# ---- manual pages
if command -v scdoc >/dev/null; then
	for page in man/*.scd; do
		scdoc <"$page" 2>&1 >/dev/null | sed "s|^|$page: |"
	done >"$tmp/out"
	is_empty "$tmp/out" "scdoc takes every manual page"
else
	skip "scdoc is not installed"
fi

if [ ! -x "$LAB" ]; then
	skip "lab is not built"
	done_testing
fi
PATH=$B:$PATH

# ---- commands and options
lab help | sed -n 's/^  and //p; t; s/^  \([a-z]*\)  *.*/\1/p' | tr -s ', ' '\n' | grep -v '^lab$' |
	sort >"$tmp/commands"
if [ "$(wc -l <"$tmp/commands")" -ge 14 ]; then
	ok "lab help lists the commands"
else
	not_ok "lab help lists the commands" "$(cat "$tmp/commands")"
fi
sed -n '/^## Commands/,/^## /s/^| `lab \([a-z]*\).*/\1/p' README.md | sort >"$tmp/readme"
same "$tmp/commands" "$tmp/readme" "README's table of commands is that of lab help"
sed -n '/^# COMMANDS/,/^# OPTIONS/s/^\*\([a-z]*\)\*.*/\1/p' man/lab.1.scd | sort >"$tmp/man"
same "$tmp/commands" "$tmp/man" "lab(1) has the commands of lab help"

while read -r command; do lab help "$command"; done <"$tmp/commands" >"$tmp/help"
{
	sed -nE 's/^  (-[a-z]), (--[a-z-]+).*/\1 \2/p; s/^      (--[a-z-]+).*/\1/p' "$tmp/help"
	echo --version # of lab itself
} | sort -u >"$tmp/options"
sed -n '/^# OPTIONS/,/^# EXIT/p' man/lab.1.scd |
	sed -nE 's/^\*(-[a-z])\*, \*(--[a-z-]+)\*.*/\1 \2/p; s/^\*(--[a-z-]+)\*.*/\1/p' | sort -u >"$tmp/man"
same "$tmp/options" "$tmp/man" "lab(1) has the options of lab help COMMAND, with their letters"
sed -n '/^## Commands/,/^## Backends/p' README.md | grep -oE '`--[a-z]+' | tr -d '`' | sort -u >"$tmp/readme"
sed 's/.* //' "$tmp/options" | sort -u | comm -13 - "$tmp/readme" >"$tmp/out"
is_empty "$tmp/out" "each option that README names exists"

lab help environment | grep -oE '\b(LAB|XDG|CLICOLOR|NO_COLOR)[A-Z_]*' | sort -u >"$tmp/variables"
sed -n '/^# ENVIRONMENT/,/^# FILES/p' man/lab.1.scd | tr -d '\\' |
	grep -oE '\b(LAB|XDG|CLICOLOR|NO_COLOR)[A-Z_]*' | sort -u >"$tmp/man"
same "$tmp/variables" "$tmp/man" "lab(1) has the variables of lab help environment"

lab help exit-codes | grep -oE '^ *[0-9]+' | tr -d ' ' >"$tmp/codes"
[ -s "$tmp/codes" ] || echo none >"$tmp/codes"
while read -r code; do
	sed -n '/^## Exit status/,/^## /p' README.md | grep -qE "^\| .*\b$code\b.* \|" || echo "README: $code"
	sed -n '/^# EXIT STATUS/,/^# ENV/p' man/lab.1.scd | grep -qF "*$code*" || echo "lab(1): $code"
done <"$tmp/codes" >"$tmp/out"
is_empty "$tmp/out" "README and lab(1) have the exit status of lab help exit-codes"

lab help | too_long 24 >"$tmp/out"
is_empty "$tmp/out" "lab help has at most 24 lines of 80 columns"

# ---- by hand
lab-agent --help >"$tmp/help" 2>&1
lab-agent server --help >>"$tmp/help" 2>&1
lab-agent client --help >>"$tmp/help" 2>&1
grep -oE '(^|[ |[])--[a-z-]+' "$tmp/help" | tr -d ' |[' | grep -v '^--help$' | sort -u >"$tmp/options"
grep -oE '\*--[a-z-]+\*' man/lab-agent.1.scd | tr -d '*' | grep -v '^--help$' | sort -u >"$tmp/man"
same "$tmp/options" "$tmp/man" "lab-agent(1) has the options that lab-agent prints"

# ---- docs/ci.md: the shell lines as they stand, then lab's lines of both YAML files
mkdir "$tmp/ci"
ln -s "$SRC/scenarios" "$tmp/ci/scenarios"
ln -s "$B" "$tmp/ci/build"
block docs/ci.md sh >"$tmp/recipe"
if ! grep -q '^lab run refused -b loopback' "$tmp/recipe"; then
	not_ok "docs/ci.md has a recipe in plain shell" "$(cat "$tmp/recipe")"
elif (cd "$tmp/ci" && CI=true timeout 60 sh -e "$tmp/recipe") >"$tmp/out" 2>&1 </dev/null; then
	ok "the shell lines of docs/ci.md end 0"
else
	not_ok "the shell lines of docs/ci.md end 0" "$(cat "$tmp/out")"
fi
block docs/ci.md yaml | sed -n 's/^ *- run: \(build\/lab .*\)/\1/p' >"$tmp/github"
sed -n '/^## GitLab/,$p' docs/ci.md | sed -n 's/^ *- \(build\/lab .*\)/\1/p' >"$tmp/gitlab"
for service in github gitlab; do
	rm -rf "$tmp/ci/lab-runs"
	if [ -s "$tmp/$service" ] &&
		(cd "$tmp/ci" && CI=true timeout 60 sh -e "$tmp/$service") >"$tmp/out" 2>&1 </dev/null &&
		ls "$tmp"/ci/lab-runs/*/report.txt >/dev/null 2>>"$tmp/out"; then
		ok "lab's lines in the $service recipe end 0 and leave a report"
	else
		not_ok "lab's lines in the $service recipe end 0 and leave a report" "$(cat "$tmp/out")"
	fi
done

# ---- README's demo: what `lab run refused` prints on a terminal
mask() {
	sed -E -e 's/[0-9]+(\.[0-9]+)? (µs|ms|s)\b/T/g' -e 's/ [0-9]+\.[0-9]{3}( ms)?\b/ T/g' \
		-e 's/(pid|lab-agent|event|run) [0-9a-f]+(, [0-9]+)*/\1 N/g' -e 's/#[0-9]+/#N/g' \
		-e 's/:[0-9]{5}\b/:P/g' -e 's/(Captured|…) +[0-9]+/\1 N/g' \
		-e 's|wireshark .*/[0-9]{8}T[0-9]{6}Z-refused-[0-9a-f]{4}/|wireshark RUN/|' -e 's/ +/ /g' -e 's/ $//' \
		-e 's/(T )+/T /g'
}
readme_demo() {
	sed -n '/^<!-- demo -->/,/^<!-- \/demo -->/p' README.md | grep -vE '^(<!--|```|\$ )' | mask
}
if [ ! -e /etc/hosts ]; then
	skip "no /etc/hosts here: the demo has one remark more" 2
elif lab doctor -b netns >"$tmp/out" 2>&1 && command -v script >/dev/null; then
	(cd "$tmp/ci" && env -u XDG_STATE_HOME TERM=xterm \
		script -qec 'lab run refused -b netns --color never' /dev/null) </dev/null | tr -d '\r' >"$tmp/demo"
	sed -i "s|$HOME|/home/ann|" "$tmp/demo"
	mask <"$tmp/demo" >"$tmp/got"
	readme_demo >"$tmp/want"
	if golden_anew && ! cmp -s "$tmp/want" "$tmp/got"; then
		awk -v demo="$tmp/demo" '
			$0 == "<!-- demo -->" { print; print "```"; print "$ lab run refused"
				while ((getline line < demo) > 0) print line
				print "```"; on = 1 }
			$0 == "<!-- /demo -->" { on = 0 }
			!on { print }' README.md >"$tmp/readme" && cat "$tmp/readme" >README.md
		readme_demo >"$tmp/want"
	fi
	if [ -s "$tmp/got" ]; then
		same "$tmp/want" "$tmp/got" "README's demo is what lab run refused prints"
	else
		not_ok "README's demo is what lab run refused prints" "$(cat "$tmp/demo")"
	fi
	too_long 48 <"$tmp/demo" | grep -v wireshark >"$tmp/out" # a path is not broken
	is_empty "$tmp/out" "the demo has at most 48 lines of 80 columns"
else
	skip "no network namespaces here" 2
fi

done_testing
