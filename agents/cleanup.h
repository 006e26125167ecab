/* What agents that died have left on this machine: looked for, undone, told. */
#ifndef CLEANUP_H
#define CLEANUP_H

#include "agent.h"

/* At setup on a machine that is not ours; what cannot be undone is told, and no reason to stop. */
void cleanup_at_setup(struct agent *agent);
/* lab-agent cleanup: the same by hand, a line for each. The exit status. */
int cleanup_by_hand(void);

#endif
