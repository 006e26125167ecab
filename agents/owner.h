/* Who holds a socket: its inode looked up in /proc/PID/fd. Reading /proc is the cost, so answers
 * are kept and only verified, and the agent's own processes are asked first. */
#ifndef OWNER_H
#define OWNER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct owner {
	uint32_t inode;
	pid_t pid; /* 0: unknown */
	int fd;
	char process[32]; /* comm, blanks and all; "" when pid is 0 */
};

struct owners {
	struct owner *known; /* owned */
	size_t count, cap;
};

/* Fills pid, fd and process of each want[] by its inode; what cannot be found keeps pid 0. Inode 0
 * has no owner. `first` are the pids to look at before all others. */
void owners_find(struct owners *owners, struct owner *want, size_t count, const pid_t *first,
		 size_t nfirst);
void owners_close(struct owners *owners); /* safe twice */

#endif
