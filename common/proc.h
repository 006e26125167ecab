/* Runs a program from an argument vector (never a shell) with a deadline, collects its output. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum {
	PROC_KEPT = 4 << 20 /* bytes of each output; the rest is read and forgotten */
};

struct proc_result {
	int status;          /* as waitpid gives it */
	struct buf out, err; /* PROC_KEPT bytes: there may have been more */
};

/* argv[0] is looked up in PATH, then in /usr/sbin and /sbin (Debian's PATH for users lacks them).
 * `input` (may be NULL) is written to its stdin. 0: it ran and ended (see status);
 * -1: could not start, or the deadline passed (it is killed). Close the result in any case. */
int proc_run(const char *const *argv, const char *input, int deadline_ms, struct proc_result *out,
	     struct err *err);
/* What is served besides while a program is waited for. */
struct proc_beside {
	int fd;                      /* when it can be read, and at first in any case, */
	bool (*call)(void *context); /* this is called; false: no more of that */
	void *context;
};
/* The same; `beside` may be NULL. */
int proc_run_beside(const char *const *argv, const char *input, int deadline_ms,
		    const struct proc_beside *beside, struct proc_result *out, struct err *err);
/* poll(2) for one file, serving `beside` (may be NULL): 1, 0 at the deadline, -1. */
int proc_wait(int fd, short events, int64_t deadline_ns, const struct proc_beside *beside);
void proc_result_close(struct proc_result *result);
/* The path that proc_run would start, or -1. */
int proc_find(const char *name, char *path, size_t len);

#endif
