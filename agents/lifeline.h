/* The controller's own connection to this machine: the one that no fault may match. */
#ifndef LIFELINE_H
#define LIFELINE_H

#include "addr.h"

struct lifeline {
	struct addr client, server; /* family 0: not known */
};

/* As sshd(8) has it in SSH_CONNECTION: "CLIENT PORT SERVER PORT". -1: it is none. */
int lifeline_parse(struct lifeline *lifeline, const char *text);
/* Where the agent was started by sshd, or by a program that kept SSH_CONNECTION; `text` (may be
 * NULL, or empty) goes before it. -1: text is none. */
int lifeline_find(struct lifeline *lifeline, const char *text);
static inline bool lifeline_is_known(const struct lifeline *lifeline)
{
	return lifeline->client.family != 0;
}

#endif
