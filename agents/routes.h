/* Routes and the sysctls that decide how a connection behaves, of this namespace. */
#ifndef ROUTES_H
#define ROUTES_H

#include <stdint.h>

#include "err.h"
#include "sink.h"

enum {
	ROUTES_MAX = 256
};

/* `route` for each route of the main table (the first ROUTES_MAX), then `routes`. */
int routes_emit(int64_t snapshot, const struct sink *sink, struct err *err);
/* `sysctl` for each of a table of names that this kernel has. */
void sysctls_emit(const struct sink *sink);

#endif
