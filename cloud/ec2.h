/* What lab asks EC2, and what it changes there. Everything is found by one tag, `lab` = the lab's
 * name, that infra/terraform puts on all it makes. Results are the arena's; text in them is AWS's
 * own and untrusted. -1: err says which call was refused, and why. */
#ifndef EC2_H
#define EC2_H

#include "aws.h"

struct ec2_instance {
	const char *id, *state; /* "running", "stopped", "terminated", ... */
	const char *name;       /* of the tag Name; "" where it has none */
	const char *private_address, *interface_id, *subnet_id; /* "" once it is terminated */
	const char *public_address;                             /* NULL: none */
	const char *launched; /* as AWS writes it: 2026-01-31T18:00:00.000Z */
};

/* What bears the tag, whatever it is. */
struct ec2_tagged {
	const char *id;
	const char *kind; /* "vpc", "instance", "security-group", ... */
};

enum {
	EC2_PAGE = 100,  /* rows a page, */
	EC2_PAGES = 100, /* of which AWS sends some with fewer */
	EC2_MOST = 1000  /* more is an error: somebody else's tag */
};

int ec2_instances(const struct aws *aws, const char *lab, struct arena *arena,
		  struct ec2_instance **out, size_t *count, struct err *err);
int ec2_tagged(const struct aws *aws, const char *lab, struct arena *arena, struct ec2_tagged **out,
	       size_t *count, struct err *err);

/* One instance. Each is asked for and not waited for: see ec2_instances for when it is done. */
int ec2_stop(const struct aws *aws, const char *instance, struct err *err);
int ec2_start(const struct aws *aws, const char *instance, struct err *err);
int ec2_reboot(const struct aws *aws, const char *instance, struct err *err);

/* The one security group of a network interface, in place of all that it has. */
int ec2_set_group(const struct aws *aws, const char *interface_id, const char *group,
		  struct err *err);
/* The groups that it has now, in AWS's order. */
int ec2_groups(const struct aws *aws, const char *interface_id, struct arena *arena,
	       const char ***out, size_t *count, struct err *err);

/* The network ACL of a subnet, and its place in it, which changes with each ec2_set_acl. */
struct ec2_acl {
	const char *acl, *association;
};
int ec2_acl_of(const struct aws *aws, const char *subnet, struct arena *arena, struct ec2_acl *out,
	       struct err *err);
int ec2_set_acl(const struct aws *aws, const char *association, const char *acl, struct err *err);

/* Who asks: the account's number and the ARN of the identity. */
int ec2_identity(const struct aws *aws, struct arena *arena, const char **account, const char **arn,
		 struct err *err);

#endif
