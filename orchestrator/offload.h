/* What a network card would do for the stack, switched off: captures then show the segments and
 * checksums that a wire would carry. By ETHTOOL_SFEATURES, one call for all of them: each waits its
 * turn for RTNL, which many who bring hosts up at once hold in turns. */
#ifndef OFFLOAD_H
#define OFFLOAD_H

#include <stdint.h>

#include "err.h"

enum {
	OFFLOAD_WORDS = 4
};

struct offloads { /* TSO, GSO, GRO and both directions' checksums, as this kernel numbers them */
	uint32_t nword, bit[OFFLOAD_WORDS];
};

/* Asks this network namespace's lo for the kernel's names. -1: errno in err. */
int offload_find(struct offloads *found, struct err *err);
int offload_off(const struct offloads *offloads, const char *iface, struct err *err);

#endif
