#!/bin/bash
# The four readers of code, one test each: clang-format, clang-tidy, cppcheck, shellcheck.
# Given by the Makefile: C_FILES, SH_FILES, TIDY_FLAGS (words for a shell), INCLUDES (folders).
. "$(dirname "$0")/../lib.sh"
cd "$SRC" || exit 1
read -ra c_files <<<"${C_FILES-}"
read -ra sh_files <<<"${SH_FILES-}"
flags=()
eval "flags=(${TIDY_FLAGS-})"
sources=() headers=()
for file in "${c_files[@]}"; do
	[[ $file == *.c ]] && sources+=("$file") || headers+=("$file")
done
read -ra includes <<<"${INCLUDES-}"
jobs=$(nproc)

# reads PROGRAM SENTENCE COMMAND...: a test, or a skip where the program is not installed
reads() {
	local program=$1 sentence=$2
	shift 2
	if command -v "$program" >/dev/null; then
		t "$program: $sentence" "$@"
	else
		skip "$program is not installed"
	fi
}

format() {
	printf '%s\n' "${c_files[@]}" | xargs -P"$jobs" -n40 clang-format --dry-run -Werror
}

# A file is read again when it, any header, the checks or the flags are newer than its stamp. Its
# count of warnings in system headers is noise; what it found it says on the other stream. A function
# in more states than that is not worth it: the analyzer's own limit, three times as high, takes three
# times as long and found nothing more.
states=(-Xclang -analyzer-config -Xclang max-nodes=75000)
tidy() {
	local newest file stale=()
	newest=$(ls -t "${headers[@]}" .clang-tidy Makefile tests/check/lint.sh | head -n 1)
	touch "$T/begun"
	for file in "${sources[@]}"; do
		[ "$B/lint/$file" -nt "$file" ] && [ "$B/lint/$file" -nt "$newest" ] || stale+=("$file")
	done
	[ ${#stale[@]} -eq 0 ] || printf '%s\n' "${stale[@]}" | xargs -P"$jobs" -n1 bash -c '
		file=${*: -1}
		clang-tidy --quiet --warnings-as-errors="*" "$file" -- "${@:1:$#-1}" 2>"$T/tidy.$$"
		status=$?
		grep -v "^[0-9]* warnings* generated\|^Suppressed \|^Use -header-filter" "$T/tidy.$$"
		[ $status -ne 0 ] || { mkdir -p "$B/lint/${file%/*}" && touch -r "$T/begun" "$B/lint/$file"; }
		exit $status' tidy "${flags[@]}" "${states[@]}"
}

check() {
	cppcheck -j "$jobs" --quiet --error-exitcode=1 --std=c11 --inline-suppr \
		--enable=warning,portability,performance --suppress=missingIncludeSystem \
		--suppress=duplicateAssignExpression -D_GNU_SOURCE "${includes[@]/#/-I}" "${sources[@]}"
}

export T B
isnt "${#c_files[@]} ${#sh_files[@]}" '0 0' 'there are files to read'
reads clang-format "${#c_files[@]} C files are formatted" format
reads clang-tidy 'finds nothing' tidy
reads cppcheck 'finds nothing' check
reads shellcheck "${#sh_files[@]} scripts are clean" shellcheck -S warning "${sh_files[@]}"
done_testing
