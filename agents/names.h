/* The names that one host serves, and the answer to a DNS query about them (RFC 1035), both pure:
 * authoritative, A records alone, nothing recursive. */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum {
	NAMES_COUNT = 1 << 16,
	NAMES_TEXT = 4 * 256, /* a queried name as text, strange bytes as \DDD */
	NAMES_TYPE_TEXT = 16,
};

struct names_entry {
	const char *name; /* as in the zone's text, without a dot at its end */
	uint8_t ip[4];
	uint32_t ttl; /* seconds */
};

struct names {
	size_t count;
	struct names_entry *entry; /* owned */
	char *text;                /* owned: the names are in it */
};

/* Lines "NAME ADDRESS TTL". -1: a line that is none, named by its number; nothing to close. */
int names_parse(struct names *out, const char *text, struct err *err);
void names_close(struct names *names); /* safe twice */

struct names_query { /* what was asked, and what was answered */
	char name[NAMES_TEXT];
	uint16_t type, class;
	unsigned rcode;
	const struct names_entry *answer; /* NULL: none */
};
/* Appends the reply to one packet. -1: no whole query, which nobody answers. */
int names_answer(struct buf *out, const struct names *names, const void *packet, size_t len,
		 struct names_query *told);
const char *names_rcode(unsigned rcode); /* "NXDOMAIN" */
/* "AAAA", "TYPE65". */
const char *names_type(uint16_t type, char text[NAMES_TYPE_TEXT]);

#endif
