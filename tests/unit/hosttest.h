/* Driving the backends in tests: the hosts run this test program again as their agent (agent_main
 * answers one line with one line) or a shell. The environment carries a mark by which all that was
 * started here is found in /proc. */
#ifndef HOSTTEST_H
#define HOSTTEST_H

#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend.h"
#include "clock.h"
#include "hostplan.h"
#include "step.h"
#include "util.h"

#define MARK "LAB_HOST_TEST"
enum {
	ORDINARY_UID = 12345,
	ANSWER = 4096,
	PORT = 1234
};

static inline void two_numbers(const char *text, int *a, int *b)
{
	char *end;

	*a = (int)strtol(text, &end, 10);
	assert_int_equal(*end, ' ');
	*b = (int)strtol(end + 1, &end, 10);
	assert_int_equal(*end, 0);
}

/* As the host's agent: one verb per line on stdin, one answer each. */
static inline void agent_connect(const char *ip)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int64_t start = clock_mono_ns();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, ip, &to.sin_addr);
	int sys = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? 0 : errno;
	close(fd);
	printf("%d %d\n", sys, (int)((clock_mono_ns() - start) / 1000000));
}

static inline void agent_offloads(void)
{
	static const uint32_t ask[] = { ETHTOOL_GTSO, ETHTOOL_GGSO, ETHTOOL_GGRO, ETHTOOL_GTXCSUM,
					ETHTOOL_GRXCSUM };
	struct ethtool_value value = { 0 };
	struct ifreq request = { .ifr_name = "eth0", .ifr_data = (char *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (size_t i = 0; i < COUNT(ask); i++) {
		value = (struct ethtool_value){ .cmd = ask[i], .data = 9 };
		printf("%d", ioctl(fd, SIOCETHTOOL, &request) < 0 ? 8 : (int)value.data);
	}
	printf("\n");
	close(fd);
}

static inline int mtu_of(const char *iface)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", iface);
	int result = ioctl(fd, SIOCGIFMTU, &request) < 0 ? -errno : request.ifr_mtu;
	close(fd);
	return result;
}

/* "tbf RATE LIMIT" in bytes, or the kind, of one qdisc's message. */
static inline void qdisc_words(const struct nlmsghdr *header, char text[64])
{
	const struct nlattr *attr, *option;

	mnl_attr_for_each(attr, header, sizeof(struct tcmsg))
	{
		if (mnl_attr_get_type(attr) == TCA_KIND)
			snprintf(text, 64, "%.15s", mnl_attr_get_str(attr));
		if (mnl_attr_get_type(attr) != TCA_OPTIONS || !streq(text, "tbf"))
			continue;
		mnl_attr_for_each_nested(option, attr)
		{
			struct tc_tbf_qopt qopt;
			if (mnl_attr_get_type(option) != TCA_TBF_PARMS)
				continue;
			memcpy(&qopt, mnl_attr_get_payload(option), sizeof qopt);
			snprintf(text, 64, "tbf %u %u", qopt.rate.rate, qopt.limit);
		}
	}
}

/* The root qdisc of an interface, as the kernel lists it. */
static inline void qdisc_of(const char *iface, char text[64])
{
	union {
		struct nlmsghdr align;
		char bytes[16384];
	} u = { .bytes = "" };
	struct nlmsghdr *header = mnl_nlmsg_put_header(u.bytes);
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int index = (int)if_nametoindex(iface);
	ssize_t got = 0;

	snprintf(text, 64, "none");
	mnl_nlmsg_put_extra_header(header, sizeof(struct tcmsg));
	header->nlmsg_type = RTM_GETQDISC;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (!nl || mnl_socket_sendto(nl, header, header->nlmsg_len) < 0)
		return;
	do {
		got = mnl_socket_recvfrom(nl, u.bytes, sizeof u.bytes);
		int left = (int)got;
		for (header = &u.align; mnl_nlmsg_ok(header, left);
		     header = mnl_nlmsg_next(header, &left)) {
			const struct tcmsg *body = mnl_nlmsg_get_payload(header);
			if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
				got = 0;
			else if (header->nlmsg_type == RTM_NEWQDISC && body->tcm_ifindex == index &&
				 body->tcm_parent == TC_H_ROOT)
				qdisc_words(header, text);
		}
	} while (got > 0);
	mnl_socket_close(nl);
}

/* "IP COUNT SIZE": datagrams. */
static inline void agent_send(const char *words)
{
	static const char bytes[65536];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	char ip[INET_ADDRSTRLEN];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), count, size, sent = 0;

	snprintf(ip, sizeof ip, "%.*s", (int)strcspn(words, " "), words);
	two_numbers(strchr(words, ' ') + 1, &count, &size);
	inet_pton(AF_INET, ip, &to.sin_addr);
	for (int i = 0; i < count; i++)
		sent +=
		    sendto(fd, bytes, (size_t)size, 0, (struct sockaddr *)&to, sizeof to) == size;
	close(fd);
	printf("%d\n", sent);
}

