#!/bin/bash
# Parts of what there is to play, on machines of their own, and their runs in one folder: docs/scale.md.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
cp -r "$SRC/scenarios" .
names() { # FOLDER: the scenarios that were played there
	for run in "$1"/*/; do
		jq -r .scenario "$run/result.json"
	done | sort
}
exits 0 "$LAB" list --json
jq -r '.scenarios[].name' <<<"$out" | sort >listed
t 'every scenario is listed' [ "$(wc -l <listed)" -ge 6 ]

quiet=(-q -b loopback --require likely)
for part in 1 2 3; do
	"$LAB" run all "${quiet[@]}" --shard "$part/3" -o "part-$part" >"out-$part" 2>&1
	is "$?" 0 "part $part of 3"
done
mkdir all && cp -r part-[123]/* all/
"$LAB" run all "${quiet[@]}" -o whole >out-all 2>&1
is "$(names all)" "$(names whole)" 'together they are what one plays alone'
is "$(names all | uniq -d)" '' 'none is played twice'
is "$("$LAB" runs -o all --json | jq '.runs | length')" "$(find all -mindepth 1 -maxdepth 1 | wc -l)" \
	'copied into one folder they are one history'
for run in all/*/; do
	before=$(sha256sum <"$run/report.txt")
	"$LAB" report "$run" >/dev/null 2>&1
	is "$(sha256sum <"$run/report.txt")" "$before" "${run##*Z-} is reported again, byte for byte"
	break
done
is "$(diff <(cut -d' ' -f1 out-1) <(cut -d' ' -f1 out-1))" '' 'a part is the same each time'
exits 0 "$LAB" run refused "${quiet[@]}" --shard 2/2 -o none
like "$err" 'shard 2/2: nothing to play, there are 1 runs in all' 'an empty part says so'
exits 0 "$LAB" run refused "${quiet[@]}" --repeat 4 --shard 2/2 -o repeated
is "$(names repeated | wc -l)" 2 'repeats are parted, too'
for wrong in 0/2 3/2 2 a/b 1/ /2 1/0 1/-2 -1/2 1/2/3 '1 /2' 1/99999999; do
	exits 2 "$LAB" run all -b loopback --shard "$wrong"
done

# As docs/scale.md says it, over real sshd's, with lab installed on each machine.
if command -v parallel >/dev/null && command -v rsync >/dev/null; then
	hosts web-1 web-2
	mkdir -p local/bin local/libexec/lab local/share/lab && cp "$LAB" local/bin/ &&
		cp "$B/lab-agent" local/libexec/lab/ && cp -r "$SRC/scenarios" local/share/lab/
	for host in web-1 web-2; do
		on "$host" mount --bind "$PWD/local" /usr/local
	done
	sed -n '/^## GNU parallel/,/^## A CI/p' "$SRC/docs/scale.md" |
		sed -n '/^parallel -S/,/:::/p' >recipe
	is "$(grep -c . recipe)" 2 'the recipe is found'
	rm -rf part-[12]
	PARALLEL_HOME=$PWD bash recipe >out 2>err </dev/null
	is "$?" 0 'it ends with 0' || comment <err
	is "$( (names part-1; names part-2) | sort -u)" "$(names whole)" 'of every scenario that can be played'
else
	skip 'parallel or rsync is not installed' 3
fi
# The lines of the CI matrix, as its machines play them.
line=$(sed -n 's/^  - run: \(lab run all .*\)$/\1/p' "$SRC/docs/scale.md")
like "$line" '--shard \$\{\{ matrix\.part \}\}/4 -o runs$' 'the matrix is found'
for part in 1 2 3 4; do
	# shellcheck disable=SC2016
	each=${line//'${{ matrix.part }}'/$part}
	t "${each#lab }" bash -c "PATH=$(dirname "$LAB"):\$PATH ${each/-o runs/-o matrix}"
done
is "$(names matrix)" "$(names whole)" 'the matrix plays each once'
done_testing
