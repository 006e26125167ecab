/* The server's loop: one pollfd a connection, bounded buffers, answers in order. */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "clock.h"

enum {
	BUFFERED_MAX = 256 * 1024, /* a client that does not read its answers is not read either */
	SPARE_FDS = 32,
	PAUSE_MS = 100,
};

static int make_listener(struct server *server, const struct server_options *options,
			 const char **call)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&options->address, &sa);
	int on = 1;

	*call = "socket";
	server->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->fd < 0)
		return errno;
	*call = "setsockopt";
	if (options->does_reuse_address &&
	    setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return errno;
	if (options->does_reuse_port &&
	    setsockopt(server->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0)
		return errno;
	*call = "bind";
	if (bind(server->fd, (struct sockaddr *)&sa, len) < 0)
		return errno;
	*call = "listen";
	if (listen(server->fd, options->backlog) < 0)
		return errno;
	len = sizeof sa;
	*call = "getsockname";
	if (getsockname(server->fd, (struct sockaddr *)&sa, &len) < 0)
		return errno;
	return addr_from_sockaddr(&server->address, &sa) < 0 ? EAFNOSUPPORT : 0;
}

int server_open(struct server *server, const struct server_options *options,
		const struct server_events *events, void *context, const char **call)
{
	struct rlimit files = { 0 };
	int number;

	*server = (struct server){
		.fd = -1,
		.delay_ns = options->delay_ns,
		.limit = SERVER_CONNECTIONS,
		.events = events,
		.context = context,
	};
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur < SERVER_CONNECTIONS + SPARE_FDS)
		server->limit =
		    files.rlim_cur > 2 * SPARE_FDS ? files.rlim_cur - SPARE_FDS : SPARE_FDS;
	/* Not cleared: each is set when it is taken, and most pages are never touched. */
	server->connection = reallocarray(NULL, server->limit, sizeof *server->connection);
	server->poll = reallocarray(NULL, server->limit + 2, sizeof *server->poll);
	*call = "malloc";
	number = server->connection == NULL || server->poll == NULL ? ENOMEM : 0;
	if (number == 0)
		number = make_listener(server, options, call);
	if (number != 0)
		server_close(server);
	return number;
}

static void drop_connection(struct server *server, size_t index)
{
	struct server_connection *connection = &server->connection[index];

	close(connection->fd);
	buf_close(&connection->in);
	buf_close(&connection->out);
	*connection = server->connection[--server->count];
	server->connection[server->count] = (struct server_connection){ .fd = -1 };
	server->resume_ns = 0;
}

void server_close(struct server *server)
{
	while (server->count > 0)
		drop_connection(server, server->count - 1);
	if (server->fd >= 0)
		close(server->fd);
	free(server->connection);
	free(server->poll);
	*server = (struct server){ .fd = -1 };
}

static void tell_closed(struct server *server, struct server_connection *connection,
			const char *how, int number, const char *text)
{
	if (!connection->is_ending && server->events->closed != NULL)
		server->events->closed(server->context, connection, how, number, text);
	connection->is_ending = true;
}

/* Accepts until there is nobody or no room. */
static int accept_all(struct server *server)
{
	int accepted = 0;

	while (server->count < server->limit) {
		struct sockaddr_storage peer, local;
		socklen_t peer_len = sizeof peer, local_len = sizeof local;
		int fd = accept4(server->fd, (struct sockaddr *)&peer, &peer_len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct server_connection *connection;

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0) {
			/* Out of descriptors or memory: accept again when one was closed, or soon.
			 */
			if (errno != EAGAIN)
				server->resume_ns = clock_after_ms(PAUSE_MS);
			break;
		}
		connection = &server->connection[server->count++];
		*connection = (struct server_connection){ .fd = fd, .number = ++server->naccepted };
		(void)addr_from_sockaddr(&connection->peer, &peer);
		if (getsockname(fd, (struct sockaddr *)&local, &local_len) == 0)
			(void)addr_from_sockaddr(&connection->local, &local);
		if (server->events->accepted != NULL)
			server->events->accepted(server->context, connection);
		accepted++;
	}
	return accepted;
}

/* Answers the messages that are whole and due. */
static void answer_messages(struct server *server, struct server_connection *connection)
{
	while (!connection->is_ending && connection->out.len < BUFFERED_MAX) {
		struct message message;
		struct err err = { 0 };
		int rc = message_peek(&connection->in, &message, &err);

		if (rc == 0)
			return;
		if (rc < 0) {
			tell_closed(server, connection, "error", 0, err.text);
			return;
		}
		if (connection->due_ns == 0) {
			if (connection->name[0] == '\0')
				(void)message_name(&message, connection->name,
						   sizeof connection->name);
			if (server->events->message != NULL)
				server->events->message(server->context, connection, &message);
			connection->due_ns = clock_mono_ns() + server->delay_ns;
		}
		if (server->delay_ns > 0 && clock_mono_ns() < connection->due_ns)
			return;
		connection->due_ns = 0;
		if (message_answer(&connection->out, &message, &err) < 0)
			tell_closed(server, connection, "error", 0, err.text);
		else
			buf_drop(&connection->in, message_size(&message));
	}
}

