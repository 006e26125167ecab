#!/bin/bash
# The demo, and the readers of its run, under valgrind with every process followed: controller, keeper,
# agents and their actors. No error, nothing lost, no descriptor left open by the controller.
. "$(dirname "$0")/../lib.sh"
command -v valgrind >/dev/null || skip_all 'valgrind is not installed'

# clean STATUS COMMAND...: all processes write into one pipe, for the numbers that would name their
# files are the same in each namespace; what they said is in ./log then. Those that end by a signal
# tell their errors but no sum.
clean() {
	local want=$1 status reader name
	shift
	name=${*/#"$B/"/}
	rm -f pipe && mkfifo -m 666 pipe
	cat pipe >log &
	reader=$!
	exec 9>pipe
	valgrind --leak-check=full --show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
		--trace-children=yes --trace-children-skip='*/nft,*/tcpdump' --track-fds=yes \
		--log-file=pipe "$@" >said 2>&1 9>&- &
	main=$!
	wait "$main"
	status=$?
	exec 9>&-
	wait "$reader"
	is "$status" "$want" "$name ends as it does without valgrind" || tail -n 40 said log | comment
	isnt "$(grep -c 'ERROR SUMMARY' log)" 0 "$name: valgrind told sums"
	is "$(grep -E 'ERROR SUMMARY: [1-9]|(Invalid|Mismatched) |uninit|overlap|lost in loss record' log)" '' \
		"$name: no error and nothing lost in any process" || comment <log
	# an open descriptor is followed by where it was opened, or by "inherited"
	is "$(grep -A1 "^==$main== Open " log | grep -cv "^==$main== Open \|inherited\|^--")" 0 \
		"$name closed what it opened" || grep -A6 "^==$main== Open " log | comment
}

backends=(loopback)
"$LAB" doctor -b netns >/dev/null 2>&1 && backends+=(netns)
for backend in "${backends[@]}"; do
	clean 0 "$LAB" run refused -b "$backend" -o runs
done
run=$(echo runs/*-refused-* | cut -d' ' -f1)
cp -r "$SRC/scenarios" .
clean 1 "$LAB" analyze "$run"
clean 0 "$LAB" report -o runs
clean 0 "$LAB" explain refused.no-listener
clean 0 "$LAB" explain ECONNREFUSED
clean 0 "$LAB" check scenarios/refused.ini
clean 0 "$LAB" plan refused
clean 0 "$LAB" list
clean 0 "$LAB" runs -o runs
clean 0 "$LAB" doctor
done_testing
