/* The user's own ssh as the byte stream: for keys, certificates and ways that libssh2 lacks. One
 * process, started from an argument vector in a session of its own; an epoll of its socket, its
 * stderr and its end is what the caller polls. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "arena.h"
#include "clock.h"
#include "file.h"
#include "mem.h"
#include "openssh_words.h"
#include "proc.h"
#include "proc_child.h"
#include "said.h"
#include "transport.h"

enum {
	LOST = 255, /* ssh's own exit status */
	CHUNK = 4096,
	CHUNKS = 16, /* of stderr, at once */
	TAIL = 1024  /* of it, where the reason stands */
};

struct openssh {
	struct stream stream;
	pid_t pid;
	int pidfd, socket, said; /* its end, its stdin and stdout, its stderr; -1 */
	bool is_full;            /* waits for room to write */
	bool has_closed;         /* its output */
	bool has_ended, has_status;
	int status;      /* as waitpid gives it */
	struct buf tail; /* of what was said, whoever took it */
};

static struct openssh *openssh_of(struct stream *stream)
{
	return (struct openssh *)stream; /* its head */
}

static int watch(struct openssh *ssh, int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .fd = fd } };

	return epoll_ctl(ssh->stream.fd, op, fd, &event);
}

/* It has no terminal, so nothing can ask on one; what it cannot be started for is in its words. */
static int start(struct openssh *ssh, const char *path, const char *const *argv, struct err *err)
{
	int near_far[2] = { -1, -1 }, out_in[2] = { -1, -1 };
	char never[] = "SSH_ASKPASS_REQUIRE=never";

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, near_far) == 0 &&
	    pipe2(out_in, O_CLOEXEC) == 0) {
		const struct proc_child child = { .in = near_far[1],
						  .out = near_far[1],
						  .err = out_in[1],
						  .why = -1,
						  .failed = LOST,
						  .variable = never,
						  .has_own_session = true };
		ssh->pid = proc_child_start(path, argv, &child);
	}
	if (ssh->pid <= 0)
		err_sys(err, "ssh");
	ssh->socket = near_far[0];
	ssh->said = out_in[0];
	file_close(&near_far[1]);
	file_close(&out_in[1]);
	return ssh->pid > 0 ? 0 : -1;
}

