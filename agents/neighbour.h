/* Whether the next machine on the link answers, as ip neigh tells it. */
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

#include <stdint.h>

#include "addr.h"

/* "REACHABLE", "STALE", "FAILED" ...; NULL: the kernel knows nothing of it, or is older than 5.0
 * and does not tell of one. */
const char *neighbour_state(uint32_t iface, const struct addr *addr);

#endif
