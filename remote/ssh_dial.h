/* A TCP connection to a target: its name, then its addresses in turn. Non-blocking. */
#ifndef SSH_DIAL_H
#define SSH_DIAL_H

#include <stdint.h>

#include "ssh_lookup.h"
#include "target.h"

struct ssh_dial {
	const struct target *target;
	struct ssh_lookup lookup;
	struct addr address[LOOKUP_MAX];
	int count, at; /* addresses; the one that is tried */
	int fd;        /* that is being connected, at the end the connection; -1 */
	const char *phase;
	int64_t deadline_ns; /* of the look-up, or of the address that is tried */
};

void ssh_dial_begin(struct ssh_dial *dial, const struct target *target);
/* 1: dial->fd is connected, 0: not yet, -1: no address answers (or there is no such name). */
int ssh_dial_step(struct ssh_dial *dial, struct err *err);
/* What to poll: the file (-1: none) and its events. */
int ssh_dial_fd(const struct ssh_dial *dial, short *events);
void ssh_dial_close(struct ssh_dial *dial); /* its connection too; at any moment, safe twice */

#endif
