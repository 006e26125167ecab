/* Where observations go: the agent's stream, or a test. What is handed over is copied there. */
#ifndef SINK_H
#define SINK_H

#include <stddef.h>

#include "event.h"
#include "proc.h"

struct agent;

struct sink {
	void (*event)(void *to, const struct event *event);
	void (*packets)(void *to, const void *body, size_t len); /* body as docs/protocol.md */
	void *to;
	const struct proc_beside *beside; /* while programs are waited for; NULL: nothing */
};

static inline void sink_event(const struct sink *sink, const struct event *event)
{
	sink->event(sink->to, event);
}

/* The agent's stream as a sink (snapshot_agent.c). */
struct sink sink_agent(struct agent *agent);

#endif
