/* Routes and the sysctls that decide how a connection behaves, of this namespace. */
#ifndef ROUTES_H
#define ROUTES_H

#include <stdint.h>

#include "addr.h"
#include "err.h"
#include "sink.h"

enum {
	ROUTES_MAX = 256
};

/* `route` for each route of the main table (the first ROUTES_MAX), then `routes`. */
int routes_emit(int64_t snapshot, const struct sink *sink, struct err *err);
/* `route.get` for each of the addresses "10.0.0.1,10.0.0.2" (NULL: none; at most ROUTES_MAX): what
 * the kernel would do with a packet to it. */
void routes_get_emit(int64_t snapshot, const char *addresses, const struct sink *sink);
/* `route.get` for an address to which there just was no way, with whether the next machine on the
 * link answers. */
void routes_lost_emit(const struct addr *addr, const struct sink *sink);
/* `sysctl` for each of a table of names that this kernel has. */
void sysctls_emit(const struct sink *sink);

#endif