/* Binds at the first call; how many datagrams came since. */
static inline int agent_arrived(int *fd)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	char byte;
	int count = 0;

	if (*fd < 0) {
		*fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (bind(*fd, (struct sockaddr *)&any, sizeof any) < 0)
			return -errno;
	}
	while (recv(*fd, &byte, 1, MSG_DONTWAIT) >= 0)
		count++;
	return count;
}

static inline int agent_main(void)
{
	char line[128], text[64];
	int open_fds = 0, udp = -1;

	for (int fd = 3; fd < 1024; fd++)
		open_fds += fcntl(fd, F_GETFD) >= 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (starts_with(line, "connect ")) {
			agent_connect(line + strlen("connect "));
		} else if (streq(line, "listen")) {
			struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
			int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
			int sys = bind(fd, (struct sockaddr *)&any, sizeof any) < 0 ? errno : 0;
			printf("%d\n", sys ? sys : listen(fd, 64) < 0 ? errno : 0);
		} else if (streq(line, "offloads")) {
			agent_offloads();
		} else if (streq(line, "files")) {
			printf("%d\n", open_fds);
		} else if (streq(line, "packet")) {
			int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(3));
			printf("%d\n", fd < 0 ? errno : 0);
			close(fd);
		} else if (starts_with(line, "send ")) {
			agent_send(line + strlen("send "));
		} else if (streq(line, "arrived")) {
			printf("%d\n", agent_arrived(&udp));
		} else if (streq(line, "mtu")) {
			printf("%d\n", mtu_of("eth0"));
		} else if (streq(line, "qdisc")) {
			qdisc_of("eth0", text);
			printf("%s\n", text);
		} else if (streq(line, "session")) {
			printf("%d %d\n", (int)getpid(), (int)getsid(0));
		}
	}
	return 0;
}

/* Lab's side: asks a host and waits for its line. */
static inline const char *ask(struct lab *lab, size_t host, const char *question)
{
	static char answer[ANSWER];
	int64_t deadline = clock_after_ms(10000);
	size_t len = 0;

	assert_int_equal(lab->backend->write(lab, host, question, strlen(question)),
			 (ssize_t)strlen(question));
	assert_int_equal(lab->backend->write(lab, host, "\n", 1), 1);
	while (len < sizeof answer - 1 && !memchr(answer, '\n', len)) {
		struct pollfd wait = { .fd = lab->host[host].read_fd, .events = POLLIN };
		assert_int_equal(poll(&wait, 1, clock_left_ms(deadline)), 1);
		ssize_t got = lab->backend->read(lab, host, answer + len, sizeof answer - 1 - len);
		assert_true(got > 0);
		len += (size_t)got;
	}
	answer[len] = 0;
	answer[strcspn(answer, "\n")] = 0;
	return answer;
}

/* Processes with our mark, this one excepted; a zombie has no environment and does not count. */
static inline int count_marked(void)
{
	char want[64], path[300], text[32768];
	DIR *proc = opendir("/proc");
	int count = 0;

	assert_non_null(proc);
	snprintf(want, sizeof want, "%s=%s", MARK, getenv(MARK));
	for (struct dirent *entry = readdir(proc); entry; entry = readdir(proc)) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
		    strtol(entry->d_name, NULL, 10) == getpid())
			continue;
		snprintf(path, sizeof path, "/proc/%s/environ", entry->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text);
		if (fd >= 0)
			close(fd);
		count += len > 0 && memmem(text, (size_t)len, want, strlen(want) + 1);
	}
	closedir(proc);
	return count;
}

/* What the kernel still ends is waited for, up to 3 s. */
static inline int count_marked_at_last(void)
{
	int64_t deadline = clock_after_ms(3000);
	int count;

	while ((count = count_marked()) > 0 && clock_left_ms(deadline) > 0)
		poll(NULL, 0, 2);
	return count;
}

static inline void close_clean(struct lab *lab)
{
	struct err err = { 0 };

	assert_int_equal(lab->backend->close(lab, 5000, &err), 0);
	assert_int_equal(lab->backend->close(lab, 5000, &err), 0); /* safe twice */
	assert_int_equal(count_marked(), 0);
}

/* To begin main with: marks, drops to an ordinary user where asked, serves as agent. A fresh exec
 * after each change: /proc shows the environment of the last one, and rights are settled by it. */
static inline void hosttest_main(char **argv, bool is_ordinary)
{
	char mark[32], path[PATH_MAX];

	if (getenv(MARK "_AGENT"))
		exit(agent_main());
	if (getenv(MARK))
		return;
	snprintf(mark, sizeof mark, "%d", (int)getpid());
	setenv(MARK, mark, 1);
	if (is_ordinary && geteuid() == 0 &&
	    (setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) < 0 ||
	     setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) < 0))
		exit(99);
	/* /proc/self/exe itself opens closed folders, the path that it names does not. */
	if (realpath("/proc/self/exe", path) && access(path, X_OK) == 0)
		execv("/proc/self/exe", argv);
	printf("1..0 # SKIP the build folder is closed to ordinary users\n");
	exit(0);
}

#endif
