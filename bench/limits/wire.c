#include <fcntl.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

#include "nl.h"
#include "wire.h"

enum {
	QUEUE = 1 << 20,
	SNAPLEN = 65535,
	ESTABLISHED = 1, /* as the kernel's tcp_states.h numbers them */
	LISTENS = 10,
};

int wire_open(const char *iface)
{
	struct sockaddr_ll link = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(ETH_P_ALL),
				    .sll_ifindex = (int)if_nametoindex(iface) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1, queue = QUEUE;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof(queue)) < 0 ||
	    bind(fd, (struct sockaddr *)&link, sizeof(link)) < 0)
		die("capture");
	return fd;
}

static void count(struct wire_tally *tally, const uint8_t *p, size_t len)
{
	tally->packets++;
	if (len < 14 + 20 + 20 || p[12] != 8 || p[13] != 0 || p[23] != IPPROTO_TCP)
		return;
	uint8_t flags = p[14 + 4 * (p[14] & 15) + 13];
	tally->syn += (flags & 0x12) == 0x02;
	tally->rst += (flags & 0x04) != 0;
}

struct wire_tally wire_write(int fd, const char *name)
{
	const uint32_t head[6] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, SNAPLEN, 1 };
	static uint8_t packet[SNAPLEN];
	struct wire_tally tally = { 0 };
	char control[256];
	FILE *out = fopen(name, "we");

	if (!out || fwrite(head, sizeof(head), 1, out) != 1)
		die(name);
	for (;;) {
		struct iovec part = { packet, sizeof(packet) };
		struct msghdr message = { .msg_iov = &part,
					  .msg_iovlen = 1,
					  .msg_control = control,
					  .msg_controllen = sizeof(control) };
		struct timespec at = { 0 };
		ssize_t len = recvmsg(fd, &message, MSG_DONTWAIT);
		if (len < 0)
			break;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
			if (c->cmsg_type == SCM_TIMESTAMPNS)
				memcpy(&at, CMSG_DATA(c), sizeof(at));
		uint32_t record[4] = { (uint32_t)at.tv_sec, (uint32_t)at.tv_nsec, (uint32_t)len,
				       (uint32_t)len };
		fwrite(record, sizeof(record), 1, out);
		fwrite(packet, (size_t)len, 1, out);
		count(&tally, packet, (size_t)len);
	}
	if (fclose(out) != 0)
		die(name);
	return tally;
}

int wire_sockets(int port)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 body;
	} ask = { { .nlmsg_len = sizeof(ask),
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		  { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U } };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), found = 0;
	char answer[16384];

	if (fd < 0 || send(fd, &ask, sizeof(ask), 0) < 0)
		die("socket table");
	for (;;) {
		ssize_t got = recv(fd, answer, sizeof(answer), 0);
		if (got <= 0)
			die("socket table");
		size_t left = (size_t)got;
		for (struct nlmsghdr *h = (struct nlmsghdr *)answer; NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_DONE) {
				close(fd);
				return found;
			}
			if (h->nlmsg_type == NLMSG_ERROR)
				die("socket table");
			struct inet_diag_msg *row = NLMSG_DATA(h);
			if (ntohs(row->id.idiag_sport) != port)
				continue;
			found += row->idiag_state == LISTENS       ? 1
				 : row->idiag_state == ESTABLISHED ? 100
								   : 0;
		}
	}
}
