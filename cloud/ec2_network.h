/* What decides over packets in a VPC, as EC2 tells it: rules of security groups and entries of
 * network ACLs, in one shape. Text is AWS's own and untrusted. -1: err says why. */
#ifndef EC2_NETWORK_H
#define EC2_NETWORK_H

#include "aws.h"

struct ec2_rule {
	const char *of; /* the id of its group or ACL */
	int number;     /* of an ACL's entry: the lowest that fits decides; 0: of a group */
	bool is_out, does_allow;
	const char *protocol;   /* "tcp", "udp", "icmp", another number, or "all" */
	int from_port, to_port; /* -1, -1: any */
	const char *cidr;       /* "10.0.0.0/16"; "": another group, a list, or IPv6 */
};

enum {
	EC2_RULES = 1000 /* in one answer; more is an error */
};

/* Of `count` groups, and of one ACL. */
int ec2_group_rules(const struct aws *aws, const char *const *group, size_t count,
		    struct arena *arena, struct ec2_rule **out, size_t *nrule, struct err *err);
int ec2_acl_rules(const struct aws *aws, const char *acl, struct arena *arena,
		  struct ec2_rule **out, size_t *nrule, struct err *err);

/* The lab's own group, and ACL, by the name that infra/terraform gave it: "lab-7f3a2c-closed".
 * -1 too when there is none, or more than one. */
int ec2_group_named(const struct aws *aws, const char *lab, const char *name, struct arena *arena,
		    const char **id, struct err *err);
int ec2_acl_named(const struct aws *aws, const char *lab, const char *name, struct arena *arena,
		  const char **id, struct err *err);

#endif
