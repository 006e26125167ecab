/* When a link carries packets: read from notifications, and from a dump when some were lost. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "clock.h"
#include "netlink_request.h"

/* linux/if.h and linux/if_bridge.h, which do not go together with net/if.h. */
enum {
	OPER_UP = 6,
	PORT_FORWARDING = 3
};
enum {
	SEEN_UP = 1,
	SEEN_FORWARDING = 2
};
enum {
	ASKED = 16 /* the answers are long and must fit the socket */
};

/* A bridge port's state, -1 when the message has none. Kernels send it nested or as one byte. */
static int nested_port_state(const struct nlattr *info)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info)
	{
		if (mnl_attr_get_type(attr) == IFLA_BRPORT_STATE &&
		    mnl_attr_get_payload_len(attr) >= 1)
			return mnl_attr_get_u8(attr);
	}
	return -1;
}

static int port_state(const struct nlattr *info)
{
	if (info->nla_type & NLA_F_NESTED)
		return nested_port_state(info);
	return mnl_attr_get_payload_len(info) >= 1 ? mnl_attr_get_u8(info) : -1;
}

/* The same in an answer about one link: in what its bridge says of it. */
static int slave_port_state(const struct nlattr *linkinfo)
{
	const struct nlattr *attr;
	bool is_bridged = false;

	mnl_attr_for_each_nested(attr, linkinfo)
	{
		int type = mnl_attr_get_type(attr);
		if (type == IFLA_INFO_SLAVE_KIND)
			is_bridged = mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 &&
				     streq(mnl_attr_get_str(attr), "bridge");
		if (type == IFLA_INFO_SLAVE_DATA && is_bridged)
			return nested_port_state(attr);
	}
	return -1;
}

static uint8_t whole_of(const struct nl_ready *ready)
{
	return SEEN_UP | (ready->is_port ? SEEN_FORWARDING : 0);
}

static void see_link(struct nl_ready *ready, const struct nlmsghdr *header)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(header);
	const struct nlattr *attr;
	uint8_t whole = whole_of(ready);

	if (header->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(header) < sizeof *link)
		return;
	size_t at = (size_t)link->ifi_index - (size_t)ready->first;
	if (link->ifi_index < ready->first || at >= ready->count || ready->seen[at] == whole)
		return;
	mnl_attr_for_each(attr, header, sizeof *link)
	{
		int type = mnl_attr_get_type(attr);
		if (type == IFLA_OPERSTATE && mnl_attr_get_payload_len(attr) >= 1 &&
		    mnl_attr_get_u8(attr) == OPER_UP)
			ready->seen[at] |= SEEN_UP;
		if (type == IFLA_PROTINFO && link->ifi_family == AF_BRIDGE && ready->is_port &&
		    port_state(attr) == PORT_FORWARDING)
			ready->seen[at] |= SEEN_FORWARDING;
		if (type == IFLA_LINKINFO && ready->is_port &&
		    slave_port_state(attr) == PORT_FORWARDING)
			ready->seen[at] |= SEEN_FORWARDING;
	}
	if (ready->seen[at] == whole)
		ready->left--;
}

/* One datagram of answers: how many of them it held; -1: err. */
static int read_answers(struct nl *nl, struct nl_ready *ready, struct err *err)
{
	char bytes[NL_RECEIVE] __attribute__((aligned(8)));
	ssize_t got = mnl_socket_recvfrom(nl->socket, bytes, sizeof bytes);
	int left = (int)got, count = 0;

	if (got < 0)
		return errno == EINTR ? 0 : err_sys(err, "netlink receive");
	for (const struct nlmsghdr *header = (void *)bytes; mnl_nlmsg_ok(header, left);
	     header = mnl_nlmsg_next(header, &left)) {
		const struct nlmsgerr *no = mnl_nlmsg_get_payload(header);
		if (header->nlmsg_type == NLMSG_ERROR &&
		    mnl_nlmsg_get_payload_len(header) >= sizeof *no) {
			errno = -no->error;
			return err_sys(err, "netlink: a link's state");
		}
		see_link(ready, header);
		count++;
	}
	return count;
}

