/* Whence SSH is let in: the controller's address on the internet. */
#ifndef SANDBOX_FROM_H
#define SANDBOX_FROM_H

#include "aws.h"

/* "198.51.100.7" or "198.51.100.0/24" as a network; of an address its /32. -1: neither, or half the
 * world (less than /8, as infra/terraform refuses it). */
int sandbox_from_check(const char **cidr, const char *text, struct arena *arena, struct err *err);
/* The address that AWS sees, asked at checkip.amazonaws.com. Where an endpoint takes AWS's place it
 * is not asked: ERR_USAGE, --from is needed. */
int sandbox_from_ask(const char **cidr, const struct aws *aws, struct arena *arena,
		     struct err *err);

#endif
