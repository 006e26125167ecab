/* What else in this network namespace may answer, divert or drop a packet on its way in, beside the
 * packet filter's rules, and the generation of those rules. */
#ifndef HOOKS_H
#define HOOKS_H

#include <stdint.h>

#include "sink.h"

/* Emits `hooks`: on a machine that is not the run's own, a ruleset alone does not say who may have
 * answered. What cannot be read is its field `error`, never silence. To be called before the
 * ruleset is read: two equal generations around a packet say which rules it met. */
void hooks_emit(int64_t snapshot, const struct sink *sink);

#endif