/* false: the connection is over at once (nothing can be sent any more). */
static bool write_out(struct server *server, struct server_connection *connection)
{
	while (connection->out.len > 0) {
		ssize_t n =
		    send(connection->fd, connection->out.data, connection->out.len, MSG_NOSIGNAL);

		if (n >= 0)
			buf_drop(&connection->out, (size_t)n);
		else if (errno == EAGAIN)
			return true;
		else if (errno != EINTR) {
			tell_closed(server, connection, "RST", errno, strerror(errno));
			return false;
		}
	}
	return !connection->is_ending;
}

/* One read; false: the connection is over at once. */
static bool read_in(struct server *server, struct server_connection *connection)
{
	struct err err = { 0 };
	ssize_t n;

	if (connection->is_ending)
		return true;
	buf_reserve(&connection->in, 16384);
	n = recv(connection->fd, connection->in.data + connection->in.len, 16384, 0);
	if (n > 0) {
		connection->in.len += (size_t)n;
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0) {
		tell_closed(server, connection, "RST", errno, strerror(errno));
		return false;
	}
	if (connection->in.len > 0 && connection->due_ns == 0) {
		message_cut(&connection->in, &err);
		tell_closed(server, connection, "error", 0, err.text);
	}
	tell_closed(server, connection, "FIN", 0, "");
	return true;
}

static bool wants_read(const struct server_connection *connection)
{
	return !connection->is_ending && connection->due_ns == 0 &&
	       connection->out.len < BUFFERED_MAX;
}

/* Fills the poll set: connections in order, then listener, then extra. Returns the next time at
 * which something is due without any traffic. */
static int64_t fill_poll(struct server *server, int extra, int64_t deadline_ns)
{
	bool can_accept = server->count < server->limit && server->resume_ns == 0;

	for (size_t i = 0; i < server->count; i++) {
		struct server_connection *connection = &server->connection[i];
		int events = wants_read(connection) ? POLLIN : 0;

		if (connection->out.len > 0)
			events |= POLLOUT;
		server->poll[i] = (struct pollfd){ .fd = connection->fd, .events = (short)events };
		if (connection->due_ns != 0 && connection->due_ns < deadline_ns)
			deadline_ns = connection->due_ns;
	}
	server->poll[server->count] =
	    (struct pollfd){ .fd = can_accept ? server->fd : -1, .events = POLLIN };
	server->poll[server->count + 1] = (struct pollfd){ .fd = extra, .events = POLLIN };
	if (server->resume_ns != 0 && server->resume_ns < deadline_ns)
		deadline_ns = server->resume_ns;
	return deadline_ns;
}

/* true: something happened on it. Backwards over the set, so that dropping one keeps the rest. */
static bool serve_connection(struct server *server, size_t index)
{
	struct server_connection *connection = &server->connection[index];
	short revents = server->poll[index].revents;
	bool is_due = connection->due_ns != 0 && clock_mono_ns() >= connection->due_ns;
	bool is_open = true;

	if (revents == 0 && !is_due)
		return false;
	/* A hang-up is learnt by reading, also from one that waits for its answer. */
	if ((revents & POLLIN) != 0 || (revents & (POLLERR | POLLHUP)) != 0)
		is_open = read_in(server, connection);
	/* Again while the socket takes what answers there are: no event tells of messages in `in`.
	 */
	for (size_t before = SIZE_MAX; is_open && connection->in.len < before;) {
		before = connection->in.len;
		answer_messages(server, connection);
		is_open = write_out(server, connection);
		if (connection->out.len > 0)
			break;
	}
	if (!is_open)
		drop_connection(server, index);
	return true;
}

int server_poll(struct server *server, int extra, int64_t deadline_ns)
{
	for (;;) {
		int64_t next_ns = fill_poll(server, extra, deadline_ns);
		size_t count = server->count;
		int handled = 0;
		int n = poll(server->poll, count + 2,
			     next_ns == INT64_MAX ? -1 : clock_left_ms(next_ns));
		bool is_extra, has_callers;

		if (n < 0 && errno != EINTR)
			return -1;
		if (n < 0)
			return 1; /* a signal: the caller looks */
		is_extra = server->poll[count + 1].revents != 0;
		has_callers = server->poll[count].revents != 0;
		for (size_t i = count; i-- > 0;)
			handled += serve_connection(server, i);
		if (server->resume_ns != 0 && clock_mono_ns() >= server->resume_ns)
			server->resume_ns = 0;
		if (has_callers)
			handled += accept_all(server);
		if (is_extra)
			return 2;
		if (handled > 0)
			return 1;
		if (clock_mono_ns() >= deadline_ns)
			return 0;
	}
}

static bool is_idle(const struct server *server)
{
	for (size_t i = 0; i < server->count; i++)
		if (server->connection[i].out.len > 0 || server->connection[i].due_ns != 0)
			return false;
	return true;
}

bool server_drain(struct server *server, int64_t deadline_ns)
{
	for (;;) {
		int rc = server_poll(server, -1, clock_mono_ns());

		if (rc == 0 && is_idle(server))
			return true;
		if (clock_mono_ns() >= deadline_ns)
			return false;
		if (rc == 0)
			rc = server_poll(server, -1, deadline_ns);
		if (rc < 0)
			return false;
	}
}
