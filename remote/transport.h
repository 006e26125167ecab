/* A program on a machine and its three streams, over SSH. Nothing blocks: the caller polls `fd` for
 * `events`, or not at all while `is_ready`, and calls again. Every phase has its deadline.
 *
 * The life of a stream: open, then advance until 1; read and write; finish until it is not 0;
 * close. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"
#include "target.h"

enum {
	PHASE_CONNECT_MS = 10000,
	PHASE_HANDSHAKE_MS = 10000,
	PHASE_AUTH_MS = 20000,
	PHASE_OPEN_MS = 10000, /* a channel, the jump's too */
	PHASE_FINISH_MS = 5000,
	TRANSPORT_SAID_MAX = 4096
};

/* The head that every transport's own struct begins with. */
struct stream {
	const struct transport *transport;
	const struct target *target; /* the caller's; outlives the stream */
	int fd;                      /* -1: nothing to poll */
	short events;                /* POLLIN, POLLOUT: what the next call waits for */
	bool is_ready;               /* more can be done (or read) at once: do not wait */
	const char *phase;           /* "connect", "handshake", "authentication", … */
	int64_t deadline_ns;         /* of the phase; 0: none */
	struct buf said;             /* stderr of the program, and of ssh: the first 4 KiB */
	bool is_said_taken; /* the caller empties `said` after each call: then it is all of it */
	const char *lacks;  /* after -1 of advance: what it lacks and ssh may have; NULL: nothing */
};

/* Connections to jump hosts, shared by the streams behind them; {0} is none yet. The caller's; it
 * outlives the streams, and is empty again when the last is closed. */
struct jumps {
	struct link *first;
};

struct transport {
	const char *name;
	/* Begins to start `command` (one line for the user's login shell) and returns at once.
	 * NULL with err (ERR_CANNOT: what the transport cannot do, and the mend). */
	struct stream *(*open)(struct jumps *jumps, const struct target *target,
			       const char *command, struct err *err);
	/* 1: the program runs, 0: not yet, -1: failed (ERR_BROKE, or ERR_CANNOT where the person
	 * has to do something: an unknown host key, no key that is accepted). The text names the
	 * target and the phase, and tells refused, no answer, no route and no such name apart. ssh
	 * itself does not say when the program runs: by openssh it is 1 at once, and what goes
	 * wrong then is a lost connection of read, whose reason finish tells. */
	int (*advance)(struct stream *stream, struct err *err);
	/* As read(2) and write(2) on a non-blocking socket: -1/EAGAIN; 0: the program closed its
	 * output. Any other errno means that the connection is lost. */
	ssize_t (*read)(struct stream *stream, void *buf, size_t len);
	ssize_t (*write)(struct stream *stream, const void *buf, size_t len);
	/* Whether more can be read at once, although `is_ready` was false after the last call; may
	 * be left out. */
	bool (*has_more)(const struct stream *stream);
	/* Ends the program's input, then waits for its end; what it still writes is thrown away.
	 * 1: it ended with *status (128 + n for signal n), 0: not yet, -1: the connection was lost
	 * or the deadline passed before the end was known. */
	int (*finish)(struct stream *stream, int *status, struct err *err);
	void (*close)(struct stream *stream); /* frees; at any moment, NULL too */
};

/* The target as ssh itself is to reach it, where a stream to it found that its own transport lacks
 * what that takes: a copy in *out, strict with host keys. False: it lacks nothing, or the person
 * asked for that very transport. */
bool transport_other(struct target *out, const struct stream *failed);

extern const struct transport transport_libssh2, transport_openssh;
const struct transport *transport_of(const struct target *target);
bool stream_is_ready(const struct stream *stream); /* do not wait before the next call */

#endif
