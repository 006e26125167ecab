/* The real agent over a socketpair, its hosts on loopback addresses. */
#include "unit.h"

#include "addr.h"
#include "agent_driver.h"

/* A driver whose host is set up at 127.0.0.3; serves on a port of the kernel's choice. */
static void open_host(struct driver *driver, int *port)
{
	enum frame_type type;

	driver_open(driver);
	assert_true(driver_next(driver, &type));
	assert_int_equal(type, FRAME_HELLO);
	assert_string_equal(driver_play(driver, 1, "setup - name=h address=127.0.0.3 drop=1"),
			    "ok");
	if (port == NULL)
		return;
	driver_request(driver, 2, "tcp.serve serve port=0");
	assert_true(driver_event(driver, "listen"));
	*port = (int)event_num(&driver->last, "port", 0);
	assert_true(*port > 0);
	assert_string_equal(event_get(&driver->last, "address"), "127.0.0.3");
	assert_string_equal(driver_done(driver, 2), "ok");
}

static const char *play_at(struct driver *driver, int64_t id, const char *fmt, int port)
{
	char line[512];

	snprintf(line, sizeof line, "%s", fmt);
	for (char *at = strstr(line, "PORT"); at != NULL; at = NULL) {
		char rest[512];

		snprintf(rest, sizeof rest, "%s", at + 4);
		snprintf(at, sizeof line - (size_t)(at - line), "%d%s", port, rest);
	}
	return driver_play(driver, id, line);
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static void hello_comes_first_and_tells_the_host(void **state)
{
	struct driver driver;
	enum frame_type type;

	(void)state;
	driver_open(&driver);
	assert_true(driver_next(&driver, &type));
	assert_int_equal(type, FRAME_HELLO);
	assert_true(event_is(&driver.last, "hello"));
	assert_int_equal(event_num(&driver.last, "pid", 0), driver.pid);
	assert_true(event_num(&driver.last, "mono_ns", 0) > 0);
	assert_non_null(event_get(&driver.last, "version"));
	assert_int_equal(driver_close(&driver), 0);
}

static void setup_tells_the_addresses(void **state)
{
	struct driver driver;

	(void)state;
	open_host(&driver, NULL);
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
	driver_open(&driver);
	assert_true(driver_next(&driver, &type));
	assert_int_equal(write(driver.fd, ping, sizeof ping), sizeof ping);
	assert_true(driver_next(&driver, &type));
	assert_int_equal(type, FRAME_PONG);
	assert_int_equal(event_num(&driver.last, "sent_ns", 0), 258);
	assert_true(event_num(&driver.last, "real_ns", 0) > event_num(&driver.last, "mono_ns", 0));
	assert_int_equal(driver_close(&driver), 0);
}

static void a_client_connects_and_is_answered(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	open_host(&driver, &port);
	assert_string_equal(
	    play_at(&driver, 3, "tcp.connect alice to=127.0.0.3:PORT messages=3 keep=yes", port),
	    "ok");
	assert_true(driver_saw(&driver, "Message #3 from client alice"));
	assert_true(driver_saw(&driver, "Response to message: Message #3 from client alice"));
	assert_true(driver_saw(&driver, "\"kind\":\"connect\""));
	assert_true(driver_saw(&driver, "\"by\":\"literal\""));
	assert_string_equal(driver_play(&driver, 4, "tcp.send alice subject=alice"), "ok");
	assert_string_equal(driver_play(&driver, 5, "tcp.recv alice subject=alice"), "ok");
	assert_true(driver_saw(&driver, "Response to message: Message #4 from client alice"));
	assert_string_equal(
	    driver_play(&driver, 6, "tcp.recv alice subject=alice timeout=20000000"), "TIMEOUT");
	assert_string_equal(driver_play(&driver, 7, "tcp.close alice subject=alice"), "ok");
	assert_int_equal(driver_close(&driver), 0);
}

static void a_closed_port_refuses_at_once(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	open_host(&driver, &port);
	assert_string_equal(driver_play(&driver, 3, "tcp.stop stop step=serve"), "ok");
	assert_true(driver_saw(&driver, "\"signal\":\"SIGTERM\""));
	assert_string_equal(play_at(&driver, 4, "tcp.connect carol to=127.0.0.3:PORT", port),
			    "ECONNREFUSED");
	assert_string_equal(event_get(&driver.last, "text"), "Connection refused");
	assert_true(event_num(&driver.last, "took_ns", INT64_MAX) < 50000000);
	assert_true(driver_saw(&driver, "\"local\":\"127.0.0.3:"));
	assert_int_equal(driver_close(&driver), 0);
}

static size_t lines_with(const struct driver *driver, const char *text)
{
	size_t count = 0;

	for (const char *at = driver->log.data; (at = strstr(at, text)); at += strlen(text))
		count++;
	return count;
}

static void several_connections_are_made_in_order_and_counted(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	open_host(&driver, &port);
	assert_string_equal(
	    play_at(&driver, 3, "tcp.connect many to=127.0.0.3:PORT times=5 messages=2", port),
	    "ok 5");
	assert_int_equal(lines_with(&driver, "\"kind\":\"resolve\""), 5);
	assert_int_equal(lines_with(&driver, "\"kind\":\"connect\""), 5);
	assert_int_equal(lines_with(&driver, "\"text\":\"Message #2 from client many\",\"result\""),
			 5);
	assert_int_equal(lines_with(&driver, "\"by\":\"local\""), 5);
	assert_string_equal(driver_play(&driver, 4, "tcp.stop stop step=serve"), "ok");
	assert_string_equal(play_at(&driver, 5, "tcp.connect none to=127.0.0.3:PORT times=3", port),
			    "ECONNREFUSED 3");
	assert_string_equal(
	    play_at(&driver, 6, "tcp.connect one to=127.0.0.3:PORT times=2 keep=yes", port),
	    "error");
	assert_string_equal(play_at(&driver, 7, "tcp.connect no to=127.0.0.3:PORT times=0", port),
			    "error");
	assert_string_equal(play_at(&driver, 8, "tcp.connect x to=127.0.0.3:PORT times=1001", port),
			    "error");
	assert_int_equal(driver_close(&driver), 0);
}

static void a_refused_connect_still_tells_its_local_port(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	open_host(&driver, &port);
	assert_string_equal(driver_play(&driver, 3, "tcp.stop stop step=serve"), "ok");
	driver_request(&driver, 4, "tcp.connect carol to=127.0.0.3:1");
	assert_true(driver_event(&driver, "connect"));
	assert_non_null(event_get(&driver.last, "local"));
	assert_true(strncmp(event_get(&driver.last, "local"), "127.0.0.3:", 10) == 0);
	assert_string_not_equal(event_get(&driver.last, "local"), "127.0.0.3:0");
	assert_string_not_equal(event_get(&driver.last, "local"), "127.0.0.3:*");
	assert_string_equal(driver_done(&driver, 4), "ECONNREFUSED");
	assert_int_equal(driver_close(&driver), 0);
}

static void a_stopped_server_has_read_what_was_sent(void **state)
{
	struct driver driver;
	pid_t server;
	int port;

	(void)state;
	open_host(&driver, NULL);
	driver_request(&driver, 2, "tcp.serve serve port=0");
	assert_true(driver_event(&driver, "listen"));
	server = (pid_t)event_num(&driver.last, "pid", 0);
	port = (int)event_num(&driver.last, "port", 0);
	assert_string_equal(driver_done(&driver, 2), "ok");
	assert_string_equal(play_at(&driver, 3, "tcp.connect bob to=127.0.0.3:PORT keep=yes", port),
			    "ok");
	/* Frozen while they are sent, so that all of them are unread when the stop comes. */
	assert_int_equal(kill(server, SIGSTOP), 0);
	assert_string_equal(driver_play(&driver, 4, "tcp.send bob subject=bob messages=200"), "ok");
	driver_request(&driver, 5, "tcp.stop stop step=serve");
	driver_request(&driver, 6, "setup - name=h address=127.0.0.3"); /* the stop is under way */
	assert_string_equal(driver_done(&driver, 6), "ok");
	assert_int_equal(kill(server, SIGCONT), 0);
	assert_string_equal(driver_done(&driver, 5), "ok");
	assert_true(driver_saw(&driver, "Message #200 from client bob\",\"bytes\""));
	/* Its answers are read, then the end: a FIN, because nothing was left unread. */
	assert_string_equal(driver_play(&driver, 7, "tcp.recv bob subject=bob messages=201"),
			    "EOF");
	assert_true(driver_saw(&driver, "\"how\":\"FIN\"") || driver_event(&driver, "peer-closed"));
	assert_false(driver_saw(&driver, "\"how\":\"RST\""));
	assert_int_equal(driver_close(&driver), 0);
}

static void a_held_client_tells_when_its_peer_goes(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	open_host(&driver, &port);
	assert_string_equal(play_at(&driver, 3, "tcp.connect bob to=127.0.0.3:PORT keep=yes", port),
			    "ok");
	assert_string_equal(driver_play(&driver, 4, "tcp.stop stop step=serve signal=SIGKILL"),
			    "ok");
	assert_true(driver_saw(&driver, "\"signal\":\"SIGKILL\""));
	if (!driver_saw(&driver, "\"peer-closed\""))
		assert_true(driver_event(&driver, "peer-closed"));
	assert_string_equal(driver_play(&driver, 5, "tcp.recv bob subject=bob"), "EOF");
	assert_string_equal(driver_play(&driver, 6, "tcp.send bob subject=bob"), "ENOTCONN");
	assert_int_equal(driver_close(&driver), 0);
}

static void a_port_in_use_is_a_result(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	open_host(&driver, &port);
	assert_string_equal(play_at(&driver, 3, "tcp.serve second port=PORT", port), "EADDRINUSE");
	assert_true(strncmp(event_get(&driver.last, "text"), "bind: Address ", 14) == 0);
	assert_string_equal(
	    play_at(&driver, 4, "tcp.serve third port=PORT address=127.0.0.4", port), "ok");
	assert_int_equal(driver_close(&driver), 0);
}

static void own_patience_is_timeout(void **state)
{
	struct driver driver;

	(void)state;
	open_host(&driver, NULL);
	/* A listener whose queue is full answers no SYN. */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fill[4];
	struct addr addr;
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	assert_int_equal(addr_parse(&addr, "127.0.0.5", 0), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, addr_to_sockaddr(&addr, &sa)), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(addr_from_sockaddr(&addr, &sa), 0);
	for (size_t i = 0; i < COUNT(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fill[i], (struct sockaddr *)&sa, len);
	}
	assert_string_equal(
	    play_at(&driver, 3, "tcp.connect dan to=127.0.0.5:PORT timeout=30000000", addr.port),
	    "TIMEOUT");
	assert_true(driver_saw(&driver, "\"kind\":\"connecting\""));
	assert_true(event_num(&driver.last, "took_ns", 0) >= 30000000);
	for (size_t i = 0; i < COUNT(fill); i++)
		close(fill[i]);
	close(fd);
	assert_int_equal(driver_close(&driver), 0);
}

static void names_come_from_the_plan(void **state)
{
	struct driver driver;
	struct event setup;
	enum frame_type type;

	(void)state;
	driver_open(&driver);
	assert_true(driver_next(&driver, &type));
	event_init(&setup, "setup");
	event_int(&setup, "id", 1);
	event_text(&setup, "name", "h");
	event_text(&setup, "address", "127.0.0.3");
	event_text(&setup, "names", "# ours\n127.0.0.9 other server.lab\n");
	driver_send(&driver, FRAME_REQUEST, &setup);
	assert_string_equal(driver_done(&driver, 1), "ok");
	assert_string_equal(driver_play(&driver, 2, "tcp.connect c to=server.lab:1"),
			    "ECONNREFUSED");
	assert_true(driver_saw(
	    &driver, "\"query\":\"server.lab\",\"address\":\"127.0.0.9\",\"by\":\"plan\""));
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
	open_host(&driver, &port);
	driver_request(&driver, 3, "tcp.serve more port=0");
	assert_true(driver_event(&driver, "listen"));
	snprintf(path, sizeof path, "/proc/%d/status", (int)event_num(&driver.last, "pid", 0));
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

		snprintf(link, sizeof link, "/proc/%d/fd/%d",
			 (int)event_num(&driver.last, "pid", 0), fd);
		nfd += readlink(link, to, sizeof to) > 0;
	}
	assert_int_equal(nfd, 5);
	assert_string_equal(driver_done(&driver, 3), "ok");
	assert_int_equal(driver_close(&driver), 0);
}

