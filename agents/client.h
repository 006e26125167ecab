/* A TCP client's calls with deadlines, each with its outcome: what the network did is an outcome,
 * never an err. Shared by the actors and the client by hand. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"
#include "err.h"
#include "message.h"

enum outcome_kind {
	OUTCOME_OK,
	OUTCOME_ERRNO,   /* number: the kernel's answer */
	OUTCOME_TIMEOUT, /* our own patience ended */
	OUTCOME_EOF,     /* the peer closed between two messages */
	OUTCOME_BROKEN,  /* what came is no message, or a cut one: text */
	OUTCOME_STOPPED, /* wait was told to end */
};

struct outcome {
	enum outcome_kind kind;
	int number;                /* errno; 0 unless OUTCOME_ERRNO */
	char text[256];            /* for people; "" when ok */
	int64_t start_ns, took_ns; /* of the call alone */
};
/* "ok", "ECONNREFUSED", "TIMEOUT", "EOF", "EPROTO" (broken), "error" (stopped) */
const char *outcome_result(const struct outcome *outcome);

struct client {
	int fd; /* -1: none */
	struct addr local, peer;
	struct buf in; /* came, and was not taken yet */
	/* Waits for fd: 1 ready, 0 the deadline passed, -1 told to end. NULL: poll(2) alone. */
	int (*wait)(void *context, int fd, short events, int64_t deadline_ns);
	void *context;
};

struct connect_options {
	struct addr target;
	struct addr from; /* local address to bind (port 0: any); family 0: the kernel's choice */
	int syn_retries;  /* TCP_SYNCNT; -1: the host's */
	int64_t deadline_ns; /* INT64_MAX: the kernel's own patience */
	/* connect() was called and is not decided: local and peer are set. NULL: not asked. */
	void (*connecting)(void *context, const struct client *client);
};

/* Afterwards client->fd is open exactly when the outcome is ok; local, peer are kept in any case.
 */
void client_connect(struct client *client, const struct connect_options *options,
		    struct outcome *outcome);
/* Writes all bytes. */
void client_send(struct client *client, const void *bytes, size_t len, int64_t deadline_ns,
		 struct outcome *outcome);
/* Waits for one whole message; borrows from client->in until client_took. */
void client_receive(struct client *client, struct message *message, int64_t deadline_ns,
		    struct outcome *outcome);
void client_took(struct client *client, const struct message *message);
/* "Message #NUMBER from client NAME" as a message into out. */
int client_message(struct buf *out, int number, const char *name, struct err *err);
/* How the peer of a readable connection went: 0 it did not, 1 FIN, 2 RST (number: its errno). */
enum peer_state {
	PEER_THERE,
	PEER_FIN,
	PEER_RST
};
enum peer_state client_peer(const struct client *client, int *number);
void client_close(struct client *client); /* safe twice */

#endif
