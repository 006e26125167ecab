/* libssh2's send and recv, and the way out. */
#include "ssh_wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

static void lose(struct ssh_wire *wire, int error)
{
	if (wire->error)
		return;
	wire->error = error;
	wire->news++;
}

static ssize_t take_channel(struct ssh_wire *wire, void *bytes, size_t len)
{
	ssize_t n = wire->lib->channel_read_ex(wire->channel, 0, bytes, len);

	if (n > 0)
		return n;
	if ((n < 0 && n != LIBSSH2_ERROR_EAGAIN) || wire->lib->channel_eof(wire->channel))
		lose(wire, ECONNRESET);
	else if (wire_error(wire->below))
		lose(wire, wire_error(wire->below));
	return -1;
}

/* An sshd that forwards alone leaves Nagle's algorithm on: its second small packet waits for the
 * ACK of the first, which we would delay by 40 ms. It lasts for some packets, so it is said each
 * time. */
static void acknowledge(int fd)
{
	const int now = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &now, sizeof now);
}

static ssize_t take_socket(struct ssh_wire *wire, void *bytes, size_t len)
{
	ssize_t n = recv(wire->fd, bytes, len, MSG_DONTWAIT);

	if (n == 0)
		lose(wire, ECONNRESET);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		lose(wire, errno);
	else if (n > 0 && wire->is_carrier)
		acknowledge(wire->fd);
	return n;
}

static LIBSSH2_RECV_FUNC(receive)
{
	struct ssh_wire *wire = *abstract;
	ssize_t n;

	(void)socket, (void)flags;
	if (wire->is_closing)
		return -ECONNRESET;
	if (wire->error)
		return -EAGAIN;
	n = wire->below ? take_channel(wire, buffer, length) : take_socket(wire, buffer, length);
	if (n <= 0)
		return -EAGAIN;
	wire->news++;
	return n;
}

static LIBSSH2_SEND_FUNC(transmit)
{
	struct ssh_wire *wire = *abstract;

	(void)socket, (void)flags;
	if (wire->out.len > WIRE_MAX)
		lose(wire, ENOBUFS);
	if (!wire->error && !wire->is_closing)
		buf_add(&wire->out, buffer, length);
	return (ssize_t)length;
}

/* libssh2 takes functions as void *. */
static void set_callback(LIBSSH2_SESSION *session, const struct ssh_lib *lib, int which,
			 void (*call)(void))
{
	void *pointer;

	memcpy(&pointer, &call, sizeof pointer);
	lib->session_callback_set(session, which, pointer);
}

LIBSSH2_SESSION *wire_session(struct ssh_wire *wire)
{
	LIBSSH2_SESSION *session = wire->lib->session_init_ex(NULL, NULL, NULL, wire);

	if (!session)
		return NULL;
	wire->lib->session_set_blocking(session, 0);
	set_callback(session, wire->lib, LIBSSH2_CALLBACK_RECV, (void (*)(void))receive);
	set_callback(session, wire->lib, LIBSSH2_CALLBACK_SEND, (void (*)(void))transmit);
	return session;
}

/* Bytes that went out, 0: none for now. */
static size_t give(struct ssh_wire *wire, const char *bytes, size_t len)
{
	ssize_t n;

	if (!wire->below) {
		n = send(wire->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			lose(wire, errno);
		return n > 0 ? (size_t)n : 0;
	}
	if (wire_is_full(wire->below))
		return 0;
	n = wire->lib->channel_write_ex(wire->channel, 0, bytes, len);
	if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
		lose(wire, ECONNRESET);
	return n > 0 ? (size_t)n : 0;
}

void wire_flush(struct ssh_wire *wire)
{
	size_t done = 0, n;

	while (done < wire->out.len && !wire->error) {
		n = give(wire, wire->out.data + done, wire->out.len - done);
		if (n == 0)
			break;
		done += n;
	}
	buf_drop(&wire->out, done);
	if (wire->below)
		wire_flush(wire->below);
}

bool wire_is_full(const struct ssh_wire *wire)
{
	return wire->out.len >= WIRE_FULL;
}

int wire_error(const struct ssh_wire *wire)
{
	return wire->error || !wire->below ? wire->error : wire_error(wire->below);
}

int wire_fd(const struct ssh_wire *wire, short *events)
{
	while (wire->below)
		wire = wire->below;
	*events = wire->out.len > 0 ? POLLIN | POLLOUT : POLLIN;
	return wire->fd;
}

uint64_t wire_news(const struct ssh_wire *wire)
{
	return wire->news + (wire->below ? wire_news(wire->below) : 0);
}
