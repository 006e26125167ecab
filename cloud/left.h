/* What is left of a lab in AWS, asked of each service that had something: EC2 by the lab's tag, IAM
 * and S3 by the names that were written down, Route 53 by the comment of the zone. */
#ifndef LEFT_H
#define LEFT_H

#include "aws.h"

struct left_names {         /* as infra/terraform makes them */
	const char *lab;    /* of the tag, the role, the profile, and the zone's comment */
	const char *bucket; /* NULL: it has none */
};

struct left {
	const char *service, *kind; /* "ec2", "vpc" */
	const char *id;
};

/* 0: every service answered, and *out is all that is left of it, `count` of them. -1: one did not,
 * so nothing is known. A host that is terminated is gone, though EC2 shows it for an hour. */
int left_in_aws(const struct aws *aws, const struct left_names *names, struct arena *arena,
		struct left **out, size_t *count, struct err *err);

#endif
