/* A role as a process of its own, named by the step that made it. It holds its sockets and plays
 * its steps; a step in an actor may block up to its deadline. Steps without STEP_ACTOR get an actor
 * too, one that lives in the agent's own process (`agent` is set, `channel` is -1). */
#ifndef ACTOR_H
#define ACTOR_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "agent.h"
#include "event.h"
#include "step.h"

enum {
	ACTOR_RESULT = 512, /* room for a tally */
	ACTOR_TEXT = 1024
};

struct actor {
	struct agent *agent; /* NULL in an actor's process */
	const struct host_facts *host;
	int channel;     /* frames to and from the agent; -1 in the agent's process */
	char label[128]; /* the step that made it */
	int step;        /* its number */

	int fd; /* the held connection; -1: none */
	struct addr local, peer;
	int sent; /* messages so far, for their numbers */
	/* What it does between steps; NULL: it ends after its step. Blocks until the channel is
	 * readable: 1: it is, 0: nothing is left to hold, the actor ends. */
	int (*hold)(struct actor *actor);
	/* Reads what its peers sent before it is ended; false: not by the deadline. NULL: nothing
	 * to do. */
	bool (*drain)(struct actor *actor, int64_t deadline_ns);
	void *state; /* hold's own (tcp.serve: struct server) */

	/* The step that runs now. */
	int now_step;
	const char *now_label;
	int64_t start_ns;
	int64_t deadline_ns; /* CLOCK_MONOTONIC; INT64_MAX: none */
	char result[ACTOR_RESULT];
	char text[ACTOR_TEXT];
	int64_t took_ns; /* -1: measured around the whole step */
};

/* Sends an EVENT; step and label of the running step are filled in when the event has none. */
void actor_event(struct actor *actor, struct event *event);
/* Names how the step ended ("ok", "ECONNREFUSED", "TIMEOUT", "+1"); text for people or NULL.
 * Returns 0: `return actor_result(actor, "ok", NULL);` */
int actor_result(struct actor *actor, const char *result, const char *text);
/* The same from an errno: its name and strerror's text. */
int actor_result_errno(struct actor *actor, int number);
/* A run function in the agent's process returns this when agent code will send DONE later. */
enum {
	STEP_LATER = 1
};

/* Waits until fd is ready (1), the deadline has passed (0), or the agent told us to end
 * (-1, errno ECANCELED). */
int actor_wait(struct actor *actor, int fd, short events, int64_t deadline_ns);

/* Parameters of a request. Numbers may come as a number or as decimal text. */
const char *request_text(const struct event *request, const char *name, const char *fallback);
int64_t request_num(const struct event *request, const char *name, int64_t fallback);
bool request_is_yes(const struct event *request, const char *name, bool fallback);

/* In the child, after fork: closes everything but the channel, gives up capabilities, plays
 * `request`, then holds and plays what comes. Never returns. */
_Noreturn void actor_main(struct actor *actor, const struct event *request, pid_t agent_pid);
/* A verb, or what the controller alone asks for (names.serve); NULL: unknown. */
const struct step_kind *actor_kind_find(const char *name);
/* Plays one request (any process): fills result and text; "error" when run could not find out.
 * Returns what run returned. */
int actor_play(struct actor *actor, const struct step_kind *kind, const struct event *request);
/* The DONE event of what was played last; borrows from the actor. */
void actor_done(const struct actor *actor, int64_t id, struct event *done);

#endif
