/* The agents of a run, driven: requests out, events and packets in, all hosts in one poll loop.
 * What arrives is written to the run directory and kept in memory for the live report. */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "event.h"
#include "frame.h"
#include "host.h"
#include "rundir.h"

struct session_host {
	const char *name;
	struct frame_reader reader;
	struct buf out;          /* queued for the agent */
	bool has_hello, is_lost; /* lost: end of file, silence, or not our protocol */
	int64_t heard_ns;        /* when the last frame came */
	size_t told;             /* bytes of its frames but packets; at most SESSION_TOLD_MAX */
	struct event hello;
	size_t ncapture;                     /* that were started */
	size_t nsysctl, sysctl_cap, *sysctl; /* its events of that kind: indexes in session.event */
	/* the agent's capture number -> the run directory's */
	size_t capture[SCENARIO_HOST_CAPTURES];
};

struct request { /* one for each that was sent; its id is its index + 1 */
	size_t host;
	bool is_done;
	size_t first_event; /* session.event index when it was sent */
	const char *result, *text;
	int64_t took_ns, start_ns;
};

struct session {
	struct lab *lab;
	struct rundir *dir;
	struct arena *arena;
	size_t nhost;
	struct session_host *host;
	size_t nevent, event_cap, nrequest, request_cap;
	struct event *event; /* all so far, file order: event[i].seq == i + 1 */
	struct request *request;
	int signal_fd;   /* SIGINT, SIGTERM, SIGHUP are read from here; -1: none */
	int input_fd;    /* -1: none. session_turn returns when there is something to read on it */
	int caught;      /* the signal that came; 0 */
	int64_t ping_ns; /* when the last pings went out */
	int64_t deadline_ns; /* of the whole run; 0: the evidence is being kept */
	int64_t limit_ns;    /* what set it, for the error */
};

enum {
	SESSION_PING_MS = 3000,
	SESSION_DEAD_MS = 10000,
	SESSION_TOLD_MAX = 64 << 20 /* bytes of events of a host: some hundred thousand */
};

void session_open(struct session *session, struct lab *lab, const struct plan *plan,
		  struct rundir *dir, struct arena *arena);
/* Queues a request (its kind is the verb) and returns its id. */
size_t session_send(struct session *session, size_t host, struct event *request);
/* What the controller itself found out about a host: written and kept as the host's own events. */
void session_note(struct session *session, size_t host, const struct event *event);
/* One turn of the poll loop, at most until deadline_ns. 0; -1: interrupted (ERR_SIGINT), an agent
 * was lost or the run's deadline passed (ERR_BROKE), or the run directory cannot be written. */
int session_turn(struct session *session, int64_t deadline_ns, struct err *err);
/* Waits for hello of every host; for one request. */
int session_hello(struct session *session, int64_t deadline_ns, struct err *err);
int session_wait(struct session *session, size_t id, int64_t deadline_ns, struct err *err);
const struct request *session_request(const struct session *session, size_t id);
/* The newest event of this kind and step label (NULL: any) at or after index `from`; NULL: none. */
const struct event *session_find(const struct session *session, size_t from, const char *kind,
				 const char *label);
void session_close(struct session *session); /* what the arena does not hold; safe twice */

#endif
