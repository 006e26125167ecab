/* Several runs: one after the other, or -j of them at the same time in child processes of their
 * own; what they print comes out whole and in order. */
#ifndef JOBS_H
#define JOBS_H

#include "run.h"

struct job {
	const char *path; /* of the scenario */
	bool may_skip;    /* status 4 is "skipped", not a failure */
};

/* Called once for each job, in order, after its output was printed. */
typedef void jobs_ended(void *context, size_t index, const struct job *job,
			const struct run_result *result);
/* 0, also when a run was interrupted (its status says so, and no other is begun); -1 with err when
 * all of them were, or a process could not be made. */
int jobs_run(const struct cli *cli, const struct job *job, size_t count, jobs_ended *ended,
	     void *context, struct err *err);

#endif
