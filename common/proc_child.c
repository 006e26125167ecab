/* Between fork and exec: all signals blocked, and only calls that are safe there. */
#include "proc_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"

/* Above 2, so that no dup2 finds it in its way. */
static int above(int fd)
{
	int from = fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fd;

	return fcntl(from, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static int take_files(const struct proc_child *child, int *why)
{
	int in = above(child->in), out = above(child->out), err = above(child->err);

	*why = child->why < 0 ? -1 : above(child->why);
	if (in < 0 || out < 0 || err < 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		return -1;
#ifdef SYS_close_range
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 4); /* 4: mark instead of close */
#endif
	return 0;
}

void proc_child_signals(void)
{
	const struct sigaction normal = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &normal, NULL); /* fails for SIGKILL, SIGSTOP and libc's own */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

__attribute__((noreturn)) static void become(const char *path, const char *const *argv,
					     const struct proc_child *child, pid_t parent)
{
	int why = child->why, sys;

	int death = child->death_signal ? child->death_signal : SIGKILL;

	if (child->has_own_session)
		(void)setsid();
	if (prctl(PR_SET_PDEATHSIG, death) < 0 || getppid() != parent)
		_exit(child->failed);
	if (take_files(child, &why) == 0 && (!child->variable || putenv(child->variable) == 0)) {
		proc_child_signals();
		execve(path, (char *const *)argv,
		       child->environment ? child->environment : environ);
	}
	sys = errno;
	if (why >= 0)
		write_all(why, &sys, sizeof sys);
	else
		dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(sys));
	_exit(child->failed);
}

pid_t proc_child_start(const char *path, const char *const *argv, const struct proc_child *child)
{
	pid_t parent = getpid(), pid;
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old); /* no handler of ours runs in the child */
	pid = fork();
	if (pid == 0)
		become(path, argv, child, parent);
	int sys = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = sys;
	return pid;
}
