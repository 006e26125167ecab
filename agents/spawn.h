/* A program of the host that runs on beside the agent's loop and dies with the agent. */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct spawn {
	const char *path; /* as proc_find gave it */
	const char *const *argv;
	const char *variable; /* NULL, or NAME=VALUE to put into its environment */
	int in, out, words;   /* its 0, 1 and 2; -1: /dev/null. The caller closes its own copies */
	uint64_t keep;        /* capabilities: it has those of them that we have */
};

/* Its pid, which is the caller's to reap; -1. That it cannot be executed is told on its stderr, and
 * by status 127. */
pid_t spawn_start(const struct spawn *spawn, struct err *err);
/* SIGKILL, reaped; *pid is 0 then. Its status as waitpid gave it. Safe twice. */
int spawn_kill(pid_t *pid);

#endif
