/* Starts a process held back at its exec, lets it go, and notes when a line of its output came and
 * when it ended. CPU time is the kernel's task clock of it and all that it starts, also of those
 * that nobody waits for; where that is not allowed, rusage. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <linux/perf_event.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "measure.h"

enum {
	SAMPLE_MS = 5
};

double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double memory_available_kib(void)
{
	char text[512];
	int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (len < 0)
		return 0;
	text[len] = '\0';
	const char *at = strstr(text, "MemAvailable:");
	return at ? strtod(at + 13, NULL) : 0;
}

static int cpu_counter(pid_t pid)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_TASK_CLOCK,
					.disabled = 1,
					.inherit = 1,
					.enable_on_exec = 1 };

	return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* A word with @ in it, with the folder in its place. */
static char *fill(const char *word, const char *folder)
{
	const char *at = strchr(word, '@');
	char *out;

	if (!at)
		return strdup(word);
	if (asprintf(&out, "%.*s%s%s", (int)(at - word), word, folder, at + 1) < 0)
		return NULL;
	return out;
}

static void be_child(const struct side *side, const char *folder, int out, int go)
{
	char name[NAME_LEN], byte, *argv[64];
	size_t count = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(name, sizeof(name), "%s/stderr", folder);
	int err = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int null = open("/dev/null", O_RDONLY);
	if (err < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(125);
	for (; count < 63 && side->argv[count]; count++) {
		argv[count] = fill(side->argv[count], folder);
		if (!argv[count])
			_exit(125);
	}
	argv[count] = NULL;
	if (count == 0)
		_exit(125);
	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TERM", "dumb", 1);
	setenv("HOME", folder, 1);
	setenv("TMPDIR", folder, 1);
	snprintf(name, sizeof(name), "%s/state", folder);
	setenv("XDG_STATE_HOME", name, 1);
	if (side->uid &&
	    (setgroups(0, NULL) < 0 || setresgid(side->uid, side->uid, side->uid) < 0 ||
	     setresuid(side->uid, side->uid, side->uid) < 0))
		_exit(125);
	if (read(go, &byte, 1) != 1)
		_exit(125);
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int child_start(struct child *child, const struct side *side, const char *folder, char *why)
{
	int out[2], go[2];

	*child = (struct child){ .out = -1, .end = -1, .counter = -1, .go = -1 };
	child->mark_ms = ABSENT;
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
		return snprintf(why, WHY_LEN, "pipe: %s", strerror(errno)), -1;
	child->pid = fork();
	if (child->pid == 0) {
		close(go[1]);
		be_child(side, folder, out[1], go[0]);
	}
	close(out[1]);
	close(go[0]);
	child->out = out[0];
	child->go = go[1];
	if (child->pid < 0)
		return snprintf(why, WHY_LEN, "fork: %s", strerror(errno)), -1;
	child->end = (int)syscall(SYS_pidfd_open, child->pid, 0);
	child->counter = cpu_counter(child->pid);
	child->text = calloc(1, OUT_MAX + 1);
	if (child->end < 0 || !child->text)
		return snprintf(why, WHY_LEN, "pidfd: %s", strerror(errno)), -1;
	return 0;
}

void child_go(struct child *child)
{
	if (write(child->go, "g", 1) != 1)
		perror("start");
	close(child->go);
	child->go = -1;
}

/* The time is taken once a read: what one write holds came at once. */
static void read_output(struct child *child, const struct side *side, double at_ms)
{
	static char rest[65536];
	size_t room = OUT_MAX - child->len;
	ssize_t got =
	    read(child->out, room ? child->text + child->len : rest, room ? room : sizeof(rest));

	if (got <= 0) {
		close(child->out);
		child->out = -1;
		return;
	}
	if (!room)
		return;
	child->len += (size_t)got;
	child->text[child->len] = '\0';
	for (char *end; (end = strchr(child->text + child->line, '\n'));) {
		*end = '\0';
		if (child->mark_ms < 0 && side->mark &&
		    regexec(&side->mark_re, child->text + child->line, 0, NULL, 0) == 0)
			child->mark_ms = at_ms;
		*end = '\n';
		child->line = (size_t)(end - child->text) + 1;
	}
}

static void reap(struct child *child, double at_ms)
{
	struct rusage usage;
	uint64_t ns = 0;

	child->exit_ms = at_ms;
	wait4(child->pid, &child->status, 0, &usage);
	child->pid = 0;
	child->cpu_ms = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
	if (child->counter >= 0 && read(child->counter, &ns, sizeof(ns)) == sizeof(ns))
		child->cpu_ms = (double)ns / 1e6;
	close(child->end);
	child->end = -1;
}

static bool is_over(const struct child *child, int count)
{
	for (int i = 0; i < count; i++)
		if (child[i].pid > 0 || child[i].out >= 0)
			return false;
	return true;
}

int children_wait(struct child *child, int count, const struct side *side, double start_ms,
		  double *least, char *why)
{
	struct pollfd fd[2 * BATCH_MAX];

	while (!is_over(child, count)) {
		for (int i = 0; i < count; i++) {
			fd[2 * i] = (struct pollfd){ .fd = child[i].out, .events = POLLIN };
			fd[2 * i + 1] = (struct pollfd){ .fd = child[i].end, .events = POLLIN };
		}
		double left = start_ms + side->late_s * 1e3 - now_ms();
		if (left <= 0)
			return snprintf(why, WHY_LEN, "%s: no end after %d s", side->name,
					side->late_s),
			       -1;
		if (poll(fd, 2 * (nfds_t)count, least ? SAMPLE_MS : (int)left + 1) < 0)
			return snprintf(why, WHY_LEN, "poll: %s", strerror(errno)), -1;
		double at_ms = now_ms() - start_ms;
		for (int i = 0; i < count; i++) {
			if (fd[2 * i].revents)
				read_output(&child[i], side, at_ms);
			if (fd[2 * i + 1].revents)
				reap(&child[i], at_ms);
		}
		double here = least ? memory_available_kib() : 0;
		if (least && here < *least)
			*least = here;
	}
	return 0;
}

void child_close(struct child *child)
{
	if (child->pid > 0) {
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
		child->pid = 0;
	}
	for (int i = 0; i < 4; i++) {
		int *fd = (int *[]){ &child->out, &child->end, &child->counter, &child->go }[i];
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
	}
	free(child->text);
	child->text = NULL;
}
