/* The least that reaches many machines: libssh2 sessions in one poll loop, each with a program and
 * perhaps a file for its input.   ssh KEY FILE|- COMMAND, addresses on standard input
 * Prints `ready N` when every program has ended with 0. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libssh2.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MOST = 256,
	WAIT_MS = 20000
};

enum state {
	CONNECT,
	HANDSHAKE,
	AUTH,
	OPEN,
	EXEC,
	WRITE,
	END_INPUT,
	READ,
	CLOSE,
	DONE
};

struct machine {
	char ip[64];
	int fd;
	enum state state;
	size_t written;
	LIBSSH2_SESSION *session;
	LIBSSH2_CHANNEL *channel;
};

struct work {
	const char *user, *key, *command;
	char *file;
	size_t len;
};

static int begin(struct machine *m)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(22) };
	int yes = 1;

	m->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (m->fd < 0 || inet_pton(AF_INET, m->ip, &to.sin_addr) != 1)
		return -1;
	setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(m->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		return -1;
	m->session = libssh2_session_init();
	if (!m->session)
		return -1;
	libssh2_session_set_blocking(m->session, 0);
	return 0;
}

static int connected(struct machine *m)
{
	struct pollfd fd = { .fd = m->fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);

	if (poll(&fd, 1, 0) <= 0)
		return LIBSSH2_ERROR_EAGAIN;
	getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error ? -1 : 0;
}

static int write_file(struct machine *m, const struct work *work)
{
	while (m->written < work->len) {
		ssize_t n = libssh2_channel_write(m->channel, work->file + m->written,
						  work->len - m->written);
		if (n < 0)
			return (int)n;
		m->written += (size_t)n;
	}
	return 0;
}

static int read_all(struct machine *m)
{
	char bytes[4096];
	ssize_t n;

	while ((n = libssh2_channel_read(m->channel, bytes, sizeof(bytes))) > 0)
		;
	if (n < 0)
		return (int)n;
	return libssh2_channel_eof(m->channel) ? 0 : LIBSSH2_ERROR_EAGAIN;
}

/* 0: the state is done, LIBSSH2_ERROR_EAGAIN: it waits, else it failed. */
static int step(struct machine *m, const struct work *work)
{
	int rc;

	switch (m->state) {
	case CONNECT:
		return connected(m);
	case HANDSHAKE:
		return libssh2_session_handshake(m->session, m->fd);
	case AUTH:
		return libssh2_userauth_publickey_fromfile(m->session, work->user, NULL, work->key,
							   NULL);
	case OPEN:
		m->channel = libssh2_channel_open_session(m->session);
		return m->channel ? 0 : libssh2_session_last_errno(m->session);
	case EXEC:
		return libssh2_channel_exec(m->channel, work->command);
	case WRITE:
		return write_file(m, work);
	case END_INPUT:
		return libssh2_channel_send_eof(m->channel);
	case READ:
		return read_all(m);
	case CLOSE:
		rc = libssh2_channel_wait_closed(m->channel);
		return rc ? rc : -libssh2_channel_get_exit_status(m->channel);
	case DONE:
		break;
	}
	return 0;
}

static int go_on(struct machine *m, const struct work *work)
{
	while (m->state != DONE) {
		int rc = step(m, work);
		if (rc == LIBSSH2_ERROR_EAGAIN)
			return 0;
		if (rc != 0) {
			fprintf(stderr, "%s: state %d: %d\n", m->ip, (int)m->state, rc);
			return -1;
		}
		m->state++;
	}
	close(m->fd);
	return 1;
}

static short wants(const struct machine *m)
{
	if (m->state == CONNECT)
		return POLLOUT;
	return libssh2_session_block_directions(m->session) & LIBSSH2_SESSION_BLOCK_OUTBOUND
		   ? POLLIN | POLLOUT
		   : POLLIN;
}

static int all(struct machine *m, int count, const struct work *work)
{
	static struct pollfd fds[MOST];
	int done = 0;

	for (int i = 0; i < count; i++)
		fds[i] = (struct pollfd){ .fd = m[i].fd, .events = POLLOUT };
	while (done < count) {
		if (poll(fds, (nfds_t)count, WAIT_MS) <= 0)
			return -1;
		for (int i = 0; i < count; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			int rc = go_on(&m[i], work);
			if (rc < 0)
				return -1;
			done += rc;
			fds[i].fd = rc ? -1 : m[i].fd;
			if (!rc)
				fds[i].events = wants(&m[i]);
		}
	}
	return 0;
}

static int load(struct work *work, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	work->len = (size_t)st.st_size;
	work->file = malloc(work->len);
	bool is_read = work->file && read(fd, work->file, work->len) == (ssize_t)work->len;
	close(fd);
	return is_read ? 0 : -1;
}

int main(int argc, char **argv)
{
	static struct machine machine[MOST];
	const struct passwd *who = getpwuid(getuid());
	struct work work = { 0 };
	int count = 0;

	if (argc != 4 || !who || (strcmp(argv[2], "-") != 0 && load(&work, argv[2]) < 0))
		return 2;
	work.user = who->pw_name;
	work.key = argv[1];
	work.command = argv[3];
	libssh2_init(0);
	while (count < MOST && scanf("%63s", machine[count].ip) == 1)
		if (begin(&machine[count++]) < 0)
			return 1;
	if (all(machine, count, &work) < 0)
		return 1;
	printf("ready %d\n", count);
	return 0;
}
