/* rtnetlink through libmnl: requests are built into one buffer and acknowledged one by one. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdarg.h>
#include <sys/socket.h>

#include "errname.h"
#include "netlink_request.h"

enum {
	USUAL_MTU = 1500,
	FRAME_HEADER = 18, /* Ethernet's, with a VLAN tag */
	WAIT_MS = 50,
	EVENTS_BUFFER = 1 << 20
};

int nl_open(struct nl *nl, unsigned groups, struct err *err)
{
	*nl = (struct nl){ .seq = 1 };
	nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->socket)
		return err_sys(err, "netlink socket");
	if (mnl_socket_bind(nl->socket, groups, MNL_SOCKET_AUTOPID) < 0) {
		err_sys(err, "netlink bind");
		nl_close(nl);
		return -1;
	}
	/* Older kernels give plain errors without these, which is no reason to stop. */
	int on = 1, room = EVENTS_BUFFER;
	mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on, sizeof on);
	mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &on, sizeof on);
	if (groups)
		setsockopt(mnl_socket_get_fd(nl->socket), SOL_SOCKET, SO_RCVBUF, &room,
			   sizeof room);
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	nl->socket = NULL;
}

struct nlmsghdr *nl_request(void *bytes, uint16_t type, uint16_t flags)
{
	memset(bytes, 0, NL_REQUEST_MAX);
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return header;
}

struct ifinfomsg *nl_link_body(struct nlmsghdr *header, int index, bool is_up)
{
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(header, sizeof *link);

	link->ifi_index = index;
	if (is_up)
		link->ifi_flags = link->ifi_change = IFF_UP;
	return link;
}

void nl_begin(struct nl_batch *batch, struct nl *nl)
{
	batch->nl = nl;
	batch->count = batch->len = 0;
}

int nl_add(struct nl_batch *batch, struct nlmsghdr *header, struct err *err, const char *fmt, ...)
{
	if (batch->count == NL_BATCH && nl_flush(batch, err) < 0)
		return -1;
	if (batch->count == 0)
		batch->first_seq = batch->nl->seq;
	header->nlmsg_seq = batch->nl->seq++;
	va_list args;
	va_start(args, fmt);
	vsnprintf(batch->what[batch->count], NL_WHAT, fmt, args);
	va_end(args);
	memcpy(batch->bytes + batch->len, header,
	       header->nlmsg_len); /* NL_REQUEST_MAX each at most */
	batch->len += MNL_ALIGN(header->nlmsg_len);
	batch->count++;
	return 0;
}

int nl_add_bridge(struct nl_batch *batch, int index, const char *name, int mtu, struct err *err)
{
	char bytes[NL_REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *header = nl_request(bytes, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);

	nl_link_body(header, index, true);
	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	if (mtu > 0)
		mnl_attr_put_u32(header, IFLA_MTU, (uint32_t)mtu);
	struct nlattr *info = mnl_attr_nest_start(header, IFLA_LINKINFO);
	mnl_attr_put_strz(header, IFLA_INFO_KIND, "bridge");
	struct nlattr *data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
	mnl_attr_put_u32(header, IFLA_BR_STP_STATE, 0);
	mnl_attr_put_u8(header, IFLA_BR_MCAST_SNOOPING, 0);
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, info);
	return nl_add(batch, header, err, "bridge %s", name);
}

