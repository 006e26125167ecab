/* The survey (survey.h) of each machine of a fleet. */
#ifndef FLEET_SURVEY_H
#define FLEET_SURVEY_H

#include "fleet.h"
#include "survey.h"

struct fleet_survey {
	struct err why; /* kind 0: it is whole */
	struct survey survey;
	struct target target; /* as it was reached in the end */
};

/* By target; each has its survey, or why not. deadline_ns 0: as long as each part may take. NULL
 * with err: nobody could be waited for. */
struct fleet_survey *fleet_survey(const struct target *const *target, size_t count,
				  int64_t deadline_ns, struct err *err);
void fleet_survey_close(struct fleet_survey *at, size_t count);

#endif
