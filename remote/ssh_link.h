/* One SSH connection by libssh2, up to the moment at which channels can be opened: name, TCP (or a
 * channel of the jump host's connection), handshake, host key, authentication. Non-blocking. */
#ifndef SSH_LINK_H
#define SSH_LINK_H

#include "arena.h"
#include "ssh_auth.h"
#include "ssh_known.h"
#include "ssh_lookup.h"
#include "transport.h"

enum link_state {
	LINK_LOOK_UP,
	LINK_CONNECT,
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
	int fd;              /* to be polled; behind a jump host that one's; -1 */
	LIBSSH2_SESSION *session;
	struct ssh_lookup lookup;
	struct addr address;
	struct known_keys known;
	struct ssh_auth auth;
	struct arena arena;
	struct link *jump; /* whose channel `way` carries the bytes; NULL */
	LIBSSH2_CHANNEL *way;
	size_t users;         /* streams and links that use it */
	struct jumps *listed; /* where it can be found to be shared; NULL */
	struct link *next;    /* in that list */
	/* libssh2 keeps one packet that was written in part, and one channel that is being opened:
	 * whoever began goes on first. */
	const void *sender, *opener;
	uint64_t reads; /* how often bytes came: what they were for may lie with another channel */
};

/* A link to be used by one more; jumps are shared where `jumps` is given. NULL: err. */
struct link *link_open(struct jumps *jumps, const struct target *target, struct err *err);
/* 1: up, 0: not yet, -1: it will never be. */
int link_advance(struct link *link, struct err *err);
/* As read(2) and write(2) of a channel; -1/EAGAIN; 0: end of the channel's output. */
ssize_t link_read(struct link *link, LIBSSH2_CHANNEL *channel, int stream, void *buf, size_t len);
ssize_t link_write(struct link *link, LIBSSH2_CHANNEL *channel, const void *buf, size_t len);
/* What to poll for before the next call. */
short link_events(const struct link *link);
/* libssh2's words for what went wrong last. */
const char *link_words(const struct link *link);
void link_close(struct link *link); /* one user less; NULL too */

#endif
