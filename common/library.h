/* A shared library that is loaded when it is first needed, as a table of its functions: what few
 * labs need, with what it pulls in, would be paid for by every one. Never in the agent. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <stddef.h>

#include "err.h"

struct library_function {
	const char *name;
	size_t offset; /* of the pointer to it, in the table */
};

struct library {
	const char *name;         /* as messages call it */
	const char *const *files; /* tried in this order, NULL behind the last */
	const char *remedy;       /* where none is there: "apt-get install -y ..." */
	const char *oldest;       /* the version that has all functions */
	const struct library_function *functions;
	size_t count;
};

/* Loads it, or finds it loaded: it stays so. -1 (ERR_CANNOT): it is not there, or too old. */
int library_open(const struct library *library, void *table, struct err *err);

#endif
