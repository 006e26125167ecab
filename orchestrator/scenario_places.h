/* Which address each host has on each link. Chosen before a step is read, because steps may name
 * addresses; the plan uses the very same. */
#ifndef SCENARIO_PLACES_H
#define SCENARIO_PLACES_H

#include "scenario.h"

struct place {
	size_t host, link;
	const char *address; /* "10.7.0.1" */
	int prefix;
};

struct places { /* by host, then in the order of links */
	size_t count, nhost;
	struct place *at;
	size_t *first;       /* by host: its first place; first[nhost] is count */
	const char **subnet; /* by link: "10.7.0.0/24" */
};

/* backend NULL: as on netns. With `complaints` (path: for messages) everything that clashes is
 * named; without, the scenario is known to be good. */
void places_choose(struct places *out, const struct scenario *scenario, const char *backend,
		   struct arena *arena, struct complaints *complaints);
/* link SIZE_MAX: the host's first. NULL: the host is not on that link. */
const char *places_address(const struct places *places, size_t host, size_t link);
/* "10.7.0.0/24": network order turned to host order; -1 when it is none, or host bits are set. */
int places_parse_subnet(const char *text, uint32_t *network, int *prefix);

#endif
