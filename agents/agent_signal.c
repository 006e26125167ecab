/* sigabbrev_np is glibc's alone. */
#include "agent_signal.h"

#include <signal.h>

#include "util.h"

static const struct {
	int number;
	const char *name;
} signals[] = {
	{ SIGHUP, "SIGHUP" },   { SIGINT, "SIGINT" },   { SIGQUIT, "SIGQUIT" },
	{ SIGILL, "SIGILL" },   { SIGTRAP, "SIGTRAP" }, { SIGABRT, "SIGABRT" },
	{ SIGBUS, "SIGBUS" },   { SIGFPE, "SIGFPE" },   { SIGKILL, "SIGKILL" },
	{ SIGUSR1, "SIGUSR1" }, { SIGSEGV, "SIGSEGV" }, { SIGUSR2, "SIGUSR2" },
	{ SIGPIPE, "SIGPIPE" }, { SIGALRM, "SIGALRM" }, { SIGTERM, "SIGTERM" },
	{ SIGXCPU, "SIGXCPU" }, { SIGXFSZ, "SIGXFSZ" }, { SIGSYS, "SIGSYS" },
};

const char *signal_name(int number)
{
	for (size_t i = 0; i < COUNT(signals); i++)
		if (signals[i].number == number)
			return signals[i].name;
	return "SIG?";
}

int signal_number(const char *name)
{
	for (size_t i = 0; i < COUNT(signals); i++)
		if (streq(signals[i].name, name))
			return signals[i].number;
	return 0;
}
