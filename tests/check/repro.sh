#!/bin/bash
# The same sources give the same bytes, whatever the folder and the time: the programs of this build
# against those of a copy of the sources, built elsewhere.
. "$(dirname "$0")/../lib.sh"

copy=$T/deeper/in/two
lacks() {
	! grep -qF -e "$1" "$2"
}
mkdir -p "$copy"
cp -r "$SRC"/{Makefile,scripts} "${LAYERS[@]/#/$SRC/}" "$copy/"
t 'a copy of the sources builds' \
	env TZ=Asia/Tokyo LC_ALL=C make -C "$copy" -j"$(nproc)" CC="${CC:-cc}" B=b/c all
for program in lab lab-agent; do
	t "$program is the same in both, byte for byte" cmp "$B/$program" "$copy/b/c/$program"
	t "$program names no folder of its build" lacks "$SRC" "$B/$program"
	t "$program names no folder of the copy's build" lacks "$T" "$copy/b/c/$program"
done
done_testing
