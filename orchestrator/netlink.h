/* The few rtnetlink requests that a lab needs, in batches: many requests are sent at once, and
 * every answer is read. Interface indexes are chosen by the caller, so that nothing has to be
 * looked up. */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"
#include "err.h"

struct mnl_socket;
struct nlmsghdr;

struct nl { /* one rtnetlink socket, in the network namespace where it was opened */
	struct mnl_socket *socket; /* NULL: closed */
	unsigned seq;
};

/* groups: RTMGRP_LINK for notifications, 0 for requests. */
int nl_open(struct nl *nl, unsigned groups, struct err *err);
void nl_close(struct nl *nl); /* safe twice */

enum {
	NL_BATCH = 64,
	NL_WHAT = 64,
	NL_BYTES = NL_BATCH * 512
};

struct nl_batch { /* requests that wait to be sent; begin with nl_begin() */
	struct nl *nl;
	size_t count, len;
	unsigned first_seq;
	char what[NL_BATCH][NL_WHAT]; /* for messages: "link eth0" */
	char bytes[NL_BYTES];
};

struct nl_veth { /* a cable: our end is a port of a bridge, the other is born in a host */
	int index, peer_index;
	const char *name, *peer_name; /* shorter than IFNAMSIZ */
	int bridge;                   /* index of the bridge that our end joins */
	int mtu;                      /* 0: the kernel's */
	uint8_t peer_mac[6];
	pid_t peer_pid; /* a process in the host's network namespace */
};

/* An empty one. It is large: what holds no request yet is left as it is. */
void nl_begin(struct nl_batch *batch, struct nl *nl);
/* Each adds one request (and sends the batch when it is full); -1: an earlier one was refused. */
int nl_add_bridge(struct nl_batch *batch, int index, const char *name, int mtu, struct err *err);
int nl_add_veth(struct nl_batch *batch, const struct nl_veth *veth, struct err *err);
int nl_add_up(struct nl_batch *batch, int index, struct err *err);
int nl_add_address(struct nl_batch *batch, int index, const struct addr *addr, int prefix,
		   struct err *err);
int nl_add_default_route(struct nl_batch *batch, const struct addr *gateway, struct err *err);
/* What the interface sends is held to rate_bps bits a second (tbf), and waits 50 ms at most. Its
 * bucket holds two frames of that mtu (0: 1500) at least, so that no frame is too big for it. */
int nl_add_rate(struct nl_batch *batch, int index, int64_t rate_bps, int mtu, struct err *err);
/* 0: this kernel can make links of that kind here; -1 otherwise. Makes none. */
int nl_probe_kind(struct nl *nl, const char *kind, struct err *err);
/* Sends what waits and reads every answer. -1 names the first request that was refused. */
int nl_flush(struct nl_batch *batch, struct err *err);
/* To the kernel, whatever signals come; -1: errno. */
int nl_send(struct nl *nl, const void *bytes, size_t len);

/* Interfaces that must carry packets before anybody may use them: indexes first..first+count-1. */
struct nl_ready {
	int first;
	size_t count, left; /* left: not ready yet */
	bool is_port;       /* bridge ports: FORWARDING is needed too, not IF_OPER_UP alone */
	uint8_t *seen;      /* count bytes, zeroed by the caller; bits of what was seen */
};

/* Asks for each link that is not ready yet. A question has an effect, too: since Linux 6.8 it makes
 * the kernel finish what it still has to do for that link; left alone it does so for all links of
 * the machine in turn, 200 a second when many come up at once. */
int nl_ask_ready(struct nl *nl, struct nl_ready *ready, struct err *err);
/* Asks, and waits for notifications only where that was not enough: the kernel offers each to every
 * listener of the machine, which with a listener in each of a thousand namespaces takes seconds. */
int nl_be_ready(struct nl *nl, struct nl_ready *ready, int64_t deadline_ns, struct err *err);
/* Reads notifications until all are ready. Open `events` before the links are brought up. */
int nl_wait_ready(struct nl *events, struct nl_ready *ready, int64_t deadline_ns, struct err *err);

#endif
