/* The sandbox's server: accepts, reads messages in pieces, answers each. One poll loop over all its
 * connections; never blocks on one of them. Shared by tcp.serve and the server by hand. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"
#include "message.h"

enum {
	SERVER_CONNECTIONS = 1024
};

struct server_connection {
	int fd;
	unsigned number; /* from 1, in the order of accept */
	struct addr local, peer;
	char name[64]; /* the client's, from its first message; "" until then */
	struct buf in, out;
	int64_t due_ns; /* when the first message in `in` may be answered; 0: none waits */
	bool is_ending; /* nothing more is read; closed when out is empty */
};

struct server_options {
	struct addr address; /* port 0: the kernel chooses */
	bool does_reuse_address, does_reuse_port;
	int backlog;
	int64_t delay_ns; /* before each answer */
};

/* Any may be NULL. Connections are borrowed for the call. */
struct server_events {
	void (*accepted)(void *context, const struct server_connection *connection);
	void (*message)(void *context, const struct server_connection *connection,
			const struct message *message);
	/* how: "FIN", "RST" (number: errno) or "error" (text: what came was no message) */
	void (*closed)(void *context, const struct server_connection *connection, const char *how,
		       int number, const char *text);
};

struct server {
	int fd; /* the listener; -1: none */
	struct addr address;
	int64_t delay_ns;
	int64_t resume_ns; /* no accept before: the process had no descriptor left; 0: accept */
	unsigned naccepted;
	size_t count, limit;
	struct server_connection *connection; /* [limit] */
	struct pollfd *poll;                  /* [limit + 2] */
	const struct server_events *events;
	void *context;
};

/* 0: listening, `address` has the real port; else the errno and the call that gave it. */
int server_open(struct server *server, const struct server_options *options,
		const struct server_events *events, void *context, const char **call);
/* Waits for traffic or `extra` (-1: none) until the deadline and handles what is there.
 * 2: extra is readable, 1: something was handled, 0: nothing until the deadline, -1: errno. */
int server_poll(struct server *server, int extra, int64_t deadline_ns);
/* Handles what has arrived until nothing is left to accept, read or answer; false: the deadline. */
bool server_drain(struct server *server, int64_t deadline_ns);
void server_close(struct server *server); /* safe twice, and on a half-open server */

#endif
