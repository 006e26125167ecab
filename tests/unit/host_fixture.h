/* A lab of some hosts for tests of backends, opened and closed; tests that run as an ordinary user
 * too say so by IS_ORDINARY. */
#ifndef HOST_FIXTURE_H
#define HOST_FIXTURE_H

#include "hosttest.h"

#ifndef IS_ORDINARY
#define IS_ORDINARY false
#endif

static const char shell[] = "/bin/sh", self[] = "/proc/self/exe";

struct fixture {
	struct hostplan plan;
	struct lab lab;
	struct err err;
};

static inline int try_open(struct fixture *f, const struct backend *backend, size_t hosts,
			   const char *agent, bool is_own_lo)
{
	const struct lab_options options = { .agent = agent, .is_own_lo = is_own_lo };

	if (agent == self)
		setenv(MARK "_AGENT", "1", 1);
	if (hosts)
		hostplan_init(&f->plan, hosts, backend == &backend_loopback);
	int result = backend->open(&f->lab, &f->plan.plan, &options, &f->err);
	unsetenv(MARK "_AGENT");
	return result;
}

static inline void open_or_skip(struct fixture *f, const struct backend *backend, size_t hosts,
				const char *agent)
{
	struct err why = { 0 };

	*f = (struct fixture){ 0 };
	if (backend->usable(&why) < 0)
		SKIP(why.text);
	if (try_open(f, backend, hosts, agent, false) < 0)
		fail_msg("%s", f->err.text);
}

static inline void finish(struct fixture *f)
{
	close_clean(&f->lab);
	arena_close(&f->plan.arena);
}

/* The process that keeps the hosts' namespaces: the parent of each. */
static inline pid_t keeper_of(const struct fixture *f)
{
	char path[64], text[512] = "";

	snprintf(path, sizeof path, "/proc/%d/stat", (int)f->lab.host[0].pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	return (pid_t)strtol(strrchr(text, ')') + 3, NULL, 10);
}

/* Waits for a child that ran part of a test and gives its status back. */
static inline int status_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* All of main: the tests under this name. */
#define HOST_TESTS(name, tests, argv)                                                              \
	(hosttest_main(argv, IS_ORDINARY),                                                         \
	 cmocka_run_group_tests_name(IS_ORDINARY ? name ", as an ordinary user" : name, tests,     \
				     NULL, NULL))

#endif
