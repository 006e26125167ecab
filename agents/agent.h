/* The agent of one host: a poll loop. It reads frames from the controller, gives steps to actors
 * (actor.h), relays what they say, and offers its loop to captures. It waits for nobody but nft(8)
 * (ruleset.c, firewall.c), iptables-save, conntrack(8) and `tcpdump --version`: meanwhile it
 * answers pings alone. */
#ifndef AGENT_H
#define AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"
#include "err.h"
#include "event.h"
#include "lifeline.h"
#include "proc.h"

struct agent;

/* What `setup` told; before it every member is empty. */
struct host_facts {
	char name[64];
	struct addr address;      /* the host's first; family 0: none */
	char *names;              /* hosts-file text; NULL: the host has an /etc/hosts of its own */
	char *names_last;         /* the same for names that its own resolver lacks; NULL */
	bool is_private;          /* the network stack is the run's own */
	char run[33];             /* tells this run's tables from another's; "": not told */
	struct lifeline lifeline; /* known from the start; of a machine of its own */
	bool does_drop;           /* actors give up their capabilities */
};
const struct host_facts *agent_host(const struct agent *agent);

/* For whoever waits for a program in the agent's own process: pings go on being answered. */
const struct proc_beside *agent_beside(const struct agent *agent);

/* Queues an EVENT frame; never blocks. Strings are copied. */
void agent_event(struct agent *agent, const struct event *event);
/* Queues a PACKETS frame; body as docs/protocol.md, at most FRAME_MAX - 1 bytes. */
void agent_packets(struct agent *agent, const void *body, size_t len);
/* Bytes that wait for the controller to read; 0 when all was written. */
size_t agent_backlog(const struct agent *agent);

/* A descriptor in the agent's poll loop. The callback is called with revents; it reads what is
 * there and returns. The fd stays the caller's; agent_unwatch before closing it. -1: too many. */
typedef void agent_watch_fn(struct agent *agent, void *context, short revents);
int agent_watch(struct agent *agent, int fd, short events, agent_watch_fn *call, void *context);
void agent_unwatch(struct agent *agent, int fd);

/* Who runs here, for owners in socket tables. */
struct agent_actor {
	pid_t pid;
	const char *process; /* comm: "lab-agent" */
	const char *label;   /* the step that made it */
	int step;
};
size_t agent_actor_count(const struct agent *agent);
struct agent_actor agent_actor_at(const struct agent *agent, size_t index);

/* Ends the actor of label `of` by a signal, once it has read what its peers sent (tcp.stop). The
 * request's DONE is sent when it was reaped, so the caller returns STEP_LATER. -1: no such actor.
 */
struct agent_stop {
	const char *of;
	int signal;
	bool does_drain;
	int64_t drain_ns;    /* CLOCK_MONOTONIC: signalled then, drained or not */
	int64_t deadline_ns; /* reaped by then, or DONE says TIMEOUT */
};
int agent_stop(struct agent *agent, const struct agent_stop *stop, const struct event *request,
	       struct err *err);

/* A request that is no step (docs/protocol.md): 0: DONE ok; -1: DONE error with err's text;
 * AGENT_LATER: agent_answer will be called. Rows are in agent_control.c, looked up before the table
 * of steps. */
enum {
	AGENT_LATER = 1
};
typedef int agent_control_fn(struct agent *agent, const struct event *request, struct err *err);
/* DONE for request `id`, which came at start_ns: ok, or with `err` (NULL: ok) an error. */
void agent_answer(struct agent *agent, int64_t id, int64_t start_ns, const struct err *err);
struct agent_control {
	const char *kind;
	agent_control_fn *handle;
};
extern const struct agent_control agent_controls[]; /* {0} ends it */

/* State of the modules behind the control requests: each owns its struct, makes it at first use and
 * frees it in its end function (rows of agent_ends, called in order when the agent ends). NULL: not
 * used yet. */
struct agent_parts {
	struct captures *captures;   /* captures.c */
	struct snapshots *snapshots; /* snapshot_agent.c: last counters */
	struct faults *faults;       /* faults.c: what is set, by label */
};
struct agent_parts *agent_parts(struct agent *agent);

/* Something that was changed on this host could not be undone: the exit status is ERR_LEFTOVER. */
void agent_leftover(struct agent *agent);

/* Runs on descriptors in, out until EOF, a lost lease, SIGTERM, SIGHUP, SIGINT or SIGQUIT; then all
 * that was changed is undone. `lifeline` (NULL: none) is how
 * the controller came to this machine. Returns the exit status. */
int agent_run(int in, int out, const struct lifeline *lifeline);

#endif
