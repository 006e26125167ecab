/* What a host's kernel knows at one moment, in one request: sockets, counters, ruleset, routes. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "err.h"
#include "owner.h"
#include "sink.h"
#include "sockdiag.h"

struct snapshots { /* what is remembered from one to the next */
	struct owners owners;
	struct counters counters;
	bool has_first;    /* the sysctls were told */
	bool is_shared;    /* the network stack is not the run's own: hooks, what is tracked and old
			    * iptables are told too */
	const char *peers; /* routes to these are told: "10.0.0.1,10.0.0.2"; NULL: none */
	pid_t *first;      /* owned: the agent's processes, asked first for owners */
	size_t nfirst;
};

#define SNAPSHOTS_INIT                                                                             \
	{                                                                                          \
		.counters = COUNTERS_INIT                                                          \
	}

/* All of it, then `snapshot`. A part that cannot be read says so in its own event or, for sockets
 * and counters, in the `snapshot` event's field `error`; the rest is read all the same. */
void snapshot_emit(struct snapshots *snapshots, const struct sockdiag_want *want,
		   const struct sink *sink);
void snapshots_close(struct snapshots *snapshots); /* safe twice */
/* "1234,1235" into want->ports; "" and NULL: none. */
int snapshot_ports(struct sockdiag_want *want, const char *text, struct err *err);

/* For steps in the agent's own process (snapshot_agent.c). */
struct agent;
struct snapshots *snapshots_of(struct agent *agent);
/* Whose sockets are meant: address and first filled in. Borrows from the agent. */
void snapshot_want(struct agent *agent, struct sockdiag_want *want);
/* The stack is shared with other hosts: the address that is ours on it; NULL: all of it is ours. */
const struct addr *snapshot_shared_address(const struct agent *agent);

#endif
