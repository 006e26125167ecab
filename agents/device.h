/* Network interfaces by address. */
#ifndef DEVICE_H
#define DEVICE_H

#include <net/if.h>

#include "addr.h"
#include "err.h"

/* The interface that has this address. -1 (ERR_CANNOT): none has, as behind NAT. */
int device_of(const struct addr *address, char name[IFNAMSIZ], struct err *err);
/* The name of the interface by which this host sends to `to`, IPv4. -1: there is no route. */
int device_toward(const struct addr *to, char name[IFNAMSIZ], struct err *err);

#endif
