/* Routes and addresses of this network stack as rtnetlink has them: looked for, made, taken away,
 * and kept as words, so that exactly what was there can be put back. */
#ifndef RTNET_H
#define RTNET_H

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "addr.h"
#include "buf.h"
#include "err.h"

enum {
	RTNET_BYTES = 480,
	RTNET_TEXT = 128
};

struct rtnet { /* a message without its header: struct rtmsg or ifaddrmsg, then attributes */
	_Alignas(4) char bytes[RTNET_BYTES];
	size_t len; /* 0: none */
};

struct prefix {
	struct addr addr; /* without the bits behind len, where it is a route's */
	int len;
};
/* "10.0.0.0/24", "10.0.0.1", "default". -1: none. */
int prefix_parse(struct prefix *prefix, const char *text);
const char *prefix_text(const struct prefix *prefix, char text[ADDR_TEXT + 4]);
bool prefix_covers(const struct prefix *prefix, const struct addr *addr);

void rtnet_begin(struct rtnet *message, const void *head, size_t len);
void rtnet_attr(struct rtnet *message, unsigned type, const void *data, size_t len);
/* The attribute's bytes and their count in *len; NULL: it has none. */
const void *rtnet_find(const struct rtnet *message, size_t head, unsigned type, size_t *len);
/* The same fixed part and the same attributes, but for these two types (0: no such). */
bool rtnet_same(const struct rtnet *a, const struct rtnet *b, size_t head, unsigned but,
		unsigned nor);
/* RTM_NEWROUTE and such with NLM_F_ flags; -1: err->sys is the kernel's errno. */
int rtnet_do(unsigned type, unsigned flags, const struct rtnet *message, struct err *err);

/* Each route of this table (RT_TABLE_UNSPEC: of all), or each address, of this family. */
typedef void rtnet_row(void *context, const struct rtnet *row);
int rtnet_routes(uint8_t family, uint32_t table, rtnet_row *row, void *context, struct err *err);
int rtnet_addresses(uint8_t family, rtnet_row *row, void *context, struct err *err);

/* As hexadecimal digits; of none "-". */
void rtnet_add(struct buf *words, const struct rtnet *message);
int rtnet_take(struct rtnet *message, const char *word);

/* What of a route counts to tell it from another: "blackhole", "via 10.0.0.1 dev eth0", "dev lo";
 * "none" of none. */
const char *route_say(const struct rtnet *route, char text[RTNET_TEXT]);

uint32_t route_table(const struct rtnet *route);

/* The way of packets to an address, and by whom they go. */
struct way {
	char text[RTNET_TEXT]; /* as route_say; "none" */
	struct addr next;      /* family 0: directly */
};
int way_to(struct way *way, const struct addr *to, struct err *err);
/* -1: it covers an end of that connection, or by whom it goes. */
int way_spare(const struct prefix *prefix, const struct addr *client, const struct addr *server,
	      const char *verb, struct err *err);

#endif
