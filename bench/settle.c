/* Waits for the kernel to be done with the namespaces of a run, by seeing one more go after them.
 */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <net/if.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "measure.h"
#include "nl.h"

enum {
	SETTLE_MS = 60000
};

struct own {
	int index;
	bool is_gone;
};

static void see(const struct nl_link *link, void *data)
{
	struct own *own = data;

	own->is_gone |= link->type == RTM_DELLINK && link->index == own->index;
}

static void one_round(int nl, int events)
{
	struct own own = { 0 };
	char byte = 0;
	int pair[2];

	if (pipe(pair) < 0)
		die("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) < 0 || write(pair[1], "n", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pair[1]);
	if (pid < 0 || read(pair[0], &byte, 1) != 1)
		die("a namespace to see go");
	close(pair[0]);
	nl_veth(nl, "settle", 0, pid);
	own.index = (int)if_nametoindex("settle");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (!own.is_gone)
		nl_events(events, see, &own);
}

int settle_start(void)
{
	char byte = 0;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		close(pair[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || unshare(CLONE_NEWNET) < 0)
			_exit(1);
		int nl = nl_open(0), events = nl_open(RTMGRP_LINK);
		do {
			one_round(nl, events);
		} while (write(pair[1], &byte, 1) == 1 && read(pair[1], &byte, 1) == 1);
		_exit(0);
	}
	close(pair[1]);
	if (pid > 0 && read(pair[0], &byte, 1) == 1)
		return pair[0];
	close(pair[0]);
	return -1;
}

int settle(int fd)
{
	struct pollfd answer = { .fd = fd, .events = POLLIN };
	char byte = 0;

	if (fd < 0)
		return 0;
	if (write(fd, &byte, 1) != 1 || poll(&answer, 1, SETTLE_MS) != 1)
		return -1;
	return read(fd, &byte, 1) == 1 ? 0 : -1;
}
