/* One child, three pipes, one poll loop. A fourth pipe, closed by a good exec, brings back the
 * errno of a bad one. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "env.h"
#include "file.h"
#include "proc_child.h"

enum {
	CHUNK = 1 << 16,
	FALLBACK_MS = 5,
	DRAINS = 16,
};
enum {
	IN,
	OUT,
	ERR,
	EXEC,
	PIPES
};

struct proc {
	pid_t pid;
	int pidfd;         /* -1 where the kernel has none */
	int ours[PIPES];   /* our ends, -1: closed */
	int theirs[PIPES]; /* the child's ends */
	const char *input; /* what is still to be written */
	size_t input_len;
	bool has_ended;                   /* reaped: status is known */
	bool has_status;                  /* false when somebody else reaped it */
	const struct proc_beside *beside; /* NULL: nothing, or no more */
	int status;
};

static int try_path(const char *dir, size_t dir_len, const char *name, char *path, size_t len)
{
	int need = snprintf(path, len, "%.*s/%s", (int)dir_len, dir, name);

	return need > 0 && (size_t)need < len && access(path, X_OK) == 0 ? 0 : -1;
}

int proc_find(const char *name, char *path, size_t len)
{
	static const char *const extra[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };
	const char *dirs = env_get(VAR_PATH);
	size_t dir_len;

	if (name[0] == '\0')
		return -1;
	if (strchr(name, '/')) {
		int need = snprintf(path, len, "%s", name);

		return (size_t)need < len && access(path, X_OK) == 0 ? 0 : -1;
	}
	for (; dirs && *dirs; dirs += dir_len + (dirs[dir_len] == ':')) {
		dir_len = strcspn(dirs, ":");
		/* Relative and empty entries would run what lies in the working directory. */
		if (dirs[0] == '/' && try_path(dirs, dir_len, name, path, len) == 0)
			return 0;
	}
	for (size_t i = 0; i < COUNT(extra); i++)
		if (try_path(extra[i], strlen(extra[i]), name, path, len) == 0)
			return 0;
	return -1;
}

static int open_pipes(struct proc *proc)
{
	for (int i = 0; i < PIPES; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return -1;
		proc->ours[i] = ends[i == IN];
		proc->theirs[i] = ends[i != IN];
		if (i != EXEC && fcntl(proc->ours[i], F_SETFL, O_NONBLOCK) < 0)
			return -1;
	}
	return 0;
}

static int start(struct proc *proc, const char *path, const char *const *argv, struct err *err)
{
	ssize_t got;
	int sys;

	if (open_pipes(proc) < 0)
		return err_sys(err, "%s: pipe", argv[0]);
	const struct proc_child child = { .in = proc->theirs[IN],
					  .out = proc->theirs[OUT],
					  .err = proc->theirs[ERR],
					  .why = proc->theirs[EXEC],
					  .failed = 127 };
	proc->pid = proc_child_start(path, argv, &child);
	if (proc->pid < 0) {
		proc->pid = 0;
		return err_sys(err, "%s: fork", argv[0]);
	}
	for (int i = 0; i < PIPES; i++)
		file_close(&proc->theirs[i]);
#ifdef SYS_pidfd_open
	proc->pidfd = (int)syscall(SYS_pidfd_open, proc->pid, 0); /* CLOEXEC by itself */
#endif
	do
		got = read(proc->ours[EXEC], &sys, sizeof(sys));
	while (got < 0 && errno == EINTR);
	file_close(&proc->ours[EXEC]);
	if (got != sizeof(sys))
		return 0;
	errno = sys;
	return err_sys(err, "%s", path);
}

static void reap(struct proc *proc, int flags)
{
	pid_t pid;

	if (proc->has_ended)
		return;
	do
		pid = waitpid(proc->pid, &proc->status, flags);
	while (pid < 0 && errno == EINTR);
	proc->has_ended = pid != 0;
	proc->has_status = pid == proc->pid;
}

static void feed(struct proc *proc)
{
	ssize_t done = write(proc->ours[IN], proc->input, proc->input_len);

	if (done < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (done > 0) {
		proc->input += done;
		proc->input_len -= (size_t)done;
	}
	if (done < 0 || proc->input_len == 0) /* EPIPE: it does not want the rest */
		file_close(&proc->ours[IN]);
}

/* One read; what is beyond PROC_KEPT is read and forgotten, so that the child goes on. */
static bool collect(int *fd, struct buf *out)
{
	ssize_t got;
	size_t keep;

	buf_reserve(out, CHUNK);
	got = read(*fd, out->data + out->len, CHUNK);
	if (got < 0 && errno == EINTR)
		return true;
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		file_close(fd);
		return false;
	}
	keep = (size_t)got < PROC_KEPT - out->len ? (size_t)got : PROC_KEPT - out->len;
	out->len += keep;
	out->data[out->len] = '\0';
	return true;
}

