/* The agent's insides, shared by agent.c (loop), agent_request.c (requests and answers),
 * agent_child.c (actors' processes) and agent_hello.c (what it says of its host). */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include <poll.h>

#include "agent.h"
#include "buf.h"
#include "frame.h"

enum {
	AGENT_WATCHES = 64,
	AGENT_CHILDREN = 1024,
	AGENT_PENDING = 256,   /* requests of one actor that are not answered */
	AGENT_FULL = 16 << 20, /* backlog beyond which nothing more is taken from anybody */
	AGENT_LABEL = 128,
};

struct pending {
	int64_t id;
	int step;
	char label[AGENT_LABEL];
};

enum stop_state {
	STOP_NONE,
	STOP_DRAINING,
	STOP_SIGNALLED
};

struct child { /* an actor, as the agent sees it */
	pid_t pid;
	int channel;     /* -1: closed */
	bool is_leaving; /* it holds nothing and ends; reaped soon */
	int step;
	char label[AGENT_LABEL];
	struct frame_reader in;
	struct buf out;
	size_t npending;
	struct pending *pending; /* owned */
	/* tcp.stop: who asked, and until when the present state may last. */
	enum stop_state stop;
	struct pending stopper;
	int stop_signal;
	int64_t stop_start_ns, stop_drain_ns, stop_ns;
};

struct watch {
	int fd; /* -1: free */
	short events;
	agent_watch_fn *call;
	void *context;
};

/* Of silence: when setup names none, and the least and the most that it may name (the most also
 * before setup). */
#define AGENT_LEASE_NS INT64_C(10000000000)
#define AGENT_LEASE_LEAST_NS INT64_C(100000000)
#define AGENT_LEASE_MOST_NS INT64_C(60000000000)

struct agent {
	int in, out, signals;
	int in_flags, out_flags; /* as they were (fcntl(2)) */
	struct frame_reader reader;
	/* What came while a program was waited for, and how many of the pings in it, or in front of
	 * it in the reader, have been answered. */
	struct proc_beside beside;
	struct buf early;
	size_t answered;
	struct buf backlog;
	size_t written; /* bytes of backlog that are out already */
	struct host_facts host;
	struct agent_parts parts;
	size_t nchild, child_cap;
	struct child *child; /* owned */
	struct watch watch[AGENT_WATCHES];
	int64_t heard_ns; /* the last frame, once it was handled */
	int64_t lease_ns; /* how long a silence may be before it ends us */
	bool is_ending;
	int status;
};

void agent_done(struct agent *agent, const struct pending *to, const char *result, const char *text,
		int64_t start_ns);
void agent_signals_clear(
    struct agent *agent); /* forget what signalfd has; all but SIGCHLD end us */
void pending_set(struct pending *pending, const struct event *request);

/* agent_request.c */
void agent_request(struct agent *agent, const struct frame *frame);
/* DONE with an error. */
void agent_refuse(struct agent *agent, const struct event *request, const char *text);

/* agent_child.c */
void child_start(struct agent *agent, const struct event *request);
/* Hands the raw request to the actor of label `subject`. */
void child_relay(struct agent *agent, const char *subject, const struct event *request,
		 const struct frame *frame);
void child_readable(struct agent *agent, struct child *child);
void child_writable(struct child *child);
void child_reap(struct agent *agent); /* every process that has ended */
/* Next moment at which a stop is overdue; INT64_MAX: none. */
int64_t child_timers(struct agent *agent);
void child_kill_all(struct agent *agent); /* SIGKILL, reaped within a second */

/* agent_hello.c */
void hello_send(struct agent *agent);
int hello_setup(struct agent *agent, const struct event *request, struct err *err);

#endif
