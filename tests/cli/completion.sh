#!/bin/bash
# Completion in the real shells: what a person gets who types and presses Tab. `lab completion SHELL`
# prints the scripts from the tables.
. "$(dirname "$0")/../lib.sh"
PATH=$B:$PATH
odd="odd \$(touch hacked) 'q\"; touch hacked"
mkdir -p scenarios "$XDG_DATA_HOME/lab/scenarios" folder
cp "$SRC/scenarios/ok-tcp.ini" "scenarios/$odd.ini"
cp "$SRC/scenarios/ok-tcp.ini" scenarios/here-only.ini
cp "$SRC/scenarios/ok-tcp.ini" "$XDG_DATA_HOME/lab/scenarios/users-own.ini"
cp "$SRC/scenarios/ok-tcp.ini" folder/mine.ini
exits 0 "$LAB" run users-own -b loopback --require likely -q
run=$(ls -d "$XDG_STATE_HOME"/lab/runs/2*)
run=${run##*/}
exits 2 "$LAB" completion tcsh
printf '[machines]\nbox-one = 192.0.2.1\nbox-two = 192.0.2.2\n' >fleet.ini

# What is typed (\t: Tab), and the arguments that the command line then has.
cat >typed <<-END
	run refused-w\t|<run><refused-wrong-port>
	run here\t|<run><here-only>
	run users\t|<run><users-own>
	run odd\t|<run><$odd>
	run "odd\t|<run><$odd>
	run -b loop\t here\t|<run><-b><loopback><here-only>
	run --backend=n\t|<run><--backend=netns>
	run --require pro\t|<run><--require><proven>
	run --pau\t rec\t|<run><--pause><recovery>
	run --tag ba\t|<run><--tag><basic>
	run folder/mi\t|<run><folder/mine.ini>
	plan here\t here\t|<plan><here-only><here>
	new x --from here\t|<new><x><--from><here-only>
	steps tcp.con\t|<steps><tcp.connect>
	explain ECONNREF\t|<explain><ECONNREFUSED>
	explain refused.no\t|<explain><refused.no-listener>
	help exit\t|<help><exit-codes>
	comp\t fi\t|<completion><fish>
	report ${run%-*}\t|<report><$run>
	analyze ${run%-*}\t|<analyze><$run>
	runs r\t ${run%-*}\t|<runs><rm><$run>
	doctor --js\t|<doctor><--json>
	exec --inventory fleet.ini box-o\t|<exec><--inventory><fleet.ini><box-one>
	exec --inventory fleet.ini box-one box-t\t|<exec><--inventory><fleet.ini><box-one><box-two>
	ssh --inventory=fleet.ini box-t\t|<ssh><--inventory=fleet.ini><box-two>
	ssh --inventory fleet.ini box-one box-t\t|<ssh><--inventory><fleet.ini><box-one><box-t>
	run --inventory fleet.ini --bind server=box-o\t|<run><--inventory><fleet.ini><--bind><server=box-one>
	run --inventory fleet.ini --bind=server=box-o\t|<run><--inventory><fleet.ini><--bind=server=box-one>
	run --inventory fleet.ini --bind box-o\t|<run><--inventory><fleet.ini><--bind><box-o>
	exec --inventory fleet.ini box-one -- box-t\t|<exec><--inventory><fleet.ini><box-one><--><box-t>
	status --inventory fle\t|<status><--inventory><fleet.ini>
END

# compare SHELL: the lines <...> of the screen, in order, against those that are due
compare() {
	grep -oE '<(run|plan|new|steps|explain|help|completion|report|analyze|runs|doctor|exec|ssh|status)>.*>' screen |
		tr -d '\r' >got
	sed 's/^[^|]*|//' typed >want
	if diff want got >difference; then
		ok "$1 completes what is typed, odd names as one word"
	else
		not_ok "$1 completes what is typed, odd names as one word" "$(cat difference)" "$(cat -v screen)"
	fi
	if [ -e hacked ]; then
		not_ok "$1 executes nothing of a name"
		rm -f hacked
	else
		ok "$1 executes nothing of a name"
	fi
}
# keys: what is typed, as bytes
keys() {
	sed -e 's/^/shown /' -e 's/|.*//' typed | while IFS= read -r line; do
		printf '%s\n' "${line//\\t/$'\t'}"
	done
	echo exit
}
has() {
	command -v "$1" >/dev/null && return
	skip "$1 is not installed" "$2"
	return 1
}

if has bash 4 && has script 4; then
	"$LAB" completion bash >lab.bash
	t "bash takes the script" bash -n lab.bash
	cat >rc.bash <<-'END'
		. ./lab.bash
		shown() { printf '<%s>' "$@"; echo; }
		complete -F _lab shown
		bind 'set bell-style none'
		bind 'set enable-bracketed-paste off'
	END
	keys | timeout 60 script -qec 'stty -echo cols 200; exec bash --noprofile --rcfile rc.bash -i' /dev/null >screen 2>&1
	compare bash
	if command -v shellcheck >/dev/null; then
		t "shellcheck takes the script" shellcheck -s bash -S warning lab.bash
	else
		skip "shellcheck is not installed"
	fi
	like "$(bash -c '. ./lab.bash; complete -p lab')" '-F _lab lab' 'bash: it belongs to the command lab'
fi
if has zsh 3 && has script 3; then
	"$LAB" completion zsh >lab.zsh
	t "zsh takes the script" zsh -n lab.zsh
	mkdir site
	cp lab.zsh site/_lab # as installed: a function of fpath
	cat >.zshrc <<-'END'
		fpath=($PWD/site $fpath)
		autoload -Uz compinit
		compinit -u -D
		shown() { printf '<%s>' "$@"; echo; }
		compdef _lab shown
		unsetopt beep
	END
	keys | ZDOTDIR=$T timeout 60 script -qec 'stty -echo cols 200; exec zsh -i' /dev/null >screen 2>&1
	compare zsh
	is "$(zsh -fc 'fpath=($PWD/site $fpath); autoload -Uz compinit; compinit -u -D; echo $_comps[lab]')" \
		_lab 'zsh: compinit finds it in its folder'
fi
if has fish 5; then
	"$LAB" completion fish >lab.fish
	t "fish takes the script" fish -n lab.fish
	# fish tells its candidates without a terminal: the first column of each.
	offers() {
		fish --no-config -c "source lab.fish; complete -C \"\$argv\"" "$1" 2>&1 | cut -f 1 | sort
	}
	while IFS='|' read -r line want; do
		[[ $line == *\"* ]] && continue # how it quotes is tried below
		line=${line%'\t'} last=${want##*<}
		case $line in
		plan*) continue ;; # tried below
		*' -- '* | *'--bind box-o' | ssh*box-one*) continue ;; # nothing is due
		*'\t'*here) line='run -b loopback here' ;;
		*'--pau'*) line='run --pause rec' ;;
		comp*) line='completion fi' ;;
		'runs r'*) line="runs rm ${run%-*}" ;;
		esac
		offers "lab $line" | grep -qxF -e "${last%>}" || echo "$line: $(offers "lab $line")"
	done <typed >wrong
	is "$(cat wrong)" '' 'fish offers what belongs to what is typed'
	is "$(offers 'lab plan here-only he')" '' 'fish: no second name where there is one'
	is "$(offers 'lab run -b ')" $'auto\naws\nloopback\nnetns\nssh' 'fish: the choices of an option and nothing else'
	if [ -e hacked ]; then not_ok 'fish executes nothing of a name'; else ok 'fish executes nothing of a name'; fi
fi

# ---- the tables: nothing of them is missing in a script
for shell in bash zsh fish; do
	"$LAB" completion "$shell" >script
	for name in $("$LAB" help | sed -n 's/^  and //p; t; s/^  \([a-z]*\)  *[A-Za-z[].*/\1/p' |
		tr -d , | grep -vx lab); do
		"$LAB" help "$name" | grep -oE '^  +(-[a-z], )?--[a-z-]+' | grep -oE '\--[a-z-]+' | sort >want
		sed -n "/options\\.$name\\b/,/--help/p" script | grep -oE "'--[a-z-]+'" | tr -d "'" | sort >got
		[ -s want ] || echo "$name: no option is told"
		cmp -s want got || echo "$shell $name: $(diff want got)"
	done
done >wrong
is "$(cat wrong)" '' 'each command has its options, in each shell'
done_testing
