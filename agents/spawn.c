/* fork and exec, with nothing of the agent but what is named. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "caps.h"
#include "file.h"
#include "proc_child.h"
#include "util.h"

static int standard(const struct spawn *spawn)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	int in = spawn->in >= 0 ? spawn->in : nothing, out = spawn->out >= 0 ? spawn->out : nothing;

	return nothing < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ? -1 : 0;
}

static _Noreturn void become(const struct spawn *spawn, pid_t parent)
{
	struct err err = { 0 };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	proc_child_signals();
	if (spawn->words >= 0 && dup2(spawn->words, STDERR_FILENO) < 0)
		_exit(1);
	if (standard(spawn) < 0) {
		err_sys(&err, "standard input and output");
	} else if (caps_pass(spawn->keep, &err) == 0) {
#ifdef SYS_close_range
		syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 4); /* 4: mark, not close */
#endif
		if (spawn->variable != NULL)
			(void)putenv((char *)spawn->variable);
		execv(spawn->path, (char *const *)spawn->argv);
		err_sys(&err, "%s", spawn->path);
	}
	(void)write_all(STDERR_FILENO, err.text, strlen(err.text));
	_exit(127);
}

pid_t spawn_start(const struct spawn *spawn, struct err *err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		become(spawn, parent);
	return pid < 0 ? err_sys(err, "%s: fork", spawn->argv[0]) : pid;
}

int spawn_kill(pid_t *pid)
{
	int status = 0;
	pid_t got;

	if (*pid <= 0)
		return 0;
	(void)kill(*pid, SIGKILL);
	do
		got = waitpid(*pid, &status, 0);
	while (got < 0 && errno == EINTR);
	*pid = 0;
	return status;
}
