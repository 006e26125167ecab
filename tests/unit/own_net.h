/* Tests in a network namespace of the program's own, which the group's setup enters; a test that
 * needs it begins with need_namespace. */
#ifndef OWN_NET_H
#define OWN_NET_H

#include "kept.h"
#include "netspace.h"
#include "unit.h"

static bool is_inside;
static struct kept kept; /* what this test's sink was given */

static inline int own_net_setup(void **state)
{
	(void)state;
	is_inside = netspace_enter() == 0;
	return 0;
}

/* And with journals of the agents' own. */
static inline int own_machine_setup(void **state)
{
	(void)own_net_setup(state);
	is_inside = is_inside && netspace_own_dirs() == 0;
	return 0;
}

/* A copy, for after the test has changed it; "" when it is not set. The caller's. */
static inline char *kept_variable(const char *name)
{
	const char *value = getenv(name);
	char *copy = strdup(value != NULL ? value : "");

	assert_non_null(copy);
	return copy;
}

static inline void need_namespace(void)
{
	kept_clear(&kept);
	if (!is_inside)
		SKIP("no network namespace of our own here");
}

#endif
