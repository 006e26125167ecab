/* The verb cloud in a run: the controller's own session in AWS, faults that are seen to act before
 * the next step, and what the cloud's rules were around the step judged. */
#ifndef RUN_CLOUD_H
#define RUN_CLOUD_H

#include "run.h"

/* Before the first step. Nothing is done where no step is cloud. -1: no sandbox, no session, or
 * another lab works on the sandbox, which this run then holds until run_cloud_close. */
int run_cloud_open(struct run *run, struct err *err);
/* Sets it, or undoes it (`fault`: the step that did), and waits until that is seen from another
 * host: 60 s at most. *text tells how long that took, for people. */
int run_cloud_set(struct run *run, const struct scenario_step *step, const char **text,
		  struct err *err);
int run_cloud_heal(struct run *run, const struct scenario_step *fault, const char **text,
		   struct err *err);
/* Events `cloud`, one for each host: what decides over its packets now. What cannot be read is said
 * in them. Nothing without a session. */
void run_cloud_read(struct run *run);
/* Undoes what is set, at every end of a run. -1: something stays, and what removes it. */
int run_cloud_close(struct run *run, struct err *err);

#endif
