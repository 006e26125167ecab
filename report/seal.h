/* Are the raw files still those that the manifest sealed? */
#ifndef SEAL_H
#define SEAL_H

#include "arena.h"
#include "err.h"

/* The first raw file of the directory that is gone or is not what manifest.json says, as a sentence
 * in the arena; NULL: all are whole, or there is no manifest (an interrupted run). -1: the manifest
 * cannot be read. */
int seal_check(int dirfd, const char **broken, struct arena *arena, struct err *err);

#endif
