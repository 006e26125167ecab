/* The agents of other machines that this lab came with: static programs beside lab in agents/ (as
 * built), or in ../libexec/lab/ (as installed). */
#ifndef AGENTS_STATIC_H
#define AGENTS_STATIC_H

#include "arena.h"
#include "boot.h"
#include "err.h"

enum {
	AGENTS_STATIC = 2
};

struct agents_static {
	struct boot_agent agent[AGENTS_STATIC]; /* memory of the arena */
	size_t count;                           /* at least 1 */
};

/* -1: there is none (ERR_CANNOT, with how to make them), or one cannot be read. */
int agents_static_read(struct agents_static *out, struct arena *arena, struct err *err);
/* For this machine alone, where the agent that lab starts its own hosts with will do. */
int agents_static_own(struct agents_static *out, struct arena *arena, struct err *err);
/* The same from one folder; none there is no error: count 0. */
int agents_static_from(struct agents_static *out, const char *folder, struct arena *arena,
		       struct err *err);

#endif
