/* Capabilities of this process by plain system calls. */
#ifndef CAPS_H
#define CAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* Gives up every capability but `keep` in all five sets, for good (no_new_privs). */
int caps_drop(uint64_t keep, struct err *err);
/* The same, and a program that is executed then has those of `keep` that we have. */
int caps_pass(uint64_t keep, struct err *err);
/* Root becomes this user, without other groups and without losing a capability: caps_drop comes
 * next. The kernel forgets PR_SET_PDEATHSIG then. */
int caps_user(uid_t uid, gid_t gid, struct err *err);
/* Effective ones that count for this network namespace: none when it belongs to a user namespace
 * above ours. */
uint64_t caps_of_network(void);
static inline bool caps_has(uint64_t set, int capability)
{
	return (set >> capability & 1) != 0;
}

#endif
