/* The faults that are set on this host, by the label of the step that set each. */
#ifndef FAULTS_H
#define FAULTS_H

#include "agent.h"
#include "change.h"
#include "err.h"
#include "firewall.h"

/* May this machine be changed at all? -1 where others use it and it is not known what to spare. */
int faults_may_share(const struct agent *agent, const char *verb, struct err *err);
/* Sets it, and remembers that, so that heal and the agent's end undo it; where the stack is shared
 * also on disk, for the next agent. -1: it is not set, or will be undone. */
int faults_set(struct agent *agent, const struct firewall_spec *spec, int step,
	       char proof[FIREWALL_PROOF], struct err *err);
/* The same with a change by words, as planned for `request`. -1 also where the same is changed
 * already. */
int faults_change(struct agent *agent, const struct change *change,
		  const struct change_place *place, const char *words, const struct event *request,
		  char proof[CHANGE_TEXT], struct err *err);
/* Undoes it and emits `heal` with the step and label of `request`. */
int faults_heal(struct agent *agent, const char *of, const struct event *request, struct err *err);

#endif