static void the_end_of_the_stream_ends_everything(void **state)
{
	struct driver driver;
	pid_t server, agent;
	int port;

	(void)state;
	open_host(&driver, &port);
	driver_request(&driver, 3, "tcp.serve more port=0");
	assert_true(driver_event(&driver, "listen"));
	server = (pid_t)event_num(&driver.last, "pid", 0);
	assert_false(is_gone(server));
	assert_string_equal(driver_done(&driver, 3), "ok");
	agent = driver.pid;
	assert_int_equal(driver_close(&driver), 0);
	assert_true(is_gone(server));
	assert_true(is_gone(agent));
}

static void a_killed_actor_is_told_with_its_signal(void **state)
{
	struct driver driver;
	pid_t pid;

	(void)state;
	open_host(&driver, NULL);
	driver_request(&driver, 2, "tcp.serve serve port=0");
	assert_true(driver_event(&driver, "listen"));
	pid = (pid_t)event_num(&driver.last, "pid", 0);
	assert_string_equal(driver_done(&driver, 2), "ok");
	assert_int_equal(kill(pid, SIGSEGV), 0);
	assert_true(driver_event(&driver, "exit"));
	assert_string_equal(event_get(&driver.last, "signal"), "SIGSEGV");
	assert_string_equal(event_get(&driver.last, "of"), "serve");
	assert_int_equal(driver_close(&driver), 0);
}

