/* One child, two pipes, one signalfd. */
#include "terraform_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "env.h"
#include "file.h"
#include "proc_child.h"

enum {
	WORDS = 24,
	CHUNK = 1 << 14,
	STOP_MS = 60000 /* what it does when it is asked to stop, before it is killed */
};

struct play {
	const struct terraform_child *child;
	pid_t pid;
	int pidfd, out, err;
	struct buf line;
	char *said;
	int signal; /* of the person; 0: none */
	bool is_killed, has_ended, is_late;
	int64_t deadline_ns;
	int status;
};

int terraform_find(const char **path, struct arena *arena, struct err *err)
{
	const char *name = env_get(VAR_LAB_TERRAFORM);
	char found[4096];

	if (proc_find(name ? name : "terraform", found, sizeof found) < 0)
		return err_set(
		    err, ERR_CANNOT,
		    "%.500s is not installed (1.7 or later; LAB_TERRAFORM names another, "
		    "such as tofu)",
		    name ? name : "terraform");
	*path = arena_dup(arena, found);
	return 0;
}

static bool is_dropped(const char *variable)
{
	static const char *const prefix[] = {
		"TF_DATA_DIR=", "TF_WORKSPACE=",     "TF_CLI_ARGS",
		"TF_INPUT=",    "TF_IN_AUTOMATION=", "CHECKPOINT_DISABLE="
	};

	for (size_t i = 0; i < COUNT(prefix); i++)
		if (strncmp(variable, prefix[i], strlen(prefix[i])) == 0)
			return true;
	return false;
}

char **terraform_environment(char *const *base, struct arena *arena)
{
	static const char *const added[] = { "TF_IN_AUTOMATION=1", "TF_INPUT=0",
					     "CHECKPOINT_DISABLE=1" };
	size_t count = 0, n = 0;

	while (base[count])
		count++;
	char **out = arena_array(arena, count + COUNT(added) + 1, sizeof *out);
	for (size_t i = 0; i < count; i++)
		if (!is_dropped(base[i]))
			out[n++] = base[i];
	for (size_t i = 0; i < COUNT(added); i++)
		out[n++] = arena_dup(arena, added[i]);
	return out;
}

static void tell_lines(struct play *play)
{
	struct buf *line = &play->line;
	size_t from = 0;

	for (size_t i = 0; i < line->len; i++) {
		if (line->data[i] != '\n')
			continue;
		if (i > from)
			play->child->line(play->child->context, line->data + from, i - from);
		from = i + 1;
	}
	memmove(line->data, line->data + from, line->len - from);
	line->len -= from;
	if (line->len > TERRAFORM_LINE) /* never a line of ours to understand */
		line->len = 0;
}

enum heard {
	HEARD_END,
	HEARD_NOTHING,
	HEARD_SOME
};

static enum heard heard_of(ssize_t got)
{
	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? HEARD_NOTHING : HEARD_END;
	return got == 0 ? HEARD_END : HEARD_SOME;
}

static enum heard hear(struct play *play)
{
	enum heard heard;
	ssize_t got;

	buf_reserve(&play->line, CHUNK);
	got = read(play->out, play->line.data + play->line.len, CHUNK);
	heard = heard_of(got);
	if (heard == HEARD_SOME) {
		play->line.len += (size_t)got;
		tell_lines(play);
	}
	return heard;
}

/* The end of what it says counts: that is where the reason stands. */
static enum heard hear_complaint(struct play *play)
{
	char chunk[TERRAFORM_SAID / 2];
	ssize_t got = read(play->err, chunk, sizeof chunk);

	if (heard_of(got) != HEARD_SOME)
		return heard_of(got);
	size_t len = strlen(play->said), n = (size_t)got;
	if (len + n >= TERRAFORM_SAID) {
		size_t drop = len + n - TERRAFORM_SAID + 1;
		drop = drop < len ? drop : len;
		memmove(play->said, play->said + drop, len - drop);
		len -= drop;
	}
	memcpy(play->said + len, chunk, n);
	play->said[len + n] = '\0';
	return HEARD_SOME;
}

static void stop(struct play *play, bool at_once)
{
	play->is_killed = play->is_killed || at_once;
	if (at_once)
		(void)kill(-play->pid, SIGKILL);
	(void)kill(play->pid, at_once ? SIGKILL : SIGINT);
}

static void take_signal(struct play *play)
{
	struct signalfd_siginfo info;

	if (read(play->child->signal_fd, &info, sizeof info) != sizeof info)
		return;
	if (play->signal || play->is_late) {
		stop(play, true);
		return;
	}
	play->signal = (int)info.ssi_signo;
	stop(play, false);
	if (play->child->interrupted)
		play->child->interrupted(play->child->context);
}