int nl_add_veth(struct nl_batch *batch, const struct nl_veth *veth, struct err *err)
{
	char bytes[NL_REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *header = nl_request(bytes, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);

	if (strlen(veth->name) >= IFNAMSIZ || strlen(veth->peer_name) >= IFNAMSIZ)
		return err_set(err, ERR_USAGE,
			       "interface %s: the name is longer than 15 characters",
			       veth->peer_name);
	nl_link_body(header, veth->index, false);
	mnl_attr_put_strz(header, IFLA_IFNAME, veth->name);
	mnl_attr_put_u32(header, IFLA_MASTER, (uint32_t)veth->bridge);
	if (veth->mtu > 0)
		mnl_attr_put_u32(header, IFLA_MTU, (uint32_t)veth->mtu);
	struct nlattr *info = mnl_attr_nest_start(header, IFLA_LINKINFO);
	mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
	struct nlattr *data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
	struct nlattr *peer = mnl_attr_nest_start(header, VETH_INFO_PEER);
	nl_link_body(header, veth->peer_index, false); /* IFF_UP here is ENOTCONN: no peer yet */
	mnl_attr_put_strz(header, IFLA_IFNAME, veth->peer_name);
	mnl_attr_put(header, IFLA_ADDRESS, sizeof veth->peer_mac, veth->peer_mac);
	if (veth->mtu > 0)
		mnl_attr_put_u32(header, IFLA_MTU, (uint32_t)veth->mtu);
	mnl_attr_put_u32(header, IFLA_NET_NS_PID, (uint32_t)veth->peer_pid);
	mnl_attr_nest_end(header, peer);
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, info);
	return nl_add(batch, header, err, "veth %s to %s", veth->name, veth->peer_name);
}

int nl_add_up(struct nl_batch *batch, int index, struct err *err)
{
	char bytes[NL_REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *header = nl_request(bytes, RTM_NEWLINK, 0);

	nl_link_body(header, index, true);
	return nl_add(batch, header, err, "interface %d up", index);
}

int nl_add_rate(struct nl_batch *batch, int index, int64_t rate_bps, int mtu, struct err *err)
{
	char bytes[NL_REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *header = nl_request(bytes, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
	struct tcmsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);
	int64_t rate = rate_bps / 8, frame = (mtu > 0 ? mtu : USUAL_MTU) + FRAME_HEADER;
	int64_t burst = rate / 250 > 2 * frame ? rate / 250 : 2 * frame; /* 4 ms: a slow tick */
	int64_t limit = rate * WAIT_MS / 1000 + burst;

	if (rate < 1 || rate > UINT32_MAX || limit > UINT32_MAX)
		return err_set(err, ERR_USAGE, "rate of %lld bits a second: out of range",
			       (long long)rate_bps);
	struct tc_tbf_qopt qopt = {
		.rate = { .rate = (uint32_t)rate, .linklayer = TC_LINKLAYER_ETHERNET },
		.limit = (uint32_t)limit,
	};
	body->tcm_family = AF_UNSPEC;
	body->tcm_ifindex = index;
	body->tcm_parent = TC_H_ROOT;
	mnl_attr_put_strz(header, TCA_KIND, "tbf");
	struct nlattr *options = mnl_attr_nest_start(header, TCA_OPTIONS);
	mnl_attr_put(header, TCA_TBF_PARMS, sizeof qopt, &qopt);
	mnl_attr_put_u32(header, TCA_TBF_BURST, (uint32_t)burst); /* bytes, not qopt's ticks */
	mnl_attr_nest_end(header, options);
	return nl_add(batch, header, err, "rate of interface %d (tbf)", index);
}

static size_t ip_len(const struct addr *addr)
{
	return addr->family == 6 ? 16 : 4;
}

static uint8_t ip_family(const struct addr *addr)
{
	return addr->family == 6 ? AF_INET6 : AF_INET;
}

int nl_add_address(struct nl_batch *batch, int index, const struct addr *addr, int prefix,
		   struct err *err)
{
	char bytes[NL_REQUEST_MAX] __attribute__((aligned(8))), text[ADDR_TEXT];
	struct nlmsghdr *header = nl_request(bytes, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);

	body->ifa_family = ip_family(addr);
	body->ifa_prefixlen = (uint8_t)prefix;
	body->ifa_index = (uint32_t)index;
	if (addr->family == 6)
		body->ifa_flags = IFA_F_NODAD; /* usable at once */
	mnl_attr_put(header, IFA_LOCAL, ip_len(addr), addr->ip);
	mnl_attr_put(header, IFA_ADDRESS, ip_len(addr), addr->ip);
	if (addr->family == 4 && prefix < 31) {
		uint32_t ip;
		memcpy(&ip, addr->ip, sizeof ip);
		mnl_attr_put_u32(header, IFA_BROADCAST, ip | htonl(UINT32_MAX >> prefix));
	}
	return nl_add(batch, header, err, "address %s/%d", addr_ip_text(addr, text), prefix);
}

int nl_add_default_route(struct nl_batch *batch, const struct addr *gateway, struct err *err)
{
	char bytes[NL_REQUEST_MAX] __attribute__((aligned(8))), text[ADDR_TEXT];
	struct nlmsghdr *header = nl_request(bytes, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	struct rtmsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);

	body->rtm_family = ip_family(gateway);
	body->rtm_table = RT_TABLE_MAIN;
	body->rtm_protocol = RTPROT_STATIC;
	body->rtm_scope = RT_SCOPE_UNIVERSE;
	body->rtm_type = RTN_UNICAST;
	mnl_attr_put(header, RTA_GATEWAY, ip_len(gateway), gateway->ip);
	return nl_add(batch, header, err, "default route via %s", addr_ip_text(gateway, text));
}

/* The kernel's own words for a refusal (extended acknowledgement), "" when it gave none. */
static const char *kernel_words(const struct nlmsghdr *header)
{
	const struct nlattr *attr;

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS) || !(header->nlmsg_flags & NLM_F_CAPPED))
		return "";
	mnl_attr_for_each(attr, header, sizeof(struct nlmsgerr))
	{
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			return mnl_attr_get_str(attr);
	}
	return "";
}

