#!/bin/bash
# wire@HOST is an assertion like any other: it is compared with what that host's capture holds.
. "$(dirname "$0")/../lib.sh"

head=$(sed -n '/^\[expect\]/q;p' "$SRC/scenarios/refused.ini")
play() { # FILE WIRE...
	local file=$1
	shift
	printf '%s\n' "$head" '[expect]' 'verdict = refused.no-listener on carol' "$@" >"$file"
}

play right.ini 'wire = C>S [S]' 'wire@server = C>S [S], S>C [R.]'
exits 0 "$LAB" run ./right.ini -b netns -o "$T/runs" -q
play alone.ini 'wire@server = nothing'
exits 1 "$LAB" run ./alone.ini -b netns -o "$T/runs"
like "$out" 'wire: expected nothing at server' 'a wrong wire@HOST by itself is found out'
play both.ini 'wire = C>S [S], S>C [R.]' 'wire@server = C>S [S], S>C [S.]'
exits 1 "$LAB" run ./both.ini -b netns -o "$T/runs"
like "$out" 'expected C>S \[S\], S>C \[S\.\] at server' 'and beside a right one at the client'
play client.ini 'wire = C>S [S], S>C [S.]' 'wire@server = C>S [S], S>C [R.]'
exits 1 "$LAB" run ./client.ini -b netns -o "$T/runs"
like "$out" 'at the client' 'a wrong one at the client is told of the client'
done_testing
