/* What the writer of journals (journal.c) and their reader (journal_sweep.c) both know. */
#ifndef JOURNAL_FILE_H
#define JOURNAL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "change.h"

enum {
	JOURNAL_PLACES = 2,
	JOURNAL_PLACE = 64,
	JOURNAL_ENTRIES = 1024
};

struct journal_birth { /* of an agent; its journal's first line */
	char run[40], boot[40];
	int64_t pid, net;
};
/* Of this process. */
void journal_here(struct journal_birth *birth);

/* The directory of this index, opened, its path in path; -1: errno. */
int journal_open_place(size_t index, bool does_make, char path[JOURNAL_PLACE]);

/* A change in another agent's journal, dead or alive, that is not undone and meets this one
 * (change_meets); `name` is ours. -1: there is one. */
int journal_clash(const char *name, const char *what, const char *words, struct err *err);

#endif