static int watch_all(struct openssh *ssh, struct err *err)
{
#ifdef SYS_pidfd_open
	ssh->pidfd = (int)syscall(SYS_pidfd_open, ssh->pid, 0);
#endif
	if (ssh->pidfd < 0)
		return err_set(err, ERR_CANNOT,
			       "the transport openssh needs pidfd_open here (Linux 5.3)");
	ssh->stream.fd = epoll_create1(EPOLL_CLOEXEC);
	if (ssh->stream.fd < 0 || fcntl(ssh->socket, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(ssh->said, F_SETFL, O_NONBLOCK) < 0 ||
	    watch(ssh, EPOLL_CTL_ADD, ssh->socket, EPOLLIN) < 0 ||
	    watch(ssh, EPOLL_CTL_ADD, ssh->said, EPOLLIN) < 0 ||
	    watch(ssh, EPOLL_CTL_ADD, ssh->pidfd, EPOLLIN) < 0)
		return err_sys(err, "ssh: poll");
	return 0;
}

static void openssh_close(struct stream *stream);

/* The program and its words: ssh, or on this machine the shell that ssh would find there. NULL with
 * err. */
static const char *const *words_of(const struct target *target, const char *command, char *path,
				   size_t len, struct arena *arena, struct err *err)
{
	bool is_local = target->transport == TRANSPORT_LOCAL;
	const char **words;

	if (proc_find(is_local ? "sh" : "ssh", path, len) < 0) {
		err_set(err, ERR_CANNOT, "%s: %s", target->name,
			is_local ? "there is no sh here"
				 : "ssh is not installed here (openssh-client)");
		return NULL;
	}
	if (!is_local)
		return openssh_words(arena, target, path, command, err);
	words = arena_array(arena, 4, sizeof(const char *));
	words[0] = "sh";
	words[1] = "-c";
	words[2] = arena_dup(arena, command);
	return words;
}

static struct stream *openssh_open(struct jumps *jumps, const struct target *target,
				   const char *command, struct err *err)
{
	struct openssh *ssh;
	struct arena arena = { 0 };
	const char *const *argv;
	char path[4096];
	int bad;

	(void)jumps; /* ssh finds its own way */
	argv = words_of(target, command, path, sizeof path, &arena, err);
	if (!argv) {
		arena_close(&arena);
		return NULL;
	}
	ssh = mem_zeroed(1, sizeof *ssh);
	*ssh = (struct openssh){
		.stream = { .transport = &transport_openssh,
			    .target = target,
			    .fd = -1,
			    .events = POLLIN,
			    .phase = "ssh" },
		.pidfd = -1,
		.socket = -1,
		.said = -1,
	};
	bad = start(ssh, path, argv, err) < 0 || watch_all(ssh, err) < 0;
	arena_close(&arena);
	if (!bad)
		return &ssh->stream;
	err_in(err, "%s", target->name);
	openssh_close(&ssh->stream);
	return NULL;
}

static void keep_tail(struct buf *tail, const char *bytes, size_t len)
{
	buf_add(tail, bytes, len);
	if (tail->len > TAIL)
		buf_drop(tail, tail->len - TAIL);
}

static void hear(struct openssh *ssh)
{
	struct buf *said = &ssh->stream.said;
	char chunk[CHUNK];

	_Static_assert((int)TRANSPORT_SAID_MAX <= (int)CHUNK, "there is room for all of it");
	for (int i = 0; i < CHUNKS && ssh->said >= 0; i++) {
		size_t room = TRANSPORT_SAID_MAX - said->len;
		ssize_t got;

		if (ssh->stream.is_said_taken && room == 0)
			return;
		got = read(ssh->said, chunk, ssh->stream.is_said_taken ? room : sizeof chunk);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got > 0) {
			buf_add(said, chunk, (size_t)got < room ? (size_t)got : room);
			keep_tail(&ssh->tail, chunk, (size_t)got);
		} else if (got == 0 || errno != EINTR)
			file_close(&ssh->said);
	}
}

/* What it started (a ProxyCommand) is in its process group and ends with it. */
static void reap(struct openssh *ssh, int flags)
{
	struct pollfd end = { .fd = ssh->pidfd, .events = POLLIN };
	pid_t pid;

	if (ssh->has_ended || (flags == WNOHANG && poll(&end, 1, 0) == 0))
		return;
	kill(-ssh->pid, SIGKILL);
	do
		pid = waitpid(ssh->pid, &ssh->status, flags);
	while (pid < 0 && errno == EINTR);
	ssh->has_ended = pid != 0;
	ssh->has_status = pid == ssh->pid;
	if (ssh->has_ended)
		file_close(&ssh->pidfd);
	hear(ssh);
}

static bool is_lost(const struct openssh *ssh)
{
	return !ssh->has_status || (WIFEXITED(ssh->status) && WEXITSTATUS(ssh->status) == LOST) ||
	       WIFSIGNALED(ssh->status);
}

static int openssh_advance(struct stream *stream, struct err *err)
{
	(void)err;
	stream->phase = "open";
	return 1;
}

static ssize_t openssh_read(struct stream *stream, void *buf, size_t len)
{
	struct openssh *ssh = openssh_of(stream);
	ssize_t got = -1;

	hear(ssh);
	reap(ssh, WNOHANG); /* first: then all that it wrote is there */
	while (!ssh->has_closed && (got = recv(ssh->socket, buf, len, 0)) < 0 && errno == EINTR)
		;
	if (got > 0)
		return got;
	if (!ssh->has_closed && (got == 0 || errno != EAGAIN || ssh->has_ended)) {
		ssh->has_closed = true;
		watch(ssh, EPOLL_CTL_DEL, ssh->socket, 0);
	}
	/* Whether it closed or was lost its exit status tells, in a moment. */
	errno = ssh->has_ended ? ECONNRESET : EAGAIN;
	return ssh->has_ended && !is_lost(ssh) ? 0 : -1;
}

