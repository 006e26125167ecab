/* Out of memory ends the process: nothing here could go on sensibly without it. */
#include "mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "util.h"

static void *check(void *new)
{
	if (!new) {
		static const char text[] = "out of memory\n";
		ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

		(void)ignored;
		_exit(ERR_BROKE);
	}
	return new;
}

void *mem_resize(void *old, size_t count, size_t size)
{
	size_t len = 0;
	void *new = NULL;

	if (!__builtin_mul_overflow(count, size, &len) && len <= PTRDIFF_MAX)
		new = realloc(old, len > 0 ? len : 1);
	return check(new);
}

void *mem_zeroed(size_t count, size_t size)
{
	/* What is fresh from the kernel is zero, and stays untouched. */
	return check(count > 0 && size > 0 ? calloc(count, size) : calloc(1, 1));
}

char *mem_text(const char *text)
{
	size_t len = strlen(text) + 1;

	return memcpy(mem_resize(NULL, len, 1), text, len);
}
