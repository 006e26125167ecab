/* The table of backends and the choice among them; streams of hosts on this machine. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "backend.h"
#include "clock.h"
#include "file.h"
#include "proc.h"
#include "step.h"

enum {
	FIRST_FD = 3
};

const struct backend *const backends[] = { &backend_netns, &backend_loopback, &backend_ssh,
					   &backend_aws, NULL };

const struct backend *backend_find(const char *name)
{
	for (size_t i = 0; backends[i]; i++) {
		if (streq(backends[i]->name, name))
			return backends[i];
	}
	return NULL;
}

bool backend_has_machines(const char *name)
{
	const struct backend *backend = backend_find(name);

	return backend && !backend->makes_hosts;
}

static bool is_auto(const char *name)
{
	return streq(name, "auto");
}

const struct backend *backend_first(const char *name, struct err *err)
{
	const struct backend *backend = is_auto(name) ? backends[0] : backend_find(name);

	if (backend)
		return backend;
	err_set(err, ERR_USAGE, "backend %s: unknown; there are auto", name);
	size_t len = strlen(err->text);
	for (size_t i = 0; backends[i] && len < sizeof err->text; i++)
		len += (size_t)snprintf(err->text + len, sizeof err->text - len, ", %s",
					backends[i]->name);
	return NULL;
}

const struct backend *backend_next(const char *name, const struct backend *refused)
{
	for (size_t i = 0; is_auto(name) && backends[i]; i++) {
		if (backends[i] == refused)
			return backends[i + 1] && backends[i + 1]->makes_hosts ? backends[i + 1]
									       : NULL;
	}
	return NULL;
}

const struct backend *backend_choose(const char *name, struct err *err)
{
	const struct backend *backend = backend_first(name, err);
	struct err why;

	if (!backend || !is_auto(name))
		return backend && backend->usable(err) == 0 ? backend : NULL;
	while (backend->usable(&why) < 0 && backend_next(name, backend))
		backend = backend_next(name, backend); /* loopback, the last, works everywhere */
	return backend;
}

int pair_open(int type, int fd[2], struct err *err)
{
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd) < 0)
		return err_sys(err, "socketpair");
	for (size_t i = 0; i < 2; i++) {
		if (fd[i] >= FIRST_FD)
			continue;
		int low = fd[i];
		fd[i] = fcntl(low, F_DUPFD_CLOEXEC, FIRST_FD);
		close(low);
		if (fd[i] < 0) {
			err_sys(err, "socketpair");
			close(fd[1 - i]);
			return -1;
		}
	}
	return 0;
}

int streams_open(struct lab *lab, int *far_fd, struct err *err)
{
	file_allow(2 * lab->nhost);
	for (size_t i = 0; i < lab->nhost; i++)
		far_fd[i] = -1;
	for (size_t i = 0; i < lab->nhost; i++) {
		int fd[2];
		if (pair_open(SOCK_STREAM, fd, err) < 0)
			return -1;
		lab->host[i].read_fd = lab->host[i].write_fd = fd[0];
		far_fd[i] = fd[1];
		if (fcntl(fd[0], F_SETFL, O_NONBLOCK) < 0)
			return err_sys(err, "stream");
	}
	return 0;
}

void streams_close(struct lab *lab)
{
	for (size_t i = 0; i < lab->nhost; i++) {
		struct host_stream *host = &lab->host[i];
		if (host->read_fd >= 0)
			close(host->read_fd);
		if (host->write_fd >= 0 && host->write_fd != host->read_fd)
			close(host->write_fd);
		host->read_fd = host->write_fd = -1;
	}
}

int child_wait(pid_t pid, int64_t deadline_ns)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = { .fd = fd, .events = POLLIN };
	pid_t got;

	int ended = -1; /* no pidfd: waits however long it takes */

	while (fd >= 0 && (ended = poll(&end, 1, clock_left_ms(deadline_ns))) < 0 && errno == EINTR)
		;
	if (fd >= 0)
		close(fd);
	do /* of one that is traced the end is seen before it can be waited for */
		got = waitpid(pid, NULL, ended == 0 ? WNOHANG : 0);
	while (got < 0 && errno == EINTR);
	return got == 0 ? -1 : 0;
}

ssize_t stream_read(struct lab *lab, size_t host, void *buf, size_t len)
{
	return recv(lab->host[host].read_fd, buf, len, 0);
}

ssize_t stream_write(struct lab *lab, size_t host, const void *buf, size_t len)
{
	return send(lab->host[host].write_fd, buf, len, MSG_NOSIGNAL);
}

unsigned tool_offers(void)
{
	char path[256];

	return proc_find("tcpdump", path, sizeof path) == 0 ? NEED_TCPDUMP : 0;
}

unsigned private_offers(void)
{
	char path[256];
	unsigned offers = NEED_CAPTURE | NEED_COUNTERS | NEED_PORTS | NEED_SYSCTL | NEED_CHANGES;

	if (proc_find("nft", path, sizeof path) == 0)
		offers |= NEED_FIREWALL;
	return offers | tool_offers();
}
