/* The encrypted bytes of one session, over TCP or over a channel of another session.
 *
 * libssh2 keeps a packet that was sent in part, and until it is sent whole every other call of the
 * session fails (LIBSSH2_ERROR_BAD_USE). So what it sends is always taken whole, into a buffer of
 * ours, and goes out from there: any call may follow any other, of any channel. And it is never
 * told that the connection ended: it would throw away what came before. */
#ifndef SSH_WIRE_H
#define SSH_WIRE_H

#include <stdint.h>

#include "buf.h"
#include "ssh_lib.h"

enum {
	WIRE_FULL = 256 << 10, /* from then on nothing more is given to it */
	WIRE_MAX = 8 << 20     /* answers to a peer that asks and does not read: it is lost */
};

struct ssh_wire {
	const struct ssh_lib *lib;
	int fd;                   /* of the connection; -1: by a channel */
	struct ssh_wire *below;   /* whose session's channel `channel` is; NULL */
	LIBSSH2_CHANNEL *channel; /* that carries it */
	struct buf out;
	int error;       /* by which it was lost; 0: it stands */
	bool is_carrier; /* channels of it carry other sessions */
	bool is_closing; /* nothing is waited for any more */
	uint64_t news;   /* goes up with whatever may let somebody go on */
};

/* A session over it, non-blocking; NULL: no memory. */
LIBSSH2_SESSION *wire_session(struct ssh_wire *wire);
void wire_flush(struct ssh_wire *wire); /* as far as it goes */
bool wire_is_full(const struct ssh_wire *wire);
int wire_error(const struct ssh_wire *wire); /* its own, or that of what is below */
/* The file to poll, and for what. */
int wire_fd(const struct ssh_wire *wire, short *events);
/* Of it and all below: has it changed, there may be bytes inside that poll(2) does not see. */
uint64_t wire_news(const struct ssh_wire *wire);

#endif
