/* What the tcp steps share: the held connection as a client, outcomes as results and events. */
#ifndef STEP_TCP_H
#define STEP_TCP_H

#include "actor.h"
#include "client.h"

/* The state of an actor that holds a client's connection. */
struct tcp_held {
	struct client client;
	enum peer_state peer; /* how the peer went */
	int number;           /* its errno (RST) */
};

/* Held state of the actor, made at first use. */
struct tcp_held *tcp_held(struct actor *actor);
/* Names the step's result by the outcome; returns 0. */
int tcp_result(struct actor *actor, const struct outcome *outcome);
/* Emits `send` or `recv`. */
void tcp_transfer_event(struct actor *actor, const char *kind, size_t len, const char *text,
			const struct outcome *outcome);
/* Waits between steps: tells when the peer goes. */
int tcp_hold(struct actor *actor);
void tcp_close_held(struct actor *actor); /* with its `close` event; safe twice */
/* One message: `text`, or NULL: the next "Message #i from client LABEL". With its event. */
void tcp_send_one(struct actor *actor, const char *text, int64_t deadline_ns,
		  struct outcome *outcome);
void tcp_receive_one(struct actor *actor, int64_t deadline_ns, struct outcome *outcome);
/* Sends `count` numbered messages, each answered before the next. Ends at the first that fails. */
void tcp_exchange(struct actor *actor, int64_t count, int64_t interval_ns, struct outcome *outcome);
/* deadline of a step: now + the parameter `name` when it is given, else the step's own. */
int64_t tcp_deadline(struct actor *actor, const struct event *request, const char *name);

#endif
