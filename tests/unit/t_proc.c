/* proc: real programs, run to their end or to ours. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "folder.h"
#include "proc.h"
#include "util.h"

enum {
	SOON_MS = 20000
}; /* more than any of these needs on a busy machine */

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void output_and_status_are_collected(void **state)
{
	struct proc_result result;
	struct err err;

	(void)state;
	assert_int_equal(proc_run(ARGV("sh", "-c", "echo out; echo err >&2; exit 3"), NULL, SOON_MS,
				  &result, &err),
			 0);
	assert_true(WIFEXITED(result.status));
	assert_int_equal(WEXITSTATUS(result.status), 3);
	assert_string_equal(result.out.data, "out\n");
	assert_string_equal(result.err.data, "err\n");
	proc_result_close(&result);
	proc_result_close(&result);
}

static void a_signal_is_a_status_not_an_error(void **state)
{
	struct proc_result result;
	struct err err;

	(void)state;
	assert_int_equal(proc_run(ARGV("sh", "-c", "kill -SEGV $$"), NULL, SOON_MS, &result, &err),
			 0);
	assert_true(WIFSIGNALED(result.status));
	assert_int_equal(WTERMSIG(result.status), SIGSEGV);
	assert_string_equal(result.out.data, "");
	proc_result_close(&result);
}

static void words_are_arguments_whatever_they_hold(void **state)
{
	struct proc_result result;
	struct err err;

	(void)state;
	assert_int_equal(proc_run(ARGV("printf", "%s|", "$(id)", "a b", "`x`", ";"), NULL, SOON_MS,
				  &result, &err),
			 0);
	assert_string_equal(result.out.data, "$(id)|a b|`x`|;|");
	proc_result_close(&result);
}

static void input_larger_than_a_pipe_goes_through(void **state)
{
	struct proc_result result;
	struct buf input = { 0 };
	struct err err;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_printf(&input, "line %d\n", i);
	assert_int_equal(proc_run(ARGV("cat"), input.data, SOON_MS, &result, &err), 0);
	assert_int_equal(result.out.len, input.len);
	assert_memory_equal(result.out.data, input.data, input.len);
	buf_close(&input);
	proc_result_close(&result);
}

static void a_child_that_reads_no_input_is_no_error(void **state)
{
	struct proc_result result;
	struct buf input = { 0 };
	sigset_t before, after;
	struct err err;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_printf(&input, "line %d\n", i);
	sigprocmask(SIG_SETMASK, NULL, &before);
	assert_int_equal(proc_run(ARGV("true"), input.data, SOON_MS, &result, &err), 0);
	assert_int_equal(result.status, 0);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < 32; i++)
		assert_int_equal(sigismember(&before, i), sigismember(&after, i));
	buf_close(&input);
	proc_result_close(&result);
}

static void output_is_capped_and_the_child_goes_on(void **state)
{
	struct proc_result result;
	struct err err;

	(void)state;
	assert_int_equal(proc_run(ARGV("sh", "-c", "head -c 9000000 /dev/zero && echo done >&2"),
				  NULL, SOON_MS, &result, &err),
			 0);
	assert_int_equal(result.out.len, 4 << 20);
	assert_string_equal(result.err.data, "done\n");
	proc_result_close(&result);
}

static void the_deadline_kills_and_reaps(void **state)
{
	int64_t start = clock_mono_ns();
	struct proc_result result;
	struct err err;
	pid_t pid;

	(void)state;
	assert_int_equal(proc_run(ARGV("sh", "-c", "trap '' TERM; echo $$; exec sleep 60"), NULL,
				  500, &result, &err),
			 -1);
	assert_int_equal(err.kind, ERR_BROKE);
	assert_string_equal(err.text, "sh: no end after 500 ms, killed");
	assert_in_range(clock_mono_ns() - start, 500000000, 20000000000);
	pid = (pid_t)strtol(result.out.data, NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	proc_result_close(&result);
}

static void a_grandchild_with_our_pipes_is_not_waited_for(void **state)
{
	int64_t start = clock_mono_ns();
	struct proc_result result;
	struct err err;
	pid_t pid;

	(void)state;
	assert_int_equal(
	    proc_run(ARGV("sh", "-c", "sleep 60 & echo $!"), NULL, 50000, &result, &err), 0);
	pid = (pid_t)strtol(result.out.data, NULL, 10);
	assert_true(pid > 1);
	kill(pid, SIGKILL);
	assert_true(clock_mono_ns() - start < 20000000000);
	proc_result_close(&result);
}

static void what_is_not_there_is_told(void **state)
{
	struct proc_result result;
	struct err err;
	char path[64];

	(void)state;
	assert_int_equal(proc_run(ARGV("no-such-program"), NULL, SOON_MS, &result, &err), -1);
	assert_int_equal(err.kind, ERR_CANNOT);
	assert_non_null(strstr(err.text, "no-such-program: not found"));
	proc_result_close(&result);
	assert_int_equal(proc_find("", path, sizeof(path)), -1);
	assert_int_equal(proc_find("/no/such", path, sizeof(path)), -1);
	assert_int_equal(proc_find("sh", path, 3), -1);
	assert_int_equal(proc_find("/bin/sh", path, sizeof(path)), 0);
	assert_string_equal(path, "/bin/sh");
}

static void what_cannot_be_executed_is_told_with_its_errno(void **state)
{
	char name[FOLDER_PATH];
	int fd;
	struct proc_result result;
	struct err err;

	snprintf(name, sizeof name, "%s/program", (const char *)*state);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "\0\0\0\0", 4), 4);
	close(fd);
	assert_int_equal(proc_run(ARGV(name), NULL, SOON_MS, &result, &err), -1);
	assert_int_equal(err.sys, ENOEXEC);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	proc_result_close(&result);
}