/* One turn: waits for a pipe or for the end. 0 when the deadline has passed. */
static int turn(struct proc *proc, struct proc_result *out, int64_t deadline_ns)
{
	int left = clock_left_ms(deadline_ns);
	struct pollfd fds[] = {
		{ .fd = proc->ours[IN], .events = POLLOUT },
		{ .fd = proc->ours[OUT], .events = POLLIN },
		{ .fd = proc->ours[ERR], .events = POLLIN },
		{ .fd = proc->pidfd, .events = POLLIN },
		{ .fd = proc->beside ? proc->beside->fd : -1, .events = POLLIN },
	};

	if (left == 0)
		return 0;
	if (proc->pidfd < 0 && left > FALLBACK_MS)
		left = FALLBACK_MS; /* a kernel before 5.3, or one that forbids pidfds: ask again */
	if (poll(fds, COUNT(fds), left) < 0)
		return errno == EINTR || errno == EAGAIN;
	if (fds[0].revents)
		feed(proc);
	if (fds[1].revents)
		collect(&proc->ours[OUT], &out->out);
	if (fds[2].revents)
		collect(&proc->ours[ERR], &out->err);
	if (proc->pidfd < 0 || fds[3].revents)
		reap(proc, WNOHANG);
	if (proc->beside && fds[4].revents && !proc->beside->call(proc->beside->context))
		proc->beside = NULL;
	return 1;
}

static int play(struct proc *proc, const char *name, int deadline_ms, struct proc_result *out,
		struct err *err)
{
	int64_t deadline_ns = clock_after_ms(deadline_ms);

	if (proc->input_len == 0)
		file_close(&proc->ours[IN]);
	if (proc->beside && !proc->beside->call(proc->beside->context))
		proc->beside = NULL;
	while (!proc->has_ended) {
		if (!turn(proc, out, deadline_ns))
			return err_set(err, ERR_BROKE, "%s: no end after %d ms, killed", name,
				       deadline_ms);
	}
	/* What it wrote last: at most a pipe full. A grandchild that keeps the pipes open, or
	 * writes on and on, is not waited for. */
	for (int i = 0; i < DRAINS && proc->ours[OUT] >= 0; i++)
		if (!collect(&proc->ours[OUT], &out->out))
			break;
	for (int i = 0; i < DRAINS && proc->ours[ERR] >= 0; i++)
		if (!collect(&proc->ours[ERR], &out->err))
			break;
	if (!proc->has_status)
		return err_set(err, ERR_BROKE, "%s: its status was taken by another wait", name);
	out->status = proc->status;
	return 0;
}

static void proc_close(struct proc *proc)
{
	if (proc->pid > 0 && !proc->has_ended) {
		kill(proc->pid, SIGKILL);
		reap(proc, 0);
	}
	file_close(&proc->pidfd);
	for (int i = 0; i < PIPES; i++) {
		file_close(&proc->ours[i]);
		file_close(&proc->theirs[i]);
	}
}

/* Takes back the SIGPIPE that a write to a child without interest left pending. */
static void forget_sigpipe(const sigset_t *old)
{
	static const struct timespec now = { 0 };
	sigset_t pipe_only;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	if (!sigismember(old, SIGPIPE))
		while (sigtimedwait(&pipe_only, NULL, &now) < 0 && errno == EINTR)
			;
}

int proc_wait(int fd, short events, int64_t deadline_ns, const struct proc_beside *beside)
{
	if (beside && !beside->call(beside->context))
		beside = NULL;
	for (;;) {
		struct pollfd set[] = {
			{ .fd = fd, .events = events },
			{ .fd = beside ? beside->fd : -1, .events = POLLIN },
		};
		int count = poll(set, COUNT(set), clock_left_ms(deadline_ns));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0 || set[0].revents)
			return count <= 0 ? count : 1;
		if (beside && !beside->call(beside->context))
			beside = NULL;
	}
}

int proc_run(const char *const *argv, const char *input, int deadline_ms, struct proc_result *out,
	     struct err *err)
{
	return proc_run_beside(argv, input, deadline_ms, NULL, out, err);
}

int proc_run_beside(const char *const *argv, const char *input, int deadline_ms,
		    const struct proc_beside *beside, struct proc_result *out, struct err *err)
{
	struct proc proc = {
		.beside = beside,
		.pidfd = -1,
		.ours = { -1, -1, -1, -1 },
		.theirs = { -1, -1, -1, -1 },
		.input = input,
		.input_len = input ? strlen(input) : 0,
	};
	sigset_t all, old, during;
	char path[4096];
	int result;

	*out = (struct proc_result){ 0 };
	buf_reserve(&out->out, 0);
	buf_reserve(&out->err, 0);
	if (proc_find(argv[0], path, sizeof(path)) < 0)
		return err_set(err, ERR_CANNOT, "%s: not found in PATH, /usr/sbin or /sbin",
			       argv[0]);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	during = old;
	sigaddset(&during, SIGPIPE);
	result = start(&proc, path, argv, err);
	sigprocmask(SIG_SETMASK, &during, NULL);
	if (result == 0)
		result = play(&proc, argv[0], deadline_ms, out, err);
	proc_close(&proc);
	forget_sigpipe(&old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return result;
}

void proc_result_close(struct proc_result *result)
{
	buf_close(&result->out);
	buf_close(&result->err);
}
