/* Names to addresses on this host, as a resolver does it: literal, hosts file, then the servers of
 * resolv.conf by UDP (A records). getaddrinfo is not used: a static program cannot load NSS. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <stdint.h>

#include "addr.h"
#include "err.h"

struct resolver {
	const char *hosts;      /* hosts-file text from the plan; NULL: the host's own file */
	const char *hosts_last; /* the same for names that nobody else knows; NULL: none */
	const char *hosts_path; /* NULL: /etc/hosts */
	const char *conf_path;  /* NULL: /etc/resolv.conf */
	uint16_t dns_port;      /* 0: 53 */
	int64_t deadline_ns;    /* INT64_MAX: as resolv.conf says, else 5 s a try, 2 a server */
};

struct resolved {
	struct addr addr; /* port 0 */
	const char *by;   /* "literal", "plan", "hosts", "dns", "machines"; static */
	int64_t took_ns;
};

/* 0: out is whole; -1: not found or nobody answered: err says who was asked. `by` and `took_ns` are
 * set in both cases. */
int resolve_name(struct resolved *out, const char *name, const struct resolver *resolver,
		 struct err *err);
/* "NAME:PORT", "ADDRESS:PORT" or "[v6]:PORT" into its parts; -1: none of these. */
int resolve_split(const char *endpoint, char *name, size_t len, uint16_t *port);
/* Finds name in hosts-file text; -1: absent. */
int resolve_hosts(struct addr *out, const char *text, const char *name);

#endif
