/* How a request is built: what netlink*.c share. */
#ifndef NETLINK_REQUEST_H
#define NETLINK_REQUEST_H

#include "netlink.h"

struct ifinfomsg;

enum {
	NL_REQUEST_MAX = 512,
	NL_RECEIVE = 32768
};

/* bytes: NL_REQUEST_MAX; zeroed, for libmnl up to 1.0.4 leaves what pads an attribute as it was. */
struct nlmsghdr *nl_request(void *bytes, uint16_t type, uint16_t flags);
struct ifinfomsg *nl_link_body(struct nlmsghdr *header, int index, bool is_up);
/* Into the batch, which is sent first when it is full; fmt: what it is, for messages. */
int nl_add(struct nl_batch *batch, struct nlmsghdr *header, struct err *err, const char *fmt, ...)
    PRINTF(4, 5);

#endif
