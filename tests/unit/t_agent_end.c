/* However the agent is told to end, and whoever ends before it: what it changed is undone first. */
#include "own_net.h"

#include "agent_driver.h"
#include "file.h"
#include "proc.h"
#include "ruleset.h"

static int tables(void)
{
	struct err err = { 0 };

	return ruleset_tables(NULL, &err);
}

/* In a stack of this program's own. */
static void fault(struct driver *driver)
{
	struct event setup;

	event_init(&setup, "setup");
	event_int(&setup, "id", 1);
	event_text(&setup, "name", "h");
	event_int(&setup, "is_private", 1);
	driver_send(driver, FRAME_REQUEST, &setup);
	assert_string_equal(driver_done(driver, 1), "ok");
	assert_string_equal(driver_drop(driver, 2, "cut", "udp dport 9"), "ok");
	assert_int_equal(tables(), 1);
}

static void every_signal_that_ends_it_undoes_first(void **state)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	(void)state;
	need_namespace();
	need_program("nft");
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct driver driver;
		enum frame_type type;

		driver_start(&driver);
		fault(&driver);
		assert_int_equal(kill(driver.pid, numbers[i]), 0);
		while (driver_next(&driver, &type))
			;
		assert_true(driver_saw(&driver, "\"proof\":\"table gone\""));
		assert_int_equal(tables(), 0);
		assert_int_equal(driver_close(&driver), 0);
	}
}

/* As sshd's child or sudo would: the stream stays open, and its other end is read here. */
static void who_started_it_may_end_first(void **state)
{
	struct driver driver;
	enum frame_type type;
	int go[2], pair[2];

	(void)state;
	need_namespace();
	need_program("nft");
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pid_t middle = fork();
	if (middle == 0) {
		char path[PATH_MAX], byte;

		driver_agent(path);
		if (fork() == 0) {
			dup2(pair[1], 0);
			dup2(pair[1], 1);
			execl(path, path, "--stdio", (char *)NULL);
			_exit(127);
		}
		close(go[1]);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(pair[1]);
	driver = (struct driver){ .fd = pair[0] };
	assert_true(driver_next(&driver, &type) && type == FRAME_HELLO);
	fault(&driver);
	kill(middle, SIGKILL);
	waitpid(middle, NULL, 0);
	while (driver_next(&driver, &type))
		;
	assert_true(driver_saw(&driver, "\"proof\":\"table gone\""));
	assert_int_equal(tables(), 0);
	close(go[0]);
	close(go[1]);
	close(driver.fd);
	frame_close(&driver.reader);
	buf_close(&driver.log);
	buf_close(&driver.copy);
}

static void what_cannot_be_undone_is_its_exit_status(void **state)
{
	struct driver driver;
	char *old = kept_variable("PATH");
	char dir[] = "/tmp/lab-end.XXXXXX", nft[64], path[4096], script[256], real[4096];
	struct err err = { 0 };

	(void)state;
	need_namespace();
	need_program("nft");
	/* An nft that is there once more, to set the rule. */
	assert_non_null(mkdtemp(dir));
	assert_int_equal(proc_find("nft", real, sizeof real), 0);
	snprintf(nft, sizeof nft, "%s/nft", dir);
	snprintf(path, sizeof path, "%s:%s", dir, old);
	snprintf(script, sizeof script,
		 "#!/bin/sh\n[ ! -e %s/broken ] && exec %.100s \"$@\"\nexit 1\n", dir, real);
	int fd = open(nft, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
	setenv("PATH", path, 1);
	driver_start(&driver);
	setenv("PATH", old, 1);
	free(old);
	fault(&driver);
	snprintf(path, sizeof path, "%s/broken", dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(driver_close(&driver), ERR_LEFTOVER);
	assert_int_equal(tables(), 1);
	static const char *const argv[] = { "nft", "flush", "ruleset", NULL };
	struct proc_result result;
	assert_int_equal(proc_run(argv, NULL, 5000, &result, &err), 0);
	proc_result_close(&result);
	assert_int_equal(tables(), 0);
	unlink(path);
	unlink(nft);
	rmdir(dir);
}

static void words_that_nobody_reads_hold_nothing_up(void **state)
{
	struct driver driver;
	enum frame_type type;
	char bytes[4096] = "";
	int words[2];

	(void)state;
	assert_int_equal(pipe2(words, O_CLOEXEC), 0);
	assert_int_equal(fcntl(words[1], F_SETFL, O_NONBLOCK), 0);
	while (write(words[1], bytes, sizeof bytes) > 0)
		;
	while (write(words[1], bytes, 1) > 0)
		;
	assert_int_equal(fcntl(words[1], F_SETFL, 0), 0);
	driver_start_like(&driver, &(struct driver){ .words = words[1] });
	assert_int_equal(write(driver.fd, "GET / HTTP/1.1\r\n", 16), 16);
	assert_false(driver_next(&driver, &type));
	assert_int_equal(driver_close(&driver), ERR_BROKE);
	close(words[0]);
	close(words[1]);
}

static bool status_line(pid_t pid, const char *line)
{
	char path[64];
	struct buf text = { 0 };
	struct err err = { 0 };
	bool is_there;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	assert_int_equal(file_read(AT_FDCWD, path, 65536, &text, &err), 0);
	is_there = strstr(text.data, line) != NULL;
	buf_close(&text);
	return is_there;
}

static void it_keeps_nothing_of_the_machine_busy(void **state)
{
	struct driver driver;
	char path[64], to[256];
	int port;

	(void)state;
	pid_t pid = driver_server(&driver, &port);
	snprintf(path, sizeof path, "/proc/%d/cwd", (int)driver.pid);
	ssize_t n = readlink(path, to, sizeof to);
	assert_true(n == 1 && to[0] == '/');
	assert_true(status_line(driver.pid, "Umask:\t0077\n"));
	/* An actor's stderr would hold the channel open. */
	snprintf(path, sizeof path, "/proc/%d/fd/2", (int)pid);
	n = readlink(path, to, sizeof to - 1);
	assert_true(n > 0);
	to[n] = '\0';
	assert_string_equal(to, "/dev/null");
	assert_int_equal(driver_close(&driver), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_signal_that_ends_it_undoes_first),
		cmocka_unit_test(who_started_it_may_end_first),
		cmocka_unit_test(what_cannot_be_undone_is_its_exit_status),
		cmocka_unit_test(words_that_nobody_reads_hold_nothing_up),
		cmocka_unit_test(it_keeps_nothing_of_the_machine_busy),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
