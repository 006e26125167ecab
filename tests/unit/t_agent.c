/* The real agent over a socketpair, its hosts on loopback addresses: its protocol, its rights, and
 * how it and its actors end. */
#include "unit.h"

#include "agent_driver.h"

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static void hello_comes_first_and_tells_the_host(void **state)
{
	struct driver driver;

	(void)state;
	driver_start(&driver);
	assert_int_equal(event_num(&driver.last, "pid", 0), driver.pid);
	assert_true(event_num(&driver.last, "mono_ns", 0) > 0);
	assert_non_null(event_get(&driver.last, "version"));
	assert_int_equal(driver_close(&driver), 0);
}

static void setup_tells_the_addresses(void **state)
{
	struct driver driver;

	(void)state;
	driver_host(&driver);
	assert_true(driver_saw(&driver, "\"kind\":\"address\""));
	assert_true(driver_saw(&driver, "127.0.0.1"));
	assert_int_equal(driver_close(&driver), 0);
}

static void a_ping_is_answered_with_both_clocks(void **state)
{
	static const uint8_t ping[] = { 0, 0, 0, 9, FRAME_PING, 0, 0, 0, 0, 0, 0, 1, 2 };
	struct driver driver;
	enum frame_type type;

	(void)state;
	driver_start(&driver);
	assert_int_equal(write(driver.fd, ping, sizeof ping), sizeof ping);
	assert_true(driver_next(&driver, &type));
	assert_int_equal(type, FRAME_PONG);
	assert_int_equal(event_num(&driver.last, "sent_ns", 0), 258);
	assert_true(event_num(&driver.last, "real_ns", 0) > event_num(&driver.last, "mono_ns", 0));
	assert_int_equal(driver_close(&driver), 0);
}

static void actors_have_no_capabilities_and_no_descriptors_of_the_agent(void **state)
{
	struct driver driver;
	char path[64], line[256];
	int port, nfd = 0;
	bool saw_caps = false;
	FILE *file;

	(void)state;
	driver_server(&driver, &port);
	pid_t pid = driver_serve(&driver, 3, "more", &port);
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, "Cap", 3) != 0 ||
		    (strncmp(line, "CapBnd", 6) == 0 && getuid() != 0))
			continue;
		assert_non_null(strstr(line, "0000000000000000"));
		saw_caps = true;
	}
	fclose(file);
	assert_true(saw_caps);
	/* 0, 1: null; 2: stderr; 3: channel; 4: its listener. */
	for (int fd = 0; fd < 64; fd++) {
		char link[64], to[256];

		snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
		nfd += readlink(link, to, sizeof to) > 0;
	}
	assert_int_equal(nfd, 5);
	assert_int_equal(driver_close(&driver), 0);
}

static bool has_status(pid_t pid, const char *want)
{
	char path[64], line[256];
	bool is_there = false;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		is_there |= streq(line, want);
	fclose(file);
	return is_there;
}

