/* The agent's captures, shared by captures.c (requests, engine packet) and captures_tcpdump.c. */
#ifndef CAPTURES_H
#define CAPTURES_H

#include "agent.h"
#include "capture.h"
#include "tcpdump.h"

enum {
	CAPTURES = 16, /* three watches each with tcpdump; the controller asks for no more */
};

enum dump_state {
	DUMP_NONE,
	DUMP_STARTING, /* until "listening on"; the request waits */
	DUMP_RUNNING,
	DUMP_BROKEN,   /* it ended by itself, or its stream is none */
	DUMP_DRAINING, /* to be stopped, as soon as it has read all; the request waits */
	DUMP_ENDING,   /* until its counts have come; the request waits */
	DUMP_ENDED,    /* answered; perhaps not reaped yet */
};

struct captures {
	struct agent *agent;
	char version[160]; /* of tcpdump; "": not asked yet */
	size_t count;
	struct one {
		struct capture capture; /* with tcpdump: number, snaplen, counts and body alone */
		struct captures *all;
		char link[64], iface[32], file[160];
		char *filter;    /* text; owned */
		bool is_open;    /* may be stopped */
		uint32_t buffer; /* of tcpdump */

		struct tcpdump tcpdump;
		enum dump_state state;
		int timer;             /* timerfd; -1: none */
		int64_t id, since_ns;  /* of the request that waits */
		int64_t until_ns;      /* CLOCK_MONOTONIC: how long the state may last */
		uint64_t stop_real_ns; /* packets from then on are nobody's */
		bool is_past_stop;     /* one of those was seen */
		struct err why;        /* DUMP_BROKEN */
	} one[CAPTURES];
};

/* The event `capture`. */
void capture_started(struct agent *agent, const struct one *one, const char *engine, size_t buffer,
		     const char *version);
/* The event `capture.end`. `why` (NULL: all is counted): how much was dropped is not known. */
void capture_ended(struct agent *agent, const struct one *one, const struct err *why);

/* AGENT_LATER, or -1. */
int dump_start(struct agent *agent, struct one *one, const struct event *request,
	       const struct capture_spec *spec, struct err *err);
int dump_stop(struct agent *agent, struct one *one, const struct event *request, struct err *err);
/* SIGKILL where it still runs; frees. */
void dump_end(struct agent *agent, struct one *one);

#endif
