/* What the packet filter of this network namespace holds, as the kernel lists it. */
#ifndef RULESET_H
#define RULESET_H

#include <stdint.h>

#include "err.h"
#include "sink.h"

/* How many nftables tables there are; -1: err (EPERM without CAP_NET_ADMIN). `name` (may be NULL):
 * count only tables of the family inet with this name. A few microseconds, no program is run. */
int ruleset_tables(const char *name, struct err *err);
/* Emits `ruleset`; what cannot be read is its field `error`, never silence. Runs nft only when
 * there is a table. */
void ruleset_emit(int64_t snapshot, const struct sink *sink);

#endif