/* Asks for up to ASKED links from *at on that are not ready; *at moves behind them. */
static int ask_some(struct nl *nl, struct nl_ready *ready, size_t *at, struct err *err)
{
	char bytes[ASKED][NL_REQUEST_MAX] __attribute__((aligned(8)));
	struct iovec part[ASKED];
	struct msghdr message = { .msg_iov = part };
	int answers = 0;

	for (; *at < ready->count && message.msg_iovlen < ASKED; ++*at) {
		if (ready->seen[*at] == whole_of(ready))
			continue;
		struct nlmsghdr *header = nl_request(bytes[message.msg_iovlen], RTM_GETLINK, 0);
		header->nlmsg_flags = NLM_F_REQUEST; /* the answer is enough */
		header->nlmsg_seq = nl->seq++;
		nl_link_body(header, ready->first + (int)*at, false);
		mnl_attr_put_u32(header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		part[message.msg_iovlen++] =
		    (struct iovec){ .iov_base = header, .iov_len = header->nlmsg_len };
	}
	ssize_t sent = 0;
	do
		if (message.msg_iovlen > 0)
			sent = sendmsg(mnl_socket_get_fd(nl->socket), &message, 0);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return err_sys(err, "netlink send: a link's state");
	while (answers < (int)message.msg_iovlen) {
		int more = read_answers(nl, ready, err);
		if (more < 0)
			return -1;
		answers += more;
	}
	return 0;
}

int nl_ask_ready(struct nl *nl, struct nl_ready *ready, struct err *err)
{
	for (size_t at = 0; at < ready->count;)
		if (ask_some(nl, ready, &at, err) < 0)
			return -1;
	return 0;
}

int nl_be_ready(struct nl *nl, struct nl_ready *ready, int64_t deadline_ns, struct err *err)
{
	struct nl events;

	if (nl_ask_ready(nl, ready, err) < 0)
		return -1;
	if (ready->left == 0)
		return 0;
	if (nl_open(&events, RTMGRP_LINK, err) < 0)
		return -1;
	/* Again: what became ready before there was anybody to hear of it. */
	int result = nl_ask_ready(nl, ready, err);
	if (result == 0)
		result = nl_wait_ready(&events, ready, deadline_ns, err);
	nl_close(&events);
	return result;
}

static int ask_links(struct nl *nl, bool is_port, struct err *err)
{
	char bytes[NL_REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);

	header->nlmsg_type = RTM_GETLINK;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = nl->seq++;
	struct ifinfomsg *link = nl_link_body(header, 0, false);
	link->ifi_family = is_port ? AF_BRIDGE : AF_UNSPEC;
	if (nl_send(nl, header, header->nlmsg_len) < 0)
		return err_sys(err, "netlink dump of links");
	return 0;
}

static int not_ready(const struct nl_ready *ready, struct err *err)
{
	size_t at = 0;
	uint8_t whole = whole_of(ready);

	while (at < ready->count && ready->seen[at] == whole)
		at++;
	return err_set(
	    err, ERR_BROKE, "%zu of %zu links did not become ready in time; interface %d: %s",
	    ready->left, ready->count, ready->first + (int)at,
	    at < ready->count && ready->seen[at] & SEEN_UP ? "up, its port not forwarding"
							   : "not up");
}

/* Reads one datagram of notifications or of a dump: 1: a dump has ended, 2: some were lost. */
static int read_links(struct nl *events, struct nl_ready *ready, struct err *err)
{
	char bytes[NL_RECEIVE] __attribute__((aligned(8)));
	ssize_t got = mnl_socket_recvfrom(events->socket, bytes, sizeof bytes);
	int left = got < 0 ? 0 : (int)got, result = 0;

	if (got < 0 && errno == ENOBUFS)
		return 2;
	if (got < 0 && errno != EINTR)
		return err_sys(err, "netlink receive");
	for (const struct nlmsghdr *header = (void *)bytes; mnl_nlmsg_ok(header, left);
	     header = mnl_nlmsg_next(header, &left)) {
		if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
			result = 1;
		see_link(ready, header);
	}
	return result;
}

int nl_wait_ready(struct nl *events, struct nl_ready *ready, int64_t deadline_ns, struct err *err)
{
	struct pollfd wait = { .fd = mnl_socket_get_fd(events->socket), .events = POLLIN };
	bool is_dumping = false, has_lost = false;

	while (ready->left > 0) {
		/* The kernel tells of losses once, until the queue has been empty: a dump that
		 * began before would miss, unseen, what is lost behind it. And a second dump beside
		 * the first is refused. */
		if (has_lost && !is_dumping && poll(&wait, 1, 0) == 0) {
			if (ask_links(events, ready->is_port, err) < 0)
				return -1;
			is_dumping = true;
			has_lost = false;
		}
		int n = poll(&wait, 1, clock_left_ms(deadline_ns));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "poll");
		if (n == 0)
			return not_ready(ready, err);
		int said = read_links(events, ready, err);
		if (said < 0)
			return -1;
		is_dumping = is_dumping && said != 1;
		has_lost = has_lost || said == 2;
	}
	return 0;
}
