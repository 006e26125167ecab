/* Network interfaces and their addresses. */
#ifndef DEVICE_H
#define DEVICE_H

#include <net/if.h>
#include <stdint.h>

#include "addr.h"
#include "err.h"

struct device_address {
	char name[IFNAMSIZ];
	struct addr addr; /* no port */
	int prefix;       /* bits */
};

typedef void device_row(void *context, const struct device_address *address);
/* Calls `row` for each address of this host, IPv4 first. Each family is asked for by itself: since
 * Linux 6.9 that waits for nobody who makes or ends links, as a question for both does. */
int device_addresses(device_row *row, void *context, struct err *err);
/* The interface of that number; "" where there is none. Returns name. */
const char *device_name(uint32_t index, char name[IFNAMSIZ]);
/* The interface that has this address. -1 (ERR_CANNOT): none has, as behind NAT. */
int device_of(const struct addr *address, char name[IFNAMSIZ], struct err *err);
/* The name of the interface by which this host sends to `to`, IPv4. -1: there is no route. */
int device_toward(const struct addr *to, char name[IFNAMSIZ], struct err *err);

#endif
