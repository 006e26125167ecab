/* Connect, send and receive on non-blocking sockets: each call is measured and has a deadline. */
#include "client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "clock.h"
#include "errname.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

const char *outcome_result(const struct outcome *outcome)
{
	switch (outcome->kind) {
	case OUTCOME_OK:
		return "ok";
	case OUTCOME_ERRNO:
		return errname(outcome->number);
	case OUTCOME_TIMEOUT:
		return "TIMEOUT";
	case OUTCOME_EOF:
		return "EOF";
	case OUTCOME_BROKEN:
		return "EPROTO";
	case OUTCOME_STOPPED:
		break;
	}
	return "error";
}

static void begin(struct outcome *outcome)
{
	*outcome = (struct outcome){ .start_ns = clock_mono_ns() };
}

/* Ends the outcome; text NULL: by the kind. */
static void end(struct outcome *outcome, enum outcome_kind kind, int number, const char *text)
{
	static const char *const texts[] = {
		[OUTCOME_OK] = "",
		[OUTCOME_TIMEOUT] = "no answer in the time given",
		[OUTCOME_EOF] = "the peer closed the connection",
		[OUTCOME_STOPPED] = "stopped",
	};

	outcome->took_ns = clock_mono_ns() - outcome->start_ns;
	outcome->kind = kind;
	outcome->number = number;
	if (text == NULL)
		text = kind == OUTCOME_ERRNO ? strerror(number) : texts[kind];
	snprintf(outcome->text, sizeof outcome->text, "%.255s", text);
}

static int wait_for(struct client *client, short events, int64_t deadline_ns)
{
	if (client->wait != NULL)
		return client->wait(client->context, client->fd, events, deadline_ns);
	for (;;) {
		struct pollfd poll_fd = { .fd = client->fd, .events = events };
		int n =
		    poll(&poll_fd, 1, deadline_ns == INT64_MAX ? -1 : clock_left_ms(deadline_ns));

		if (n > 0)
			return 1;
		if (n == 0 && clock_mono_ns() >= deadline_ns)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
	}
}

/* true: ready; else the outcome is ended. */
static bool is_ready(struct client *client, short events, int64_t deadline_ns,
		     struct outcome *outcome)
{
	int rc = wait_for(client, events, deadline_ns);

	if (rc > 0)
		return true;
	end(outcome, rc == 0 ? OUTCOME_TIMEOUT : OUTCOME_STOPPED, 0, NULL);
	return false;
}

static int prepare(struct client *client, const struct connect_options *options)
{
	struct sockaddr_storage sa;
	int on = 1;

	client->peer = options->target;
	client->local = (struct addr){ 0 };
	client->fd = socket(options->target.family == 6 ? AF_INET6 : AF_INET,
			    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return -1;
	if (options->syn_retries >= 0 &&
	    setsockopt(client->fd, IPPROTO_TCP, TCP_SYNCNT, &options->syn_retries,
		       sizeof options->syn_retries) < 0)
		return -1;
	if (options->from.family == 0 || options->from.family != options->target.family)
		return 0;
	/* The port is then chosen by connect(), by the four-tuple, as for everybody else. */
	if (options->from.port == 0)
		(void)setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	return bind(client->fd, (struct sockaddr *)&sa, addr_to_sockaddr(&options->from, &sa));
}

/* The local end as it is now: after a refusal the port may be gone. */
static void read_local(struct client *client)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	/* Without a route no port was chosen: then there is no local end to tell. */
	if (getsockname(client->fd, (struct sockaddr *)&sa, &len) < 0 ||
	    addr_from_sockaddr(&client->local, &sa) < 0 || client->local.port == 0)
		client->local = (struct addr){ 0 };
}

/* After EINPROGRESS: 0 when the kernel has decided (number is set), -1 when the outcome is ended.
 */
