/* Neighbours as ip neigh tells them: whether the next machine on the link answers, and which were
 * set by hand. */
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

#include <stdint.h>

#include "addr.h"
#include "err.h"

/* "REACHABLE", "STALE", "FAILED" ...; NULL: the kernel knows nothing of it, or is older than 5.0
 * and does not tell of one. */
const char *neighbour_state(uint32_t iface, const struct addr *addr);
/* How many of IPv4 somebody has set at this device, those that it answers for among them; -1: err.
 * The kernel forgets them with the device's last address. */
int neighbour_set(uint32_t iface, struct err *err);

#endif
