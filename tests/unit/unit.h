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

/* Ends the test as skipped; the runner lists the reason. */
#define SKIP(reason)                                                                               \
	do {                                                                                       \
		print_message("# %s\n", reason);                                                   \
		skip();                                                                            \
	} while (0)

/* Whether the files to compare with are to be made anew first (make golden). */
static inline int golden_anew(void)
{
	const char *mode = getenv("GOLDEN");
	return mode && !strcmp(mode, "write");
}

#endif
