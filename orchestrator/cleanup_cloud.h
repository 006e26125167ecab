/* lab cleanup -b aws: faults of the cloud that a run set and could not undo. */
#ifndef CLEANUP_CLOUD_H
#define CLEANUP_CLOUD_H

#include "cli.h"

/* Those in the journal of this state directory's sandbox, under its lock. -1: one stays
 * (ERR_LEFTOVER), or AWS cannot be asked. */
int cleanup_cloud(const struct cli *cli, struct err *err);

#endif
