/* The labs that an account has in a region, whoever made them: by the tags `lab` and `lab-expires`
 * that infra/terraform puts on everything, and by its roles, which may be all that is left. */
#ifndef LABS_H
#define LABS_H

#include "aws.h"

struct lab_there {
	const char *name;    /* "lab-7f3a2c" */
	const char *expires; /* as its tag says; "": it has none */
	int64_t made_s;      /* since 1970; -1: nothing of it says when */
};

enum {
	LABS_MOST = 500
};

/* By name. What only looks like a lab (a tag `lab` of other people's, a name that infra/terraform
 * cannot make, no `lab-expires` beside it) is none. */
int labs_in_aws(const struct aws *aws, struct arena *arena, struct lab_there **out, size_t *count,
		struct err *err);

#endif
