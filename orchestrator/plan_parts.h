/* Shared by the files of the plan. */
#ifndef PLAN_PARTS_H
#define PLAN_PARTS_H

#include "plan.h"

/* The lab's own list with the host's words over it. */
void plan_sysctls(struct plan_host *out, const struct scenario_host *host, struct arena *arena);

#endif
