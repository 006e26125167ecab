#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <net/if.h>
#include <linux/if_bridge.h>

#include "nl.h"
#include "star.h"

uint32_t star_address(int host)
{
	return 0x0a070001U + (uint32_t)host;
}

void give(int fd, const void *data, size_t len)
{
	if (write(fd, data, len) != (ssize_t)len)
		die("write to a process");
}

int take(int fd, void *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t got = read(fd, (char *)data + at, len - at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		at += (size_t)got;
	}
	return 1;
}

static void expect(int fd, char what)
{
	char got = 0;

	if (!take(fd, &got, 1) || got != what)
		die("a host's process");
}

/* IPv6 would announce itself on every link, and a big bridge is quadratic in that. */
static void enter_namespace(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "1", 1) < 0)
		die("disable_ipv6");
	if (fd >= 0)
		close(fd);
}

enum {
	OPER_UP = 6
}; /* RFC 2863, as linux/if.h has it; that header fights net/if.h */

struct wanted {
	int index, is_there, is_up;
};

static void see_own(const struct nl_link *link, void *data)
{
	struct wanted *wanted = data;

	if (link->type != RTM_NEWLINK || link->index == 1)
		return;
	wanted->index = link->index;
	wanted->is_there = 1;
	wanted->is_up = link->operstate == OPER_UP;
}

static void host_main(int host, int fd, pid_t parent, void (*play)(int host, int fd))
{
	struct wanted own = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* gone before it could be said */
		_exit(0);
	enter_namespace();
	int events = nl_open(RTMGRP_LINK), nl = nl_open(0);
	give(fd, "n", 1);
	while (!own.is_there)
		nl_events(events, see_own, &own);
	nl_up(nl, 1);
	nl_address(nl, own.index, star_address(host), 16);
	nl_up(nl, own.index);
	give(fd, "c", 1);
	while (!own.is_up)
		nl_events(events, see_own, &own);
	close(events);
	close(nl);
	give(fd, "u", 1);
	play(host, fd);
	_exit(0);
}

static void start_host(struct star *star, int host, void (*play)(int host, int fd))
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		if (dup2(pair[1], 3) < 0 || close_range(4, ~0U, 0) < 0)
			die("dup2");
		host_main(host, 3, parent, play);
	}
	close(pair[1]);
	star->host[host] = (struct star_host){ .pid = pid, .fd = pair[0] };
}

/* A port's place among the hosts: links are numbered as they are made. */
static struct star_host *port(struct star *star, int index)
{
	int at = index - star->host[0].ifindex;

	return star->host[0].ifindex && at >= 0 && at < star->count ? &star->host[at] : NULL;
}

static void see_port(const struct nl_link *link, void *data)
{
	struct star_host *host = port(data, link->index);

	if (!host)
		return;
	if (link->family == AF_UNSPEC && link->operstate >= 0)
		host->is_up = link->operstate == OPER_UP;
	if (link->port_state >= 0)
		host->forwards = link->port_state == BR_STATE_FORWARDING;
}

void star_make(struct star *star, int count, void (*play)(int host, int fd))
{
	*star = (struct star){ .count = count, .host = calloc((size_t)count, sizeof(*star->host)) };
	if (!star->host)
		die("memory");
	for (int i = 0; i < count; i++)
		start_host(star, i, play);
	enter_namespace();
	star->nl = nl_open(0);
	star->events = nl_open(RTMGRP_LINK);
	nl_bridge(star->nl, "br0");
	int bridge = (int)if_nametoindex("br0");
	for (int i = 0; i < count; i++) {
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "p%d", i);
		expect(star->host[i].fd, 'n');
		nl_veth(star->nl, name, bridge, star->host[i].pid);
		if (i == 0)
			star->host[0].ifindex = (int)if_nametoindex(name);
		star->host[i].ifindex = star->host[0].ifindex + i;
	}
	/* The port comes up after the host's end: then its carrier is there at once. */
	for (int i = 0; i < count; i++) {
		expect(star->host[i].fd, 'c');
		nl_up(star->nl, star->host[i].ifindex);
	}
	for (int i = 0; i < count; i++) {
		while (!star->host[i].is_up || !star->host[i].forwards)
			nl_events(star->events, see_port, star);
		expect(star->host[i].fd, 'u');
	}
}

void star_end(struct star *star)
{
	for (int i = 0; i < star->count; i++)
		kill(star->host[i].pid, SIGKILL);
	for (int i = 0; i < star->count; i++)
		waitpid(star->host[i].pid, NULL, 0);
	for (int i = 0; i < star->count; i++)
		close(star->host[i].fd);
	free(star->host);
}