static int await_connect(struct client *client, const struct connect_options *options, int *number,
			 struct outcome *outcome)
{
	struct pollfd poll_fd = { .fd = client->fd, .events = POLLOUT };
	socklen_t len = sizeof *number;

	if (poll(&poll_fd, 1, 0) == 0) {
		if (options->connecting != NULL)
			options->connecting(client->context, client);
		if (!is_ready(client, POLLOUT, options->deadline_ns, outcome))
			return -1;
	}
	if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, number, &len) < 0)
		*number = errno;
	return 0;
}

void client_connect(struct client *client, const struct connect_options *options,
		    struct outcome *outcome)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&options->target, &sa);
	int number = 0;

	begin(outcome);
	if (prepare(client, options) < 0) {
		end(outcome, OUTCOME_ERRNO, errno, NULL);
		client_close(client);
		return;
	}
	begin(outcome); /* connect alone */
	if (connect(client->fd, (struct sockaddr *)&sa, len) < 0)
		number = errno;
	read_local(client);
	if (number == EINPROGRESS && await_connect(client, options, &number, outcome) < 0) {
		client_close(client);
		return;
	}
	end(outcome, number == 0 ? OUTCOME_OK : OUTCOME_ERRNO, number, NULL);
	if (number != 0)
		client_close(client);
}

void client_send(struct client *client, const void *bytes, size_t len, int64_t deadline_ns,
		 struct outcome *outcome)
{
	const char *at = bytes;

	begin(outcome);
	while (len > 0) {
		ssize_t n = send(client->fd, at, len, MSG_NOSIGNAL);

		if (n >= 0) {
			at += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (!is_ready(client, POLLOUT, deadline_ns, outcome))
				return;
		} else if (errno != EINTR) {
			end(outcome, OUTCOME_ERRNO, errno, NULL);
			return;
		}
	}
	end(outcome, OUTCOME_OK, 0, NULL);
}

void client_receive(struct client *client, struct message *message, int64_t deadline_ns,
		    struct outcome *outcome)
{
	struct err err = { 0 };

	begin(outcome);
	for (;;) {
		int rc = message_peek(&client->in, message, &err);
		ssize_t n;

		if (rc != 0) {
			end(outcome, rc > 0 ? OUTCOME_OK : OUTCOME_BROKEN, 0,
			    rc > 0 ? NULL : err.text);
			return;
		}
		buf_reserve(&client->in, 4096);
		n = recv(client->fd, client->in.data + client->in.len, 4096, 0);
		if (n > 0) {
			client->in.len += (size_t)n;
		} else if (n == 0) {
			if (client->in.len == 0)
				end(outcome, OUTCOME_EOF, 0, NULL);
			else
				end(outcome, OUTCOME_BROKEN, 0,
				    (message_cut(&client->in, &err), err.text));
			return;
		} else if (errno == EAGAIN) {
			if (!is_ready(client, POLLIN, deadline_ns, outcome))
				return;
		} else if (errno != EINTR) {
			end(outcome, OUTCOME_ERRNO, errno, NULL);
			return;
		}
	}
}

void client_took(struct client *client, const struct message *message)
{
	buf_drop(&client->in, message_size(message));
}

int client_message(struct buf *out, int number, const char *name, struct err *err)
{
	struct buf text = { 0 };
	int rc;

	buf_printf(&text, "Message #%d from client %s", number, name);
	rc = message_put(out, MESSAGE_TEXT, text.data, text.len, err);
	buf_close(&text);
	return rc;
}

enum peer_state client_peer(const struct client *client, int *number)
{
	struct pollfd poll_fd = { .fd = client->fd, .events = POLLRDHUP };
	socklen_t len = sizeof *number;

	*number = 0;
	if (poll(&poll_fd, 1, 0) <= 0)
		return PEER_THERE;
	if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, number, &len) == 0 && *number != 0)
		return PEER_RST;
	return PEER_FIN;
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	buf_close(&client->in);
}
