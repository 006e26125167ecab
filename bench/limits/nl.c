#include <errno.h>
#include <net/if.h>
#include <sys/socket.h>
#include <linux/if_bridge.h>
#include <linux/veth.h>

#include "nl.h"

enum {
	EVENT_BUFFER = 16 << 20, /* of a socket: hosts come faster than they are looked at */
	MESSAGE = 32 << 10,
};

struct message {
	union {
		struct nlmsghdr head;
		char data[512];
	};
};

void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

int nl_open(unsigned groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int size = EVENT_BUFFER;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("netlink");
	if (groups)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

static void begin(struct message *m, int type, int flags, const void *body, size_t len)
{
	memset(m, 0, sizeof(*m));
	m->head.nlmsg_type = (uint16_t)type;
	m->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	m->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	memcpy(NLMSG_DATA(&m->head), body, len);
}

static struct rtattr *put(struct message *m, int type, const void *data, size_t len)
{
	struct rtattr *attr = (struct rtattr *)(m->data + NLMSG_ALIGN(m->head.nlmsg_len));

	attr->rta_type = (uint16_t)type;
	attr->rta_len = (uint16_t)RTA_LENGTH(len);
	if (len > 0)
		memcpy(RTA_DATA(attr), data, len);
	m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + (uint32_t)RTA_SPACE(len);
	return attr;
}

static void end(struct message *m, struct rtattr *nest)
{
	nest->rta_len = (uint16_t)(m->data + m->head.nlmsg_len - (char *)nest);
}

static void talk(int fd, struct message *m, const char *what)
{
	char answer[4096];

	if (send(fd, m, m->head.nlmsg_len, 0) < 0 || recv(fd, answer, sizeof(answer), 0) < 0)
		die(what);
	struct nlmsghdr *head = (struct nlmsghdr *)answer;
	if (head->nlmsg_type != NLMSG_ERROR)
		die("netlink answer");
	errno = -((struct nlmsgerr *)NLMSG_DATA(head))->error;
	if (errno)
		die(what);
}

void nl_bridge(int fd, const char *name)
{
	struct ifinfomsg info = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct message m;

	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	put(&m, IFLA_IFNAME, name, strlen(name) + 1);
	struct rtattr *kind = put(&m, IFLA_LINKINFO, NULL, 0);
	put(&m, IFLA_INFO_KIND, "bridge", 6);
	end(&m, kind);
	talk(fd, &m, "bridge");
}

void nl_veth(int fd, const char *name, int master, int pid)
{
	struct ifinfomsg info = { 0 };
	struct message m;

	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	put(&m, IFLA_IFNAME, name, strlen(name) + 1);
	if (master)
		put(&m, IFLA_MASTER, &master, sizeof(master));
	struct rtattr *kind = put(&m, IFLA_LINKINFO, NULL, 0);
	put(&m, IFLA_INFO_KIND, "veth", 4);
	struct rtattr *data = put(&m, IFLA_INFO_DATA, NULL, 0);
	struct rtattr *peer = put(&m, VETH_INFO_PEER, &info, sizeof(info));
	put(&m, IFLA_IFNAME, "eth0", 5);
	put(&m, IFLA_NET_NS_PID, &pid, sizeof(pid));
	end(&m, peer);
	end(&m, data);
	end(&m, kind);
	talk(fd, &m, "veth");
}

void nl_up(int fd, int index)
{
	struct ifinfomsg info = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct message m;

	begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
	talk(fd, &m, "up");
}

void nl_address(int fd, int index, uint32_t address, int prefix)
{
	struct ifaddrmsg info = { .ifa_family = AF_INET,
				  .ifa_prefixlen = (uint8_t)prefix,
				  .ifa_index = (unsigned)index };
	uint32_t wire = __builtin_bswap32(address);
	struct message m;

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		wire = address;
	begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	put(&m, IFA_LOCAL, &wire, sizeof(wire));
	put(&m, IFA_ADDRESS, &wire, sizeof(wire));
	talk(fd, &m, "address");
}

/* The bridge's state of a port: a nest in notices, one byte in old kernels. */
static int port_state(const struct rtattr *attr)
{
	if (!(attr->rta_type & NLA_F_NESTED))
		return *(const uint8_t *)RTA_DATA(attr);
	int left = (int)RTA_PAYLOAD(attr);
	for (struct rtattr *a = RTA_DATA(attr); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_BRPORT_STATE)
			return *(const uint8_t *)RTA_DATA(a);
	return -1;
}

static struct nl_link read_link(struct nlmsghdr *head)
{
	struct ifinfomsg *info = NLMSG_DATA(head);
	struct nl_link link = { .type = head->nlmsg_type,
				.index = info->ifi_index,
				.family = info->ifi_family,
				.operstate = -1,
				.port_state = -1 };
	int left = (int)IFLA_PAYLOAD(head);

	for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if ((a->rta_type & NLA_TYPE_MASK) == IFLA_PROTINFO)
			link.port_state = port_state(a);
		else if (a->rta_type == IFLA_OPERSTATE)
			link.operstate = *(const uint8_t *)RTA_DATA(a);
	}
	return link;
}

void nl_events(int fd, void (*see)(const struct nl_link *link, void *data), void *data)
{
	char buffer[MESSAGE];
	ssize_t got = recv(fd, buffer, sizeof(buffer), 0);

	if (got < 0)
		die("link events");
	size_t left = (size_t)got;
	for (struct nlmsghdr *h = (struct nlmsghdr *)buffer; NLMSG_OK(h, left);
	     h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK)
			continue;
		struct nl_link link = read_link(h);
		see(&link, data);
	}
}