/* First asked to stop, then no longer waited for. */
static void be_late(struct play *play)
{
	stop(play, play->is_late);
	play->is_late = true;
	play->deadline_ns = clock_after_ms(STOP_MS);
}

static void turn(struct play *play)
{
	struct pollfd set[] = {
		{ .fd = play->out, .events = POLLIN },
		{ .fd = play->err, .events = POLLIN },
		{ .fd = play->pidfd, .events = POLLIN },
		{ .fd = play->child->signal_fd, .events = POLLIN },
	};
	int count = poll(set, COUNT(set), clock_left_ms(play->deadline_ns));

	if (count == 0)
		be_late(play);
	if (count <= 0)
		return;
	if (set[0].revents && hear(play) == HEARD_END)
		file_close(&play->out);
	if (set[1].revents && hear_complaint(play) == HEARD_END)
		file_close(&play->err);
	if (set[3].revents)
		take_signal(play);
	if (set[2].revents)
		play->has_ended = waitpid(play->pid, &play->status, WNOHANG) == play->pid;
}

/* What is in the pipes when it has ended; a grandchild that keeps them open is not waited for. */
static void drain(struct play *play)
{
	if (play->out >= 0 && fcntl(play->out, F_SETFL, O_NONBLOCK) == 0)
		while (hear(play) == HEARD_SOME)
			;
	if (play->err >= 0 && fcntl(play->err, F_SETFL, O_NONBLOCK) == 0)
		while (hear_complaint(play) == HEARD_SOME)
			;
}

static int start(struct play *play, const char *const *argv, struct err *err)
{
	int out[2], complaint[2];

	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	if (pipe2(complaint, O_CLOEXEC) < 0) {
		err_sys(err, "pipe");
		close(out[0]);
		close(out[1]);
		return -1;
	}
	play->out = out[0];
	play->err = complaint[0];
	const struct proc_child child = { .in = -1,
					  .out = out[1],
					  .err = complaint[1],
					  .why = -1,
					  .failed = 127,
					  .has_own_session = true,
					  .environment = play->child->environment,
					  /* It writes down what it made, also when lab is gone. */
					  .death_signal = SIGINT };
	play->pid = proc_child_start(play->child->program, argv, &child);
	int sys = errno;
	close(out[1]);
	close(complaint[1]);
	errno = sys;
	if (play->pid < 0)
		return err_sys(err, "%s: fork", play->child->program);
	play->pidfd = (int)syscall(SYS_pidfd_open, play->pid, 0);
	return play->pidfd < 0 ? err_sys(err, "%s: pidfd_open", play->child->program) : 0;
}

static int end(struct play *play, const char *word, struct err *err)
{
	if (play->child->has_died)
		*play->child->has_died = play->is_killed || WIFSIGNALED(play->status);
	if (play->is_killed)
		return err_set(err, ERR_LEFTOVER, "terraform %s was killed", word);
	if (play->is_late)
		return err_set(err, ERR_BROKE, "terraform %s did not end in time, and was stopped",
			       word);
	if (play->signal)
		return err_set(err, play->signal == SIGINT ? ERR_SIGINT : ERR_SIGTERM,
			       "terraform %s was interrupted", word);
	if (WIFEXITED(play->status) && WEXITSTATUS(play->status) == 0)
		return 0;
	if (WIFSIGNALED(play->status))
		return err_set(err, ERR_BROKE, "terraform %s: ended by signal %d", word,
			       WTERMSIG(play->status));
	return err_set(err, ERR_BROKE, "terraform %s: exit status %d", word,
		       WEXITSTATUS(play->status));
}

static void close_play(struct play *play)
{
	if (play->pid > 0 && !play->has_ended) {
		stop(play, true);
		while (waitpid(play->pid, &play->status, 0) < 0 && errno == EINTR)
			;
	}
	file_close(&play->out);
	file_close(&play->err);
	file_close(&play->pidfd);
	buf_close(&play->line);
}

int terraform_play(const struct terraform_child *child, const char *const *words,
		   int64_t deadline_ns, char *said, struct err *err)
{
	struct play play = { .child = child,
			     .pidfd = -1,
			     .out = -1,
			     .err = -1,
			     .said = said,
			     .deadline_ns = deadline_ns };
	const char *argv[WORDS] = { child->program };
	struct arena arena = { 0 };
	size_t count = 1;
	int status;

	*said = '\0';
	argv[count++] = arena_printf(&arena, "-chdir=%s", child->folder);
	for (size_t i = 0; words[i] && count + 1 < WORDS; i++)
		argv[count++] = words[i];
	status = start(&play, argv, err);
	while (status == 0 && !play.has_ended)
		turn(&play);
	if (status == 0) {
		drain(&play);
		status = end(&play, words[0], err);
	}
	close_play(&play);
	arena_close(&arena);
	return status;
}
