/* What went wrong is told in the words of lab's own diagnosis: refused, no answer, no route. */
#include "ssh_dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "clock.h"
#include "transport.h"

enum {
	/* A silent cut is noticed 8 s after the last byte, whether something is on its way or not:
	 * where TCP_USER_TIMEOUT is set it decides for the keepalive probes as well. */
	ALIVE_IDLE_S = 2,
	ALIVE_EVERY_S = 2,
	ALIVE_COUNT = 3,
	UNACKED_MS = 7500,
	EACH_MS = 3000 /* for an address that has others behind it */
};

void ssh_dial_begin(struct ssh_dial *dial, const struct target *target)
{
	*dial = (struct ssh_dial){
		.target = target,
		.lookup.fd = -1,
		.fd = -1,
		.phase = "name look-up",
		.deadline_ns = clock_after_ms(PHASE_CONNECT_MS),
	};
}

static const char *why_not(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "refused: the machine is there, and no sshd listens on that port";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "no route: nobody on the way knows that address, or it is off";
	case ETIMEDOUT:
		return "no answer: it is off, or something on the way drops what is sent";
	default:
		return strerror(error);
	}
}

static int no_connection(const struct ssh_dial *dial, int error, struct err *err)
{
	char text[ADDR_TEXT];

	return err_set(err, ERR_BROKE, "%s: connect to %s: %s", dial->target->name,
		       addr_text(&dial->address[dial->at], text), why_not(error));
}

static void keep_alive(int fd)
{
	const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, ALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, ALIVE_EVERY_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, ALIVE_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS },
	};

	for (size_t i = 0; i < COUNT(options); i++) /* what a kernel lacks pings make up for */
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
				 sizeof options[i].value);
}

static void drop_socket(struct ssh_dial *dial)
{
	if (dial->fd >= 0)
		close(dial->fd);
	dial->fd = -1;
}

/* The address that is next, or the error of the last one. */
static int try_address(struct ssh_dial *dial, struct err *err)
{
	struct sockaddr_storage sa;
	int error = 0;

	for (; dial->at < dial->count; dial->at++) {
		bool is_last = dial->at + 1 == dial->count;
		struct addr *address = &dial->address[dial->at];
		address->port = (uint16_t)dial->target->port;
		socklen_t len = addr_to_sockaddr(address, &sa);

		dial->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		dial->phase = "connect";
		dial->deadline_ns = clock_after_ms(is_last ? PHASE_CONNECT_MS : EACH_MS);
		/* Without a socket of its family (no IPv6 here) the next may be reached. */
		if (dial->fd >= 0 &&
		    (connect(dial->fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS))
			return 0;
		error = errno;
		drop_socket(dial);
		if (is_last)
			break;
	}
	return no_connection(dial, error, err);
}

static int look_up(struct ssh_dial *dial, struct err *err)
{
	const char *name = dial->target->address;

	if (addr_parse(&dial->address[0], name, 0) == 0) {
		dial->count = 1;
		return try_address(dial, err);
	}
	if (dial->lookup.fd < 0 && ssh_lookup_begin(&dial->lookup, name, err) < 0)
		return err_in(err, "%s", dial->target->name);
	int count = ssh_lookup_step(&dial->lookup, name, dial->address, err);
	if (count < 0)
		return err_in(err, "%s", dial->target->name);
	if (count == 0 && clock_left_ms(dial->deadline_ns) == 0)
		return err_set(err, ERR_BROKE, "%s: looking up %s: no answer in %d s",
			       dial->target->name, name, PHASE_CONNECT_MS / 1000);
	if (count == 0)
		return 0;
	ssh_lookup_close(&dial->lookup);
	dial->count = count;
	return try_address(dial, err);
}

int ssh_dial_step(struct ssh_dial *dial, struct err *err)
{
	if (dial->count == 0 && (look_up(dial, err) < 0))
		return -1;
	if (dial->count == 0)
		return 0;
	for (;;) {
		struct pollfd done = { .fd = dial->fd, .events = POLLOUT };
		int error = 0;
		socklen_t len = sizeof error;

		if (poll(&done, 1, 0) > 0) {
			if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
				error = errno;
			if (error == 0) {
				keep_alive(dial->fd);
				return 1;
			}
		} else if (clock_left_ms(dial->deadline_ns) == 0) {
			error = ETIMEDOUT;
		} else {
			return 0;
		}
		drop_socket(dial);
		if (dial->at + 1 == dial->count)
			return no_connection(dial, error, err);
		dial->at++;
		if (try_address(dial, err) < 0)
			return -1;
	}
}

int ssh_dial_fd(const struct ssh_dial *dial, short *events)
{
	*events = dial->count == 0 ? POLLIN : POLLOUT;
	return dial->count == 0 ? dial->lookup.fd : dial->fd;
}

void ssh_dial_close(struct ssh_dial *dial)
{
	ssh_lookup_close(&dial->lookup);
	drop_socket(dial);
}
