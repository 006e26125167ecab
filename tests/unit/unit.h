/* What every unit test includes first: cmocka wants these headers before it. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proc.h"

/* Ends the test as skipped; the runner lists the reason. */
#define SKIP(reason)                                                                               \
	do {                                                                                       \
		print_message("# %s\n", reason);                                                   \
		skip();                                                                            \
	} while (0)

/* Skips the test where a program is not installed. */
static inline void need_program(const char *name)
{
	char path[4096];

	if (proc_find(name, path, sizeof path) == 0)
		return;
	print_message("# %s is not installed\n", name);
	skip();
}

/* Whether the files to compare with are to be made anew first (make golden). */
static inline int golden_anew(void)
{
	const char *mode = getenv("GOLDEN");
	return mode && !strcmp(mode, "write");
}

#endif
