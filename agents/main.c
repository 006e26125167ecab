/* lab-agent: one per host, driven over stdin and stdout by lab; by hand also the sandbox's server
 * and client. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "agent.h"
#include "byhand.h"
#include "cleanup.h"
#include "complain.h"
#include "env.h"
#include "file.h"
#include "util.h"

static const char usage[] =
    "usage: lab-agent [--stdio [--ssh WAY]]     agent of one host, driven by lab(1)\n"
    "       lab-agent server [options] ADDRESS PORT\n"
    "       lab-agent client [options] ADDRESS PORT\n"
    "       lab-agent cleanup                       undo what agents that died have left here\n"
    "       lab-agent --version | --help\n"
    "`lab-agent server --help` and `lab-agent client --help` list their options.\n";

enum {
	FILES = 4096 /* actors, their peers, captures */
};

/* A session over SSH begins in the user's home with his umask, and sudo(8) without the folders of
 * nft and tcpdump in PATH. */
static void be_at_home(void)
{
	const char *dirs = env_get(VAR_PATH);
	char path[4096];
	int len =
	    snprintf(path, sizeof path, "%s%s/usr/sbin:/sbin", dirs ? dirs : "", dirs ? ":" : "");

	if (len > 0 && (size_t)len < sizeof path)
		(void)setenv(env_name(VAR_PATH), path, 1);
	umask(077);
	file_allow(FILES);
	if (chdir("/") < 0)
		return; /* it keeps some file system busy, no more */
}

/* Whoever started the agent may end first, in any way: that too undoes what runs here in order, as
 * the end of the stream does, so the signal is one that can be caught. A Ctrl-C on the terminal is
 * lab's business alone. */
static int run_agent(const char *way)
{
	struct lifeline lifeline;
	pid_t parent = getppid();
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		return ERR_CANNOT;
	if (lifeline_find(&lifeline, way) < 0) {
		complain("--ssh: not CLIENT PORT SERVER PORT: %.100s", way);
		return ERR_USAGE;
	}
	(void)setsid();
	be_at_home();
	return agent_run(STDIN_FILENO, STDOUT_FILENO, &lifeline);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : isatty(STDIN_FILENO) ? "" : "--stdio";

	(void)prctl(PR_SET_NAME, "lab-agent"); /* on a machine the file's name ends in its digest */
	if (streq(word, "--stdio") && argc <= 2)
		return run_agent(NULL);
	if (streq(word, "--stdio") && argc == 4 && streq(argv[2], "--ssh"))
		return run_agent(argv[3]);
	if (streq(word, "server"))
		return byhand_server(argc - 1, argv + 1);
	if (streq(word, "client"))
		return byhand_client(argc - 1, argv + 1);
	if (streq(word, "cleanup") && argc == 2)
		return cleanup_by_hand();
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