/* 1: it answers a request of the batch; 0: something else; -1: a refusal, in err if it is the
 * first. */
static int answer(const struct nl_batch *batch, const struct nlmsghdr *header, struct err *err)
{
	const struct nlmsgerr *ack = mnl_nlmsg_get_payload(header);
	unsigned at = header->nlmsg_seq - batch->first_seq;

	if (header->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(header) < sizeof *ack ||
	    at >= batch->count)
		return 0;
	if (ack->error == 0)
		return 1;
	const char *words = kernel_words(header);
	err_set(err, ERR_BROKE, "%s: %s (%s)%s%s", batch->what[at], strerror(-ack->error),
		errname(-ack->error), *words ? ": " : "", words);
	err->sys = -ack->error;
	return -1;
}

int nl_send(struct nl *nl, const void *bytes, size_t len)
{
	ssize_t sent;

	do
		sent = mnl_socket_sendto(nl->socket, bytes, len);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

int nl_flush(struct nl_batch *batch, struct err *err)
{
	char bytes[NL_RECEIVE] __attribute__((aligned(8)));
	size_t answers = 0;
	bool is_refused = false;
	struct err later; /* of the refusals that follow the first */

	if (batch->count == 0)
		return 0;
	if (nl_send(batch->nl, batch->bytes, batch->len) < 0)
		return err_sys(err, "netlink send: %s", batch->what[0]);
	while (answers < batch->count) { /* the kernel has answered all when sendto returns */
		ssize_t got = mnl_socket_recvfrom(batch->nl->socket, bytes, sizeof bytes);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "netlink receive: %s", batch->what[answers]);
		int left = (int)got;
		for (const struct nlmsghdr *header = (void *)bytes; mnl_nlmsg_ok(header, left);
		     header = mnl_nlmsg_next(header, &left)) {
			int said = answer(batch, header, is_refused ? &later : err);
			answers += said != 0;
			is_refused |= said < 0;
		}
	}
	batch->count = batch->len = 0;
	return is_refused ? -1 : 0;
}

int nl_probe_kind(struct nl *nl, const char *kind, struct err *err)
{
	const uint8_t bad_mac[6] = { 0 }; /* refused by the kind itself, after it was found */
	char bytes[NL_REQUEST_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *header = nl_request(bytes, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nl_batch batch;

	nl_begin(&batch, nl);
	nl_link_body(header, 0, false);
	mnl_attr_put(header, IFLA_ADDRESS, sizeof bad_mac, bad_mac);
	struct nlattr *info = mnl_attr_nest_start(header, IFLA_LINKINFO);
	mnl_attr_put_strz(header, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(header, info);
	nl_add(&batch, header, err, "link of kind %s", kind);
	if (nl_flush(&batch, err) == 0 || err->sys == EADDRNOTAVAIL)
		return 0;
	return -1;
}
