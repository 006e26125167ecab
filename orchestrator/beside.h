/* What lab came with is found from where its own program lies. */
#ifndef BESIDE_H
#define BESIDE_H

#include <limits.h>
#include <stdbool.h>

#include "arena.h"
#include "err.h"

/* The folder of the running lab, without a slash at its end; false: it is not known. */
bool beside_folder(char path[PATH_MAX]);
/* The agent of this machine: LAB_AGENT, else beside lab (as built) or in ../libexec/lab. */
int beside_agent(struct arena *arena, const char **path, struct err *err);

#endif
