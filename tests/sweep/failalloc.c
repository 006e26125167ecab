/* Preloaded into lab: makes one allocation fail. FAIL_ALLOC_ON is the name of the host that it is
 * for (the machine's own: controller and keeper), FAIL_ALLOC_AT which allocation there, from 1.
 * FAIL_ALLOC_COUNT is a file that grows by a byte each instead. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_meant(void)
{
	const char *on = getenv("FAIL_ALLOC_ON");
	char host[65] = "";

	return on && gethostname(host, sizeof host - 1) == 0 && strcmp(host, on) == 0;
}

static void count(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd >= 0 && write(fd, "", 1) == 1)
		close(fd);
}

static bool does_fail(void)
{
	static unsigned long calls; /* one thread a program; a fork goes on from its parent's */
	const char *at = getenv("FAIL_ALLOC_AT"), *path = getenv("FAIL_ALLOC_COUNT");
	int saved = errno;
	bool is_it = is_meant() && ++calls == (at ? strtoul(at, NULL, 10) : 0);

	if (path && is_meant())
		count(path);
	errno = is_it ? ENOMEM : saved;
	return is_it;
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return does_fail() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	return does_fail() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
	return does_fail() ? NULL : __libc_realloc(old, size);
}
