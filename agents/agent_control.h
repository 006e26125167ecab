/* What the loop needs of the modules behind the control requests (agent.h: struct agent_parts). */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include "agent.h"

agent_control_fn capture_start, capture_stop; /* captures.c */
/* A process that is no actor has ended (captures_tcpdump.c). */
void captures_reaped(struct agent *agent, pid_t pid, int status);
agent_control_fn snapshot_take; /* snapshot_agent.c */
agent_control_fn cleanup;       /* cleanup.c */
agent_control_fn heal;          /* step_heal.c; field `of`, or `step` from the verb */
/* One that held a rule has ended, and the rule with it: heal will say so (faults.c). */
void faults_reaped(struct agent *agent, pid_t pid);
void faults_end(struct agent *agent);    /* faults.c: undoes and frees; emits `heal` */
void captures_end(struct agent *agent);  /* captures.c: frees; sockets end with the process */
void snapshots_end(struct agent *agent); /* snapshot_agent.c */

/* Each frees its module's state and undoes what it set; safe without any. NULL ends the list. */
extern void (*const agent_ends[])(struct agent *agent);

#endif
