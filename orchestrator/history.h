/* The history: the directory of run directories, its `latest` link and its limits. */
#ifndef HISTORY_H
#define HISTORY_H

#include <limits.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"

enum {
	HISTORY_RUNS = 100
};
#define HISTORY_BYTES ((int64_t)1 << 30)

struct history_run {
	const char *name; /* "20261122T175308Z-refused-4f2a" */
	int64_t bytes;
};

/* Is this the name of a run directory? Nothing else is ever listed or removed. */
int history_is_run(const char *name);
/* The runs below `path`, oldest first. */
int history_list(const char *path, const struct history_run **out, size_t *count,
		 struct arena *arena, struct err *err);
/* Removes one run directory; one that is being written (locked) is an error. */
int history_remove(const char *path, const char *name, struct err *err);
/* Points `latest` at `name`, then removes the oldest beyond HISTORY_RUNS or HISTORY_BYTES. */
void history_file(const char *path, const char *name);
/* RUN of a command: a path, a part of a name in the history, NULL: the latest, which is the one
 * that ended last or was killed since. `parent` is -o. */
int history_find(char path[PATH_MAX], const char *name, const char *parent, struct err *err);

#endif
