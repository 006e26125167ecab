/* The faults that are set on this host, by the label of the step that set each. */
#ifndef FAULTS_H
#define FAULTS_H

#include "agent.h"
#include "err.h"
#include "firewall.h"

/* Sets it, and remembers that, so that heal and the agent's end undo it; where the stack is shared
 * also on disk, for the next agent. -1: it is not set, or will be undone. */
int faults_set(struct agent *agent, const struct firewall_spec *spec, int step,
	       char proof[FIREWALL_PROOF], struct err *err);
/* Undoes it and emits `heal` with the step and label of `request`. */
int faults_heal(struct agent *agent, const char *of, const struct event *request, struct err *err);

#endif
