/* A question is a length, a type and strings; one is on its way at a time. */
#include "ssh_agent.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	ASK_KEYS = 11,
	KEYS = 12,
	ASK_SIGNATURE = 13,
	SIGNATURE = 14,
	ANSWER_MAX = 256 << 10, /* as OpenSSH's */
	KEYS_MAX = 256
};

int ssh_agent_open(struct ssh_agent *agent, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	*agent = (struct ssh_agent){ .fd = -1 };
	if (strlen(path) >= sizeof at.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path));
	agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (agent->fd >= 0 && connect(agent->fd, (struct sockaddr *)&at, sizeof at) == 0)
		return 0;
	int why = errno;
	ssh_agent_close(agent);
	errno = why;
	return -1;
}

static void add_string(struct buf *out, const void *bytes, size_t len)
{
	buf_u32(out, (uint32_t)len);
	buf_add(out, bytes, len);
}

void ssh_agent_ask_keys(struct ssh_agent *agent)
{
	buf_clear(&agent->in);
	buf_u32(&agent->out, 1);
	buf_u8(&agent->out, ASK_KEYS);
}

void ssh_agent_ask_signature(struct ssh_agent *agent, const void *blob, size_t blob_len,
			     const void *data, size_t len, uint32_t flags)
{
	buf_clear(&agent->in);
	buf_u32(&agent->out, (uint32_t)(1 + 4 + blob_len + 4 + len + 4));
	buf_u8(&agent->out, ASK_SIGNATURE);
	add_string(&agent->out, blob, blob_len);
	add_string(&agent->out, data, len);
	buf_u32(&agent->out, flags);
}

static int flush(struct ssh_agent *agent)
{
	while (agent->out.len > 0) {
		ssize_t n =
		    send(agent->fd, agent->out.data, agent->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		buf_drop(&agent->out, (size_t)n);
	}
	return 0;
}

int ssh_agent_step(struct ssh_agent *agent, struct cursor *body)
{
	char bytes[4096];

	if (flush(agent) < 0)
		return -1;
	for (;;) {
		struct cursor cursor = cursor_of(agent->in.data, agent->in.len);
		size_t len = agent->in.len >= 4 ? cursor_u32(&cursor) : 1;
		if (len == 0 || len > ANSWER_MAX)
			return -1;
		if (agent->in.len >= 4 + len) {
			*body = cursor_of(agent->in.data + 4, len);
			return 1;
		}
		ssize_t n = recv(agent->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return -1;
		buf_add(&agent->in, bytes, (size_t)n);
	}
}

short ssh_agent_events(const struct ssh_agent *agent)
{
	return agent->out.len > 0 ? POLLIN | POLLOUT : POLLIN;
}

int ssh_agent_count(struct cursor *body)
{
	uint32_t count;

	if (cursor_u8(body) != KEYS)
		return -1;
	count = cursor_u32(body);
	return body->is_failed || count > KEYS_MAX ? -1 : (int)count;
}

const uint8_t *ssh_agent_string(struct cursor *body, size_t *len)
{
	*len = cursor_u32(body);
	return cursor_take(body, *len);
}

const uint8_t *ssh_agent_signature(struct cursor *body, size_t *len)
{
	if (cursor_u8(body) != SIGNATURE)
		return NULL;
	size_t size = cursor_u32(body);
	const uint8_t *whole = cursor_take(body, size);
	if (!whole)
		return NULL;
	struct cursor signature = cursor_of(whole, size);
	ssh_agent_string(&signature, len); /* its type: what was asked for */
	return ssh_agent_string(&signature, len);
}

void ssh_agent_close(struct ssh_agent *agent)
{
	if (agent->fd >= 0)
		close(agent->fd);
	buf_close(&agent->out);
	buf_close(&agent->in);
	*agent = (struct ssh_agent){ .fd = -1 };
}
