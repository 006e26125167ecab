/* One place that says which signals. */
#include "signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

void signals_set(sigset_t *set)
{
	struct sigaction hup;

	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	if (sigaction(SIGHUP, NULL, &hup) < 0 || hup.sa_handler != SIG_IGN)
		sigaddset(set, SIGHUP);
}

int signals_open(sigset_t *old)
{
	sigset_t set;

	signals_set(&set);
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_heard(int fd, const char *when, struct err *err)
{
	struct signalfd_siginfo info;

	if (fd < 0 || read(fd, &info, sizeof info) != sizeof info)
		return 0;
	return err_set(err, info.ssi_signo == SIGINT ? ERR_SIGINT : ERR_SIGTERM, "interrupted %s",
		       when);
}

void signals_close(int fd, const sigset_t *old)
{
	if (fd >= 0)
		close(fd);
	sigprocmask(SIG_SETMASK, old, NULL);
}
