/* The routes that the kernel takes away with an address, or takes it out of: kept, and put back. */
#ifndef ROUTE_KEPT_H
#define ROUTE_KEPT_H

#include <stdbool.h>

#include "addr.h"
#include "buf.h"
#include "err.h"

/* Appends each route of any table by the device of this index, a word behind a tab (rtnet_add), but
 * the kernel's own, which it makes again. Those that name the address as their source are among
 * them where `has_named`, by whatever device, and then -1 is also where one could not be put back;
 * else none of those is. */
int routes_with(struct buf *words, const struct addr *address, unsigned index, bool has_named,
		struct err *err);
/* Puts back those of the words (the first one's tab may be gone) that are no longer there, or no
 * longer with their source. Where another has taken the place of one, its maker knows why. How
 * many; -1: also of those that the kernel did not take. */
int routes_restore(const char *words, uint8_t family, struct err *err);

#endif