static void after_sudo_an_actor_is_the_user_who_logged_in(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	if (getuid() != 0)
		SKIP("needs root");
	setenv("SUDO_UID", "65533", 1);
	setenv("SUDO_GID", "65532", 1);
	pid_t pid = driver_server(&driver, &port);
	assert_true(has_status(pid, "Uid:\t65533\t65533\t65533\t65533\n"));
	assert_true(has_status(pid, "Gid:\t65532\t65532\t65532\t65532\n"));
	assert_true(has_status(pid, "Groups:\t \n") || has_status(pid, "Groups:\t\n"));
	assert_true(has_status(pid, "CapPrm:\t0000000000000000\n"));
	assert_true(has_status(pid, "CapBnd:\t0000000000000000\n"));
	assert_true(has_status(driver.pid, "Uid:\t0\t0\t0\t0\n"));
	/* It still dies with an agent that could not tell it to. */
	kill(driver.pid, SIGKILL);
	assert_int_equal(driver_close(&driver), -1);
	for (int i = 0; i < 1000 && !is_gone(pid); i++)
		(void)poll(NULL, 0, 5); /* reaped by init, which sends us no event */
	assert_true(is_gone(pid));
	setenv("SUDO_UID", "me", 1);
	driver_host(&driver);
	assert_string_equal(driver_play(&driver, 2, "tcp.serve serve port=0"), "error");
	assert_non_null(strstr(event_get(&driver.last, "text"), "SUDO_UID"));
	assert_int_equal(driver_close(&driver), 0);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

static void the_end_of_the_stream_ends_everything(void **state)
{
	struct driver driver;
	pid_t server, agent;
	int port;

	(void)state;
	driver_server(&driver, &port);
	server = driver_serve(&driver, 3, "more", &port);
	assert_false(is_gone(server));
	agent = driver.pid;
	assert_int_equal(driver_close(&driver), 0);
	assert_true(is_gone(server));
	assert_true(is_gone(agent));
}

static void a_killed_actor_is_told_with_its_signal(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	pid_t pid = driver_server(&driver, &port);
	assert_int_equal(kill(pid, SIGSEGV), 0);
	assert_true(driver_event(&driver, "exit"));
	assert_string_equal(event_get(&driver.last, "signal"), "SIGSEGV");
	assert_string_equal(event_get(&driver.last, "of"), "serve");
	assert_int_equal(driver_close(&driver), 0);
}

static void a_frozen_server_is_ended_at_the_deadline_of_its_stop(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	pid_t pid = driver_server(&driver, &port);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_string_equal(
	    driver_play(&driver, 3, "tcp.stop stop step=serve deadline_ns=100000000"), "TIMEOUT");
	assert_int_equal(driver_close(&driver), 0);
	assert_true(is_gone(pid));
}

/* Requests without end and nobody who reads: the agent stops taking them instead of growing, and
 * nothing is lost when the reader comes back. */
static void a_controller_that_does_not_read_is_waited_for(void **state)
{
	enum {
		REQUESTS = 100000
	};
	struct driver driver;
	struct buf out = { 0 };
	enum frame_type type = FRAME_HELLO;
	char label[120];
	size_t sent = 0;
	int done = 0;

	(void)state;
	memset(label, 'x', sizeof label - 1);
	label[sizeof label - 1] = '\0';
	driver_host(&driver);
	for (int i = 0; i < REQUESTS; i++) {
		struct event request;

		event_init(&request, "unknown");
		event_int(&request, "id", 100 + i);
		request.label = label;
		frame_put_event(&out, FRAME_REQUEST, &request);
	}
	while (sent < out.len) {
		ssize_t n =
		    send(driver.fd, out.data + sent, out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		struct pollfd set = { .fd = driver.fd, .events = POLLOUT };

		if (n > 0)
			sent += (size_t)n;
		else if (poll(&set, 1, 300) == 0)
			break;
	}
	assert_true(sent < out.len);
	while (done < REQUESTS) {
		if (sent < out.len) {
			ssize_t n = send(driver.fd, out.data + sent, out.len - sent,
					 MSG_NOSIGNAL | MSG_DONTWAIT);

			sent += n > 0 ? (size_t)n : 0;
		}
		assert_true(driver_next(&driver, &type));
		buf_clear(&driver.log);
		if (type == FRAME_DONE)
			assert_int_equal(event_num(&driver.last, "id", 0), 100 + done++);
	}
	buf_close(&out);
	assert_int_equal(driver_close(&driver), 0);
}

static void what_the_agent_does_not_know_is_an_error(void **state)
{
	struct driver driver;

	(void)state;
	driver_host(&driver);
	assert_string_equal(driver_play(&driver, 2, "tcp.fly x"), "error");
	assert_string_equal(driver_play(&driver, 3, "tcp.send x subject=nobody"), "error");
	assert_string_equal(driver_play(&driver, 4, "tcp.stop x step=nobody"), "error");
	assert_string_equal(driver_play(&driver, 5, "tcp.connect x to=nonsense"), "error");
	assert_string_equal(driver_play(&driver, 6, "wait x step=y"), "error");
	assert_int_equal(driver_close(&driver), 0);
}

static void a_stream_that_is_not_ours_ends_the_agent(void **state)
{
	struct driver driver;
	enum frame_type type;

	(void)state;
	driver_start(&driver);
	assert_int_equal(write(driver.fd, "GET / HTTP/1.1\r\n", 16), 16);
	assert_false(driver_next(&driver, &type));
	assert_int_equal(driver_close(&driver), ERR_BROKE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_comes_first_and_tells_the_host),
		cmocka_unit_test(setup_tells_the_addresses),
		cmocka_unit_test(a_ping_is_answered_with_both_clocks),
		cmocka_unit_test(actors_have_no_capabilities_and_no_descriptors_of_the_agent),
		cmocka_unit_test(after_sudo_an_actor_is_the_user_who_logged_in),
		cmocka_unit_test(the_end_of_the_stream_ends_everything),
		cmocka_unit_test(a_killed_actor_is_told_with_its_signal),
		cmocka_unit_test(a_frozen_server_is_ended_at_the_deadline_of_its_stop),
		cmocka_unit_test(a_controller_that_does_not_read_is_waited_for),
		cmocka_unit_test(what_the_agent_does_not_know_is_an_error),
		cmocka_unit_test(a_stream_that_is_not_ours_ends_the_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
