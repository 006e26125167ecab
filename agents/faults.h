/* The faults that are set on this host, by the label of the step that set each. */
#ifndef FAULTS_H
#define FAULTS_H

#include "agent.h"
#include "err.h"
#include "firewall.h"

/* Remembers that `label` is set, so that heal and the agent's end undo it: to be filled in at once.
 * NULL: it is set already. */
struct firewall *faults_add(struct agent *agent, const char *label, int step, struct err *err);
/* It was never set after all. */
void faults_forget(struct agent *agent, const char *label);
/* Undoes it and emits `heal` with the step and label of `request`. */
int faults_heal(struct agent *agent, const char *of, const struct event *request, struct err *err);

#endif
