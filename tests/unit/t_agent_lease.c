/* A controller that falls silent loses its agent; one that dies takes it along. */
#include "unit.h"

#include <fcntl.h>

#include "agent_driver.h"

static void ping(struct driver *driver)
{
	static const uint8_t bytes[] = { 0, 0, 0, 9, FRAME_PING, 0, 0, 0, 0, 0, 0, 0, 1 };

	assert_int_equal(write(driver->fd, bytes, sizeof bytes), sizeof bytes);
}

static void silence_after_a_ping_ends_the_agent_when_its_lease_is_over(void **state)
{
	struct driver driver;
	enum frame_type type;
	int64_t start_ns, silent_ns;

	(void)state;
	driver_start(&driver);
	assert_string_equal(driver_play(&driver, 1, "setup - name=h lease_ns=400000000"), "ok");
	start_ns = clock_mono_ns();
	ping(&driver);
	assert_true(driver_next(&driver, &type));
	assert_int_equal(type, FRAME_PONG);
	assert_false(driver_next(&driver, &type));
	silent_ns = clock_mono_ns() - start_ns;
	assert_true(silent_ns >= 400000000);
	assert_true(silent_ns < 9000000000); /* not the lease of who names none */
	assert_int_equal(driver_close(&driver), 0);
}

static void the_lease_runs_from_setup_on_before_any_ping(void **state)
{
	struct driver driver;
	struct pollfd set;
	enum frame_type type;
	int64_t start_ns;

	(void)state;
	driver_start(&driver);
	set = (struct pollfd){ .fd = driver.fd, .events = POLLIN };
	assert_int_equal(poll(&set, 1, 300), 0); /* three leases long, but none is named yet */
	start_ns = clock_mono_ns();
	assert_string_equal(driver_play(&driver, 1, "setup - name=h lease_ns=100000000"), "ok");
	assert_false(driver_next(&driver, &type));
	assert_true(clock_mono_ns() - start_ns >= 100000000);
	assert_true(clock_mono_ns() - start_ns < 9000000000);
	assert_int_equal(driver_close(&driver), 0);
}

