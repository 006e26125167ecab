/* A small DNS client (RFC 1035): one A question over UDP, answers checked byte by byte. */
#ifndef DNS_H
#define DNS_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"
#include "err.h"

/* Appends a query; -1: the name cannot be one (label over 63 bytes, empty label, over 253). */
int dns_query(struct buf *out, uint16_t id, const char *name, struct err *err);

enum dns_reply {
	DNS_ADDRESS, /* out is set */
	DNS_NO_NAME, /* NXDOMAIN */
	DNS_NO_DATA, /* the name is there, without an A record */
	DNS_FAILED,  /* SERVFAIL, REFUSED, ...: ask another server */
	DNS_FOREIGN, /* not the answer to this query: keep waiting */
	DNS_MALFORMED,
};
/* Follows CNAMEs inside the reply. */
enum dns_reply dns_reply_read(struct addr *out, const void *reply, size_t len, uint16_t id,
			      const char *name);
struct dns_patience { /* resolv.conf(5): timeout and attempts */
	int try_ms, tries;
};
/* Asks one server so often, until the deadline; words for people in err. */
enum dns_reply dns_ask(struct addr *out, const struct addr *server, const char *name,
		       const struct dns_patience *patience, int64_t deadline_ns, struct err *err);

#endif
