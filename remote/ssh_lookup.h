/* A name to addresses by `getent ahosts`, which knows all that this machine does (hosts files, DNS,
 * NSS), without making the caller wait. */
#ifndef SSH_LOOKUP_H
#define SSH_LOOKUP_H

#include <sys/types.h>

#include "addr.h"
#include "buf.h"
#include "err.h"

enum {
	LOOKUP_MAX = 8 /* addresses that are taken */
};

struct ssh_lookup {
	pid_t pid;
	int fd; /* readable when there is more to know */
	struct buf said;
};

int ssh_lookup_begin(struct ssh_lookup *lookup, const char *name, struct err *err);
/* How many addresses it has, in the order of trying (RFC 6724); 0: not known yet, -1: there is no
 * such name (ERR_CANNOT). */
int ssh_lookup_step(struct ssh_lookup *lookup, const char *name, struct addr address[LOOKUP_MAX],
		    struct err *err);
void ssh_lookup_close(struct ssh_lookup *lookup); /* at any moment, safe twice */

#endif
