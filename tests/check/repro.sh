#!/bin/bash
# The same sources give the same bytes, whatever the folder and the time.
. "$(dirname "$0")/../lib.sh"

# copy FOLDER: what the build reads, and nothing of what it made before
copy() {
	mkdir -p "$1"
	cp -r "$SRC"/{Makefile,scripts,common,agents,analysis,report,orchestrator} "$1/"
}
copy "$T/one"
copy "$T/deeper/in/two"

t 'a build' make -C one -j"$(nproc)" B=build all
t 'a build elsewhere' env TZ=Asia/Tokyo LC_ALL=C make -C deeper/in/two -j"$(nproc)" B=b/c all
lacks() {
	! grep -qF "$T" "$1"
}
for program in lab lab-agent; do
	t "$program is the same in both, byte for byte" \
		cmp "one/build/$program" "deeper/in/two/b/c/$program"
	t "$program names no folder of the build" lacks "one/build/$program"
done
done_testing