static ssize_t openssh_write(struct stream *stream, const void *buf, size_t len)
{
	struct openssh *ssh = openssh_of(stream);
	ssize_t done;
	bool is_full;

	hear(ssh);
	do
		done = send(ssh->socket, buf, len, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	is_full = done < 0 && errno == EAGAIN;
	if (is_full != ssh->is_full && !ssh->has_closed) {
		int why = errno;

		watch(ssh, EPOLL_CTL_MOD, ssh->socket, is_full ? EPOLLIN | EPOLLOUT : EPOLLIN);
		ssh->is_full = is_full;
		errno = why;
	}
	return done;
}

/* ssh ended without the program's status: its own words. */
static int lost(const struct openssh *ssh, struct err *err)
{
	static const struct {
		const char *words, *mend;
		const char *said; /* instead of ssh's, which begin with how to take the new key */
	} own[] = {
		{ "has changed and you have requested strict checking",
		  "nothing was sent; somebody may be in between; to see where the old one stands",
		  "its host key has changed" },
		{ "Host key verification failed", "its key is not the one known here, or none is",
		  NULL },
		{ "Permission denied (", "no key is accepted, and passwords are never asked for",
		  NULL },
		{ "Could not resolve hostname", "there is no such name, or no name server answers",
		  NULL },
		{ "Bad configuration option", "~/.ssh/config does not fit this ssh", NULL },
	};
	const struct target *target = ssh->stream.target;
	char words[SAID_WORDS], why[200] = "";
	const char *said;

	said_words(ssh->tail.data, words);
	said = starts_with(words, "ssh: ") ? words + strlen("ssh: ") : words;
	if (target->why)
		snprintf(why, sizeof why, " (by ssh itself: %s)", target->why);
	for (size_t i = 0; i < COUNT(own); i++) {
		if (strstr(words, own[i].words))
			return err_set(err, ERR_CANNOT, "%s: ssh: %s (%s: try `%s %s%s`)%s",
				       target->name, own[i].said ? own[i].said : said, own[i].mend,
				       target->is_alias ? "ssh" : "lab ssh", target->name,
				       target->is_alias ? " true" : " -- true", why);
	}
	if (!words[0] && WIFSIGNALED(ssh->status))
		return err_set(err, ERR_BROKE, "%s: ssh was ended by signal %d%s", target->name,
			       WTERMSIG(ssh->status), why);
	return err_set(
	    err, ERR_BROKE, "%s: ssh: %s%s", target->name,
	    words[0] ? said : "the connection was lost, or a signal ended the program there", why);
}

static int openssh_finish(struct stream *stream, int *status, struct err *err)
{
	struct openssh *ssh = openssh_of(stream);
	char chunk[CHUNK];
	ssize_t got = 1;

	if (!streq(stream->phase, "finish")) {
		stream->phase = "finish";
		stream->deadline_ns = clock_after_ms(PHASE_FINISH_MS);
		shutdown(ssh->socket, SHUT_WR);
	}
	for (int i = 0; i < CHUNKS && got > 0; i++)
		got = openssh_read(stream, chunk, sizeof chunk);
	if (!ssh->has_ended && clock_left_ms(stream->deadline_ns) == 0)
		return err_set(err, ERR_BROKE, "%s: ssh: no end %d s after its input ended",
			       stream->target->name, PHASE_FINISH_MS / 1000);
	if (!ssh->has_ended)
		return 0;
	if (is_lost(ssh))
		return lost(ssh, err);
	*status = WEXITSTATUS(ssh->status);
	return 1;
}

static void openssh_close(struct stream *stream)
{
	struct openssh *ssh = openssh_of(stream);

	if (!ssh)
		return;
	if (ssh->pid > 0 && !ssh->has_ended) {
		kill(ssh->pid, SIGKILL); /* it may not lead its group yet */
		reap(ssh, 0);
	}
	file_close(&ssh->pidfd);
	file_close(&ssh->socket);
	file_close(&ssh->said);
	file_close(&ssh->stream.fd);
	buf_close(&ssh->stream.said);
	buf_close(&ssh->tail);
	free(ssh);
}

const struct transport transport_openssh = {
	.name = "openssh",
	.open = openssh_open,
	.advance = openssh_advance,
	.read = openssh_read,
	.write = openssh_write,
	.finish = openssh_finish,
	.close = openssh_close,
};
