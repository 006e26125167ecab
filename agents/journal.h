/* What an agent has changed on a machine that is not ours, on disk before each change, so that the
 * next agent can undo what a dead one could not. One file an agent, locked as long as it lives, in
 * a private directory: /run/lab-UID, else /var/tmp/lab-journal-UID. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "err.h"
#include "sink.h"

struct journal { /* zero: nothing was changed so far */
	bool is_open;
	int dir, fd;
	char place[64], name[64];
	int next, open; /* number of the next entry; entries that are not undone */
};

/* Notes that `what` (a row of change.c: "table") is about to be changed so that these words undo
 * it; `run` names the file at the first entry. Its number, from 1; -1: it must not be changed. */
int journal_add(struct journal *journal, const char *run, const char *what, const char *words,
		struct err *err);
/* It is undone. Best effort: whoever reads the journal looks whether it is. */
void journal_undone(struct journal *journal, int number);
/* Removes the file, or leaves it for the next agent where something is not undone. */
void journal_close(struct journal *journal);

/* Undoes what dead agents left on this machine, and tells all that it finds by `leftover` events.
 * How many changes could not be undone; -1: the journals cannot be read. */
int journal_sweep(const struct sink *sink, struct err *err);

#endif
