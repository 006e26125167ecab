/* One SSH connection by libssh2, up to the moment at which channels can be opened: name, TCP (or a
 * channel of the jump host's connection), handshake, host key, authentication. Non-blocking. */
#ifndef SSH_LINK_H
#define SSH_LINK_H

#include "ssh_auth.h"
#include "ssh_dial.h"
#include "ssh_known.h"
#include "ssh_wire.h"
#include "transport.h"

enum link_state {
	LINK_DIAL,
	LINK_JUMP, /* waits for the jump host's connection, then for a channel of it */
	LINK_HANDSHAKE,
	LINK_AUTH,
	LINK_UP,
	LINK_LOST
};

struct link {
	struct ssh_lib lib;
	const struct target *target;
	enum link_state state;
	const char *phase;
	int64_t deadline_ns; /* of the phase; 0: none */
	LIBSSH2_SESSION *session;
	struct ssh_dial dial;
	struct ssh_wire wire;
	struct known_keys known;
	struct ssh_auth auth;
	struct arena arena;
	struct err why;      /* it is lost */
	const char *lacks;   /* and the user's ssh may do what libssh2 cannot: what; NULL */
	struct link *jump;   /* whose channel carries the bytes; NULL */
	struct jumps *jumps; /* where links to jump hosts are shared; NULL */
	struct link *next;   /* in that list */
	size_t users;        /* streams and links that use it */
	/* libssh2 opens one channel of a session at a time, and a machine that does not answer
	 * keeps a jump host busy for minutes: who waits behind one goes by another connection. */
	const struct link *opener;
	int64_t turn_ns; /* when the opener's turn ends, if somebody waits */
	bool is_stuck;   /* its opener gave up, or took too long: nothing more is opened here */
};

/* A link to be used; jumps are shared where `jumps` is given. NULL: err. */
struct link *link_open(struct jumps *jumps, const struct target *target, struct err *err);
/* 1: up, 0: not yet, -1: it will never be. */
int link_advance(struct link *link, struct err *err);
/* What to poll before the next call: the file (-1: none) and its events. */
int link_fd(const struct link *link, short *events);
/* libssh2's words for what went wrong last, or those of the connection's error. */
const char *link_words(const struct link *link);
void link_close(struct link *link); /* one user less; NULL too */

#endif
