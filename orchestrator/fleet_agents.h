/* A fleet with an agent on each machine: put there by boot.h, up when it has said hello. From then
 * on the stream carries frames, for a session (host_ssh.c) or for questions asked here. */
#ifndef FLEET_AGENTS_H
#define FLEET_AGENTS_H

#include "agents_static.h"
#include "event.h"
#include "fleet.h"
#include "frame.h"

struct fleet_agent { /* by machine */
	struct boot boot;
	struct buf out; /* not written yet */
	/* What the agent has sent. Until something is asked, all of it is still there. */
	struct frame_reader reader;
	struct event hello; /* once it is up; strings of the reader until something is asked */
	bool is_up, is_answered;
};

struct fleet_agents {
	struct fleet fleet;
	struct fleet_agent *agent; /* owned */
	struct arena arena;        /* holds the programs */
	struct agents_static programs;
};

/* Nothing is begun; what fleet.h lets a caller choose is in all->fleet. */
void fleet_agents_init(struct fleet_agents *all, const struct target *const *target, size_t count);
/* Begins to bring them up; nothing is waited for. */
int fleet_agents_open(struct fleet_agents *all, struct err *err);
/* Until each is up or failed: as fleet_play. */
int fleet_agents_up(struct fleet_agents *all, struct err *err);
/* Sends one frame to each that is up, hands out every event it answers (`done` and `clock` too)
 * and waits for that last one. As fleet_play. */
typedef void fleet_answer(void *context, size_t machine, const struct event *event);
int fleet_agents_ask(struct fleet_agents *all, const struct buf *frame, fleet_answer *answer,
		     void *context, int64_t deadline_ns, struct err *err);
/* Ends their input and waits for their end, until the deadline. */
int fleet_agents_end(struct fleet_agents *all, int64_t deadline_ns, struct err *err);
void fleet_agents_close(struct fleet_agents *all); /* safe twice */

#endif
