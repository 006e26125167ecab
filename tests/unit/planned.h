/* A changed line of the good scenario, and the plan of it. */
#ifndef PLANNED_H
#define PLANNED_H

#include "plan.h"
#include "scenario_text.h"

struct planned {
	struct loaded loaded;
	struct plan plan;
	int status; /* of plan_make; why in loaded.err */
};

/* To be unloaded: unload(&planned.loaded). */
static inline void plan_with(struct planned *out, int line, const char *text, const char *backend)
{
	load_good(&out->loaded, line, text);
	out->status = plan_make(&out->plan, &out->loaded.scenario, backend, &out->loaded.arena,
				&out->loaded.err);
}

#endif
