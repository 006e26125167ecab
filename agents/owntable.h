/* nft(8) as a process that owns its tables (`flags owner`): on a machine that is not ours a rule
 * lives exactly as long as this process, and this process as long as the agent, SIGKILL included.
 * Nobody else can change such a table. */
#ifndef OWNTABLE_H
#define OWNTABLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"
#include "proc.h"

struct owntable { /* zero: there is none */
	bool is_open;
	pid_t pid; /* 0: none, or reaped */
	int in, words;
	unsigned batches;
	const struct proc_beside *beside; /* while it is waited for; NULL: nothing */
};

/* Can it be here? -1 with why: kernel 5.12 and nft 1.0 are needed. Waits for `nft --version`. */
int owntable_usable(struct err *err);
int owntable_open(struct owntable *owner, const struct proc_beside *beside, struct err *err);
/* One line for nft, which is one transaction. 0: nft has done it; -1: its complaint, or no answer
 * in time. Read back what counts: nft gives no status. */
int owntable_batch(struct owntable *owner, const char *line, struct err *err);
/* Ends it: its tables are gone when this returns. Safe twice. */
void owntable_close(struct owntable *owner);

#endif
