/* lab-agent: one per host, driven over stdin and stdout by lab; by hand also the sandbox's server
 * and client. */
#include <signal.h>
#include <sys/prctl.h>

#include "agent.h"
#include "byhand.h"
#include "util.h"

static const char usage[] =
    "usage: lab-agent [--stdio]                 agent of one host, driven by lab(1)\n"
    "       lab-agent server [options] ADDRESS PORT\n"
    "       lab-agent client [options] ADDRESS PORT\n"
    "       lab-agent --version | --help\n"
    "`lab-agent server --help` and `lab-agent client --help` list their options.\n";

/* The agent ends with whoever started it, and a Ctrl-C on the terminal is lab's business alone:
 * what runs here is undone in order, when the stream ends. */
static int run_agent(void)
{
	pid_t parent = getppid();

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		return ERR_CANNOT;
	(void)setsid();
	return agent_run(STDIN_FILENO, STDOUT_FILENO);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : isatty(STDIN_FILENO) ? "" : "--stdio";

	if (streq(word, "--stdio") && argc <= 2)
		return run_agent();
	if (streq(word, "server"))
		return byhand_server(argc - 1, argv + 1);
	if (streq(word, "client"))
		return byhand_client(argc - 1, argv + 1);
	if (streq(word, "--version")) {
		printf("lab-agent %s\n", LAB_VERSION);
		return 0;
	}
	if (streq(word, "--help") || streq(word, "-h")) {
		fputs(usage, stdout);
		return 0;
	}
	fputs(usage, stderr);
	return ERR_USAGE;
}
