/* Where a claim is proven: "client-1 #14 #15", "event 29, 18". Pure. */
#ifndef CITE_H
#define CITE_H

#include "finding.h"

/* `analysis` says whether a host has one capture (its name is enough) or several. Returns out. */
const char *cite(char *out, size_t len, const struct analysis *analysis,
		 const struct source *source, size_t nsource);

#endif