static void a_frozen_server_is_ended_at_the_deadline_of_its_stop(void **state)
{
	struct driver driver;
	pid_t pid;

	(void)state;
	open_host(&driver, NULL);
	driver_request(&driver, 2, "tcp.serve serve port=0");
	assert_true(driver_event(&driver, "listen"));
	pid = (pid_t)event_num(&driver.last, "pid", 0);
	assert_string_equal(driver_done(&driver, 2), "ok");
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
	open_host(&driver, NULL);
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
	open_host(&driver, NULL);
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
	driver_open(&driver);
	assert_true(driver_next(&driver, &type));
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
		cmocka_unit_test(a_client_connects_and_is_answered),
		cmocka_unit_test(a_closed_port_refuses_at_once),
		cmocka_unit_test(several_connections_are_made_in_order_and_counted),
		cmocka_unit_test(a_refused_connect_still_tells_its_local_port),
		cmocka_unit_test(a_stopped_server_has_read_what_was_sent),
		cmocka_unit_test(a_held_client_tells_when_its_peer_goes),
		cmocka_unit_test(a_port_in_use_is_a_result),
		cmocka_unit_test(own_patience_is_timeout),
		cmocka_unit_test(names_come_from_the_plan),
		cmocka_unit_test(actors_have_no_capabilities_and_no_descriptors_of_the_agent),
		cmocka_unit_test(the_end_of_the_stream_ends_everything),
		cmocka_unit_test(a_killed_actor_is_told_with_its_signal),
		cmocka_unit_test(a_frozen_server_is_ended_at_the_deadline_of_its_stop),
		cmocka_unit_test(a_controller_that_does_not_read_is_waited_for),
		cmocka_unit_test(what_the_agent_does_not_know_is_an_error),
		cmocka_unit_test(a_stream_that_is_not_ours_ends_the_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
