/* One A record of the lab's private zone in Route 53: read, and changed for faults of DNS. */
#ifndef ZONE_RECORD_H
#define ZONE_RECORD_H

#include "aws.h"

struct zone_record {
	const char *zone; /* "/hostedzone/Z0123" */
	const char *name; /* "service.lab.internal." */
	const char *ttl;  /* digits */
	const char *address;
};

/* The record whose name begins with LABEL and a dot, in the zone whose comment is the lab's name.
 * -1 (ERR_CANNOT) too when there is none, or it is no A record with one address. */
int zone_record_find(const struct aws *aws, const char *lab, const char *label, struct arena *arena,
		     struct zone_record *out, struct err *err);
/* Gives it another address; all else of it stays. */
int zone_record_set(const struct aws *aws, const struct zone_record *record, const char *address,
		    struct err *err);

#endif
