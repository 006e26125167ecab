/* What a sandbox costs an hour: infra/terraform/prices.ini, a file with a date. */
#ifndef SANDBOX_PRICE_H
#define SANDBOX_PRICE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

struct sandbox_price {
	double dollars;    /* an hour, of all hosts, their volumes and public addresses */
	const char *as_of; /* "2025-06-01": when the file was written */
};

/* A server and `clients` of an instance type. false: the file, the region or the type is not known.
 */
bool sandbox_price(struct sandbox_price *out, const char *file, const char *region,
		   const char *type, int64_t clients, struct arena *arena);

#endif
