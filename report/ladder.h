/* A connection as a ladder: who sent what, as seen at one vantage point; two of them side by side
 * show where failure parts from success. */
#ifndef LADDER_H
#define LADDER_H

#include "paint.h"

struct ladder {
	const char *title; /* "fault: carol" */
	const struct connection *connection;
	const struct rung *rung;
	size_t nrung;
	const char *seen_at; /* host */
	bool is_judged;      /* its outcome is shown, and where it parts */
	size_t parts;        /* index of the rung that differs from the other's; SIZE_MAX: none */
	size_t nhead, ntail; /* rungs shown before and after the gap */
};

/* At the client's vantage point, or the server's. */
struct ladder ladder_of(const struct connection *connection, const char *title, bool at_server);
/* The first rung in which b parts from a, for both. */
void ladder_compare(struct ladder *a, struct ladder *b);
/* `other` may be NULL. */
void ladder_print(FILE *out, const struct style *style, const struct ladder *first,
		  const struct ladder *other);

#endif
