/* Shared by the files of the plan. */
#ifndef PLAN_PARTS_H
#define PLAN_PARTS_H

#include "plan.h"
#include "scenario_places.h"

struct plan_maker {
	struct plan *out;
	const struct scenario *scenario;
	struct places places;
	struct arena *arena;
	bool is_loopback;
	bool is_machine; /* hosts are there already: nothing of them is the plan's to choose */
	struct plan_host *host;
	size_t *router; /* by link */
};

/* The lab's own list with the host's words over it. */
void plan_sysctls(struct plan_host *out, const struct scenario_host *host, struct arena *arena);

/* One for each link of each host whose scenario asks for it; wants hosts, links and ports. */
void plan_captures(struct plan_maker *m);

#endif
