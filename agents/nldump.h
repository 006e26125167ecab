/* Netlink dumps with libc and the kernel's headers alone: one request, a row for each answer. */
#ifndef NLDUMP_H
#define NLDUMP_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct nldump {
	int fd; /* -1: not open; opened by the first dump and kept */
	int protocol;
	bool is_one;    /* asks for one thing, or changes it; not for a table */
	uint16_t flags; /* of a change: NLM_F_CREATE and such */
	uint32_t seq;
	unsigned readings; /* of a table, also those that were repeated */
};

struct nlattr_view { /* one attribute; the bytes are inside the message */
	unsigned type;
	const void *data;
	size_t len;
};

#define NLDUMP_INIT(p)                                                                             \
	{                                                                                          \
		.fd = -1, .protocol = (p)                                                          \
	}

/* `type` is one message of the answer, `body` what follows its header. 0: go on. */
typedef void nldump_row(void *context, unsigned type, const void *body, size_t len);
/* Sends `body` as a dump request of `type` and calls `row` for each message of the answer, once all
 * of it is there; a table that changed while it was read is read again, a few times. -1 with
 * err (err->sys is the kernel's errno). The kernel is waited for at most 2 s. */
int nldump_run(struct nldump *nl, unsigned type, const void *body, size_t len, nldump_row *row,
	       void *context, struct err *err);
void nldump_close(struct nldump *nl); /* safe twice */

/* Walks attributes: *at and *left begin as the bytes behind a message's fixed part. 1: one, 0: the
 * end (also when the rest is malformed). */
int nldump_attr(const void **at, size_t *left, struct nlattr_view *attr);

#endif
