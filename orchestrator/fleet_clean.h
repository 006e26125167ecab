/* What labs that died left on machines: agents undo it, and a shell's look proves that it is gone.
 */
#ifndef FLEET_CLEAN_H
#define FLEET_CLEAN_H

#include "fleet_agents.h"
#include "fleet_survey.h"

/* Brings up an agent on each machine, asks it to undo what dead agents left (its answers go to
 * `answer`) and ends it. deadline_ns 0: as long as each part may take. As fleet_play; the caller
 * reads each `why` and closes `all`, also after -1. */
int fleet_undo(struct fleet_agents *all, const struct target *const *target, size_t count,
	       fleet_answer *answer, void *context, int64_t deadline_ns, struct err *err);
bool survey_is_clean(const struct survey *survey); /* no agent, no table, no journal */
/* Whether one machine is proven to be clean by the deadline: undone and looked at, twice at most.
 * Agents of other labs cannot be told from a lost one: where they run, nothing is proven. */
bool fleet_is_clean(const struct target *target, int64_t deadline_ns);

#endif
