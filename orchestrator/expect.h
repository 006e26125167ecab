/* Does what a step gave fit what the scenario asked for behind -> ? Pure. */
#ifndef EXPECT_H
#define EXPECT_H

#include "plan.h"

struct step_outcome {
	const char *result; /* DONE's result */
	int64_t took_ns;
	size_t nevent; /* the events of its (last) request */
	const struct event *event;
	int64_t value_before; /* RESULT_VALUE: the counter when the run began */
	int64_t owner_pid;    /* of the step named by owner=; 0: none */
	int step;             /* whose events count: others may go on at the same time */
};

/* 1: it fits, 0: it does not, and `why` says what is different (at most len bytes). */
int expect_holds(const struct plan *plan, const struct scenario_step *step,
		 const struct step_outcome *outcome, char *why, size_t len);

#endif
