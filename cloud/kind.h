/* The kinds of things of EC2 that infra/terraform makes, as a table: how one is asked for, and how
 * it is removed. DescribeTags alone does not do: it tells of what is gone for a while. */
#ifndef KIND_H
#define KIND_H

#include "aws.h"

struct kind {
	const char *name;               /* as DescribeTags calls it: "vpc" */
	const char *describe;           /* "DescribeVpcs" */
	const char *set, *id, *state;   /* in the answer: "vpcSet", "vpcId"; state NULL: none */
	const char *remove, *parameter; /* "DeleteVpc", "VpcId"; NULL: goes with another */
};

enum {
	KINDS = 13
};
extern const struct kind kinds[KINDS]; /* in an order in which they can be removed */

const struct kind *kind_find(const char *name); /* NULL: infra/terraform makes none */
/* The ids of those that bear the tag `lab` = LAB and are not gone. -1: EC2 does not say. */
int kind_left(const struct aws *aws, const struct kind *kind, const char *lab, struct arena *arena,
	      const char ***id, size_t *count, struct err *err);

#endif