/* An agent with a lease of 0.3 s, and an nft that takes two of them, found first in PATH. */
static void start_with_slow_nft(struct driver *driver, char dir[32])
{
	static const char script[] = "#!/bin/sh\nsleep 0.6; exit 1\n";
	const char *old = getenv("PATH");
	char *kept = strdup(old ? old : ""), nft[64], path[4096];
	struct event setup;

	snprintf(dir, 32, "/tmp/lab-lease.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(nft, sizeof nft, "%s/nft", dir);
	snprintf(path, sizeof path, "%s:%s", dir, kept);
	int fd = open(nft, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
	setenv("PATH", path, 1);
	driver_start(driver);
	setenv("PATH", kept, 1);
	free(kept);
	event_init(&setup, "setup");
	event_int(&setup, "id", 1);
	event_text(&setup, "name", "h");
	event_int(&setup, "lease_ns", 300000000);
	event_int(&setup, "is_private", 1);
	driver_send(driver, FRAME_REQUEST, &setup);
	assert_string_equal(driver_done(driver, 1), "ok");
}

static void end_with_slow_nft(struct driver *driver, const char *dir)
{
	char nft[64];

	assert_int_equal(driver_close(driver), 0);
	snprintf(nft, sizeof nft, "%s/nft", dir);
	unlink(nft);
	rmdir(dir);
}

static void a_lease_does_not_run_out_while_the_agent_waits_for_nft(void **state)
{
	struct driver driver;
	enum frame_type type;
	char dir[32];

	(void)state;
	start_with_slow_nft(&driver, dir);
	ping(&driver);
	assert_true(driver_next(&driver, &type));
	assert_string_equal(
	    driver_play(&driver, 2, "firewall cut hook=input action=drop match=tcp"), "error");
	assert_true(event_num(&driver.last, "took_ns", 0) >= 600000000);
	ping(&driver);
	assert_true(driver_next(&driver, &type));
	assert_int_equal(type, FRAME_PONG);
	end_with_slow_nft(&driver, dir);
}

/* Each once and at once; requests that come meanwhile wait for their turn. */
static void pings_are_answered_while_the_agent_waits_for_nft(void **state)
{
	struct driver driver;
	enum frame_type type;
	char dir[32];

	(void)state;
	start_with_slow_nft(&driver, dir);
	driver_request(&driver, 2, "firewall cut hook=input action=drop match=tcp");
	for (int i = 0; i < 3; i++) {
		ping(&driver);
		assert_true(driver_next(&driver, &type));
		assert_int_equal(type, FRAME_PONG);
		driver_request(&driver, 3 + i, "no.such.request -");
	}
	for (int id = 2; id < 6; id++) {
		assert_true(driver_next(&driver, &type));
		assert_int_equal(type, FRAME_DONE);
		assert_int_equal(event_num(&driver.last, "id", 0), id);
	}
	ping(&driver);
	assert_true(driver_next(&driver, &type));
	assert_int_equal(type, FRAME_PONG);
	driver_request(&driver, 6, "no.such.request -");
	assert_true(driver_next(&driver, &type));
	assert_int_equal(type, FRAME_DONE);
	end_with_slow_nft(&driver, dir);
}

/* A frame that comes in two parts, and the end of the stream. */
static void a_stream_may_end_while_the_agent_waits_for_nft(void **state)
{
	static const uint8_t half[] = { 0, 0, 0, 9, FRAME_PING, 0 };
	static const uint8_t rest[] = { 0, 0, 0, 0, 0, 0, 1 };
	struct driver driver;
	enum frame_type type;
	char dir[32];

	(void)state;
	start_with_slow_nft(&driver, dir);
	driver_request(&driver, 2, "firewall cut hook=input action=drop match=tcp");
	assert_int_equal(write(driver.fd, half, sizeof half), sizeof half);
	(void)poll(NULL, 0, 50);
	assert_int_equal(write(driver.fd, rest, sizeof rest), sizeof rest);
	assert_true(driver_next(&driver, &type));
	assert_int_equal(type, FRAME_PONG);
	shutdown(driver.fd, SHUT_WR);
	assert_true(driver_next(&driver, &type));
	assert_int_equal(type, FRAME_DONE);
	end_with_slow_nft(&driver, dir);
}

static void a_lease_out_of_bounds_is_refused(void **state)
{
	struct driver driver;

	(void)state;
	driver_start(&driver);
	assert_string_equal(driver_play(&driver, 1, "setup - name=h lease_ns=99999999"), "error");
	assert_string_equal(driver_play(&driver, 2, "setup - name=h lease_ns=60000000001"),
			    "error");
	assert_int_equal(driver_close(&driver), 0);
}

/* The server's pid through a pipe, then the middle process is killed while the stream stays open.
 */
static void the_agent_and_its_actors_die_with_who_started_it(void **state)
{
	int up[2];
	pid_t middle, server = 0;
	struct pollfd set;
	char byte;

	(void)state;
	assert_int_equal(pipe(up), 0);
	middle = fork();
	assert_true(middle >= 0);
	if (middle == 0) {
		struct driver driver;
		int port;

		server = driver_server(&driver, &port); /* inherits `up`: its end is seen here */
		if (write(up[1], &server, sizeof server) != (ssize_t)sizeof server)
			_exit(1);
		(void)poll(NULL, 0, DRIVER_MS);
		_exit(1);
	}
	close(up[1]);
	assert_int_equal(read(up[0], &server, sizeof server), sizeof server);
	assert_true(server > 0);
	assert_int_equal(kill(server, 0), 0);
	kill(middle, SIGKILL);
	waitpid(middle, NULL, 0);
	set = (struct pollfd){ .fd = up[0], .events = POLLIN };
	assert_int_equal(poll(&set, 1, DRIVER_MS), 1); /* the last holder of `up` is gone */
	assert_int_equal(read(up[0], &byte, 1), 0);
	close(up[0]);
	for (int i = 0; i < 1000 && kill(server, 0) == 0; i++)
		(void)poll(NULL, 0, 5); /* reaped by init, which sends us no event */
	assert_int_equal(kill(server, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_after_a_ping_ends_the_agent_when_its_lease_is_over),
		cmocka_unit_test(the_lease_runs_from_setup_on_before_any_ping),
		cmocka_unit_test(a_lease_does_not_run_out_while_the_agent_waits_for_nft),
		cmocka_unit_test(pings_are_answered_while_the_agent_waits_for_nft),
		cmocka_unit_test(a_stream_may_end_while_the_agent_waits_for_nft),
		cmocka_unit_test(a_lease_out_of_bounds_is_refused),
		cmocka_unit_test(the_agent_and_its_actors_die_with_who_started_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
