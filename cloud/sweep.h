/* Removes what is left of a lab in AWS, by the services' own calls: for when Terraform's state does
 * not know of it. Nothing is removed that does not bear the lab's own mark at that moment: EC2's
 * things are read back by their tag, a role and a profile by theirs, a zone by its comment. A
 * bucket has its name alone, which is the lab's, and only its owner may empty it. */
#ifndef SWEEP_H
#define SWEEP_H

#include "left.h"

struct sweep {
	const struct aws *aws;
	const struct left_names *names;
	int64_t deadline_ns; /* CLOCK_MONOTONIC */
	int stop_fd;         /* what is readable there ends it; -1: nothing does */
	/* What is removed now, for people; NULL. */
	void (*tell)(void *context, const struct left *what);
	void *context;
};

/* 0: every service says that nothing is left. -1: ERR_LEFTOVER, with the last refusal, at the
 * deadline; ERR_SIGINT where it was ended; else a service does not answer. */
int sweep_aws(const struct sweep *sweep, struct arena *arena, struct err *err);

#endif
