/* What fuzz targets share: bytes as a file without a disk, and the law of text for terminals. */
#ifndef FUZZ_H
#define FUZZ_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Not assert: a law of a target holds with NDEBUG too, and says which one it was. */
#define LAW(is_true) ((is_true) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #is_true))

_Noreturn static inline void fuzz_broken(const char *file, int line, const char *law)
{
	fprintf(stderr, "%s:%d: broken law: %s\n", file, line, law);
	abort();
}

/* The whole content of an open file becomes these bytes; its offset 0. */
static inline void fuzz_fill(int fd, const void *bytes, size_t len)
{
	LAW(fd >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	LAW(write_all(fd, bytes, len) == 0 && lseek(fd, 0, SEEK_SET) == 0);
}

/* One file in memory, kept for all inputs; `path` opens it anew. */
static inline const char *fuzz_file(const void *bytes, size_t len)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	fuzz_fill(fd, bytes, len);
	return path;
}

/* "ESC [ digits and ; m" at `at`: its length; 0: something else. */
static inline size_t fuzz_sgr(const char *at, const char *end)
{
	const char *from = at;

	if (end - at < 3 || at[0] != 0x1b || at[1] != '[')
		return 0;
	for (at += 2; at < end && (*at == ';' || (*at >= '0' && *at <= '9')); at++)
		;
	return at < end && *at == 'm' ? (size_t)(at + 1 - from) : 0;
}

/* Nothing but whole UTF-8 without control characters and bidi overrides reaches a terminal; newline
 * is ours, and so are colours where they are on. */
static inline void fuzz_terminal(const char *text, size_t len, bool has_colour)
{
	const char *end = text + len;

	while (text < end) {
		size_t step = *text == '\n' ? 1 : has_colour ? fuzz_sgr(text, end) : 0;

		if (step == 0) {
			step = utf8_len(text, end);
			LAW(step > 0);
			LAW(!utf8_is_unsafe(utf8_code(text, step)));
		}
		text += step;
	}
}

#endif