static void sbin_is_searched_though_path_lacks_it(void **state)
{
	const char *now = getenv("PATH");
	char *old = strdup(now ? now : "/usr/bin:/bin"), path[256];

	(void)state;
	setenv("PATH", ":relative:/nowhere", 1);
	assert_int_equal(proc_find("ldconfig", path, sizeof(path)), 0);
	assert_true(path[0] == '/');
	assert_int_equal(proc_find("sh", path, sizeof(path)), 0);
	setenv("PATH", old, 1);
	free(old);
}

static void no_file_of_ours_reaches_the_child(void **state)
{
	int fd = open("/dev/null", O_RDONLY); /* without CLOEXEC, on purpose */
	struct proc_result result;
	struct err err;
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	assert_int_equal(proc_run(ARGV("readlink", name), NULL, SOON_MS, &result, &err), 0);
	assert_string_equal(result.out.data, "");
	assert_int_equal(WEXITSTATUS(result.status), 1);
	proc_result_close(&result);
	close(fd);
}

static void the_child_starts_with_no_signal_blocked_or_ignored(void **state)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	struct proc_result result;
	sigset_t block, before;
	struct err err;

	(void)state;
	sigaction(SIGUSR1, &ignore, &old);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	assert_int_equal(proc_run(ARGV("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"), NULL,
				  SOON_MS, &result, &err),
			 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(SIGUSR1, &old, NULL);
	assert_true(strlen(result.out.data) == 2 * strlen("SigIgn:\t0000000000000000\n"));
	for (int i = 0; i < 2; i++) {
		const char *mask = strchr(result.out.data, '\t') + (size_t)i * 25;

		/* 32 and 33 are libc's own: posix_spawn leaves them ignored in what it starts. */
		assert_int_equal(strtoull(mask, NULL, 16) & 0x7fffffff, 0);
	}
	proc_result_close(&result);
}

static void a_caller_without_standard_files_gets_its_output_too(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct proc_result result;
		struct err err;
		int bad;

		for (int fd = 0; fd < 3; fd++)
			close(fd);
		bad = proc_run(ARGV("sh", "-c", "cat; echo err >&2"), "in", SOON_MS, &result, &err);
		bad = bad < 0 || !streq(result.out.data, "in") || !streq(result.err.data, "err\n");
		proc_result_close(&result);
		_exit(bad);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void a_caller_that_ignores_its_children_gets_an_error_and_no_hang(void **state)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	struct proc_result result;
	struct err err;
	int got;

	(void)state;
	sigaction(SIGCHLD, &ignore, &old);
	got = proc_run(ARGV("true"), NULL, SOON_MS, &result, &err);
	sigaction(SIGCHLD, &old, NULL);
	assert_int_equal(got, -1);
	assert_non_null(strstr(err.text, "status was taken"));
	proc_result_close(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status_are_collected),
		cmocka_unit_test(a_signal_is_a_status_not_an_error),
		cmocka_unit_test(words_are_arguments_whatever_they_hold),
		cmocka_unit_test(input_larger_than_a_pipe_goes_through),
		cmocka_unit_test(a_child_that_reads_no_input_is_no_error),
		cmocka_unit_test(output_is_capped_and_the_child_goes_on),
		cmocka_unit_test(the_deadline_kills_and_reaps),
		cmocka_unit_test(a_grandchild_with_our_pipes_is_not_waited_for),
		cmocka_unit_test(what_is_not_there_is_told),
		cmocka_unit_test(what_cannot_be_executed_is_told_with_its_errno),
		cmocka_unit_test(sbin_is_searched_though_path_lacks_it),
		cmocka_unit_test(no_file_of_ours_reaches_the_child),
		cmocka_unit_test(the_child_starts_with_no_signal_blocked_or_ignored),
		cmocka_unit_test(a_caller_without_standard_files_gets_its_output_too),
		cmocka_unit_test(a_caller_that_ignores_its_children_gets_an_error_and_no_hang),
	};

	return cmocka_run_group_tests_name("proc", tests, folder_setup, folder_teardown);
}
