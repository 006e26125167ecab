/* lab probe: a run that no file asks for. A scenario of one step, made in memory, that expects
 * nothing; the rest (plan, run directory, analysis, report) is that of `lab run -b ssh`. */
#ifndef PROBE_H
#define PROBE_H

#include "scenario.h"
#include "target.h"

enum {
	PROBE_CLIENT,
	PROBE_SERVER,
	PROBE_HOSTS
};

struct probe {
	const char *target;        /* SERVER:PORT as written: the client resolves it */
	const char *server, *port; /* its parts */
	size_t nhost;              /* 1: one-ended, 2: the server has an agent, too */
	const struct target *machine[PROBE_HOSTS];
	const char *address[PROBE_HOSTS]; /* IPv4, by which they know each other */
	const char *peer;                 /* IPv4 behind SERVER, as far as it is known here; NULL */
	/* To which each of them sends, as far as that can be guessed here; NULL. Where a machine
	 * has not the address that it is reached by (NAT), its captures go by this. IPv6 only where
	 * SERVER is such an address itself. */
	const char *toward[PROBE_HOSTS];
	const char *fallback; /* hosts-file text for what the client's resolver does not know */
	const char *lack;     /* why the server's end is not seen; NULL: it is */
	const char *engine;   /* who captures; NULL: packet */
	int64_t patience_ns;  /* with connect() */
	bool is_local;        /* the client is this machine */
	bool is_self;         /* the server is the client's own machine: all of it is on lo */
	bool is_agents_port;  /* the server's agent is led through the port that is probed */
};

/* SERVER:PORT into its parts. -1: it is none (ERR_USAGE). */
int probe_split(struct probe *out, const char *target, struct arena *arena, struct err *err);
/* From now on the probe is the scenario's, and outlives it. */
void probe_scenario(struct scenario *out, const struct probe *probe, struct arena *arena);
/* What goes over the wire for it and is kept, at one of its hosts: in the words of libpcap. */
const char *probe_filter(const struct probe *probe, size_t host, struct arena *arena);

#endif
