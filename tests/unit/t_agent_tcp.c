/* TCP steps of the real agent: what a client and a server tell, and what fails. */
#include "unit.h"

#include "agent_driver.h"
#include "bound.h"

static void a_client_connects_and_is_answered(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	driver_server(&driver, &port);
	assert_string_equal(
	    driver_play_at(&driver, 3, "tcp.connect alice to=127.0.0.3:PORT messages=3 keep=yes",
			   port),
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
	driver_server(&driver, &port);
	assert_string_equal(driver_play(&driver, 3, "tcp.stop stop step=serve"), "ok");
	assert_true(driver_saw(&driver, "\"signal\":\"SIGTERM\""));
	assert_string_equal(driver_play_at(&driver, 4, "tcp.connect carol to=127.0.0.3:PORT", port),
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
	driver_server(&driver, &port);
	assert_string_equal(driver_play_at(&driver, 3,
					   "tcp.connect many to=127.0.0.3:PORT times=5 messages=2",
					   port),
			    "ok 5");
	assert_int_equal(lines_with(&driver, "\"kind\":\"resolve\""), 5);
	assert_int_equal(lines_with(&driver, "\"kind\":\"connect\""), 5);
	assert_int_equal(lines_with(&driver, "\"text\":\"Message #2 from client many\",\"result\""),
			 5);
	assert_int_equal(lines_with(&driver, "\"by\":\"local\""), 5);
	assert_string_equal(driver_play(&driver, 4, "tcp.stop stop step=serve"), "ok");
	assert_string_equal(
	    driver_play_at(&driver, 5, "tcp.connect none to=127.0.0.3:PORT times=3", port),
	    "ECONNREFUSED 3");
	assert_string_equal(
	    driver_play_at(&driver, 6, "tcp.connect one to=127.0.0.3:PORT times=2 keep=yes", port),
	    "error");
	assert_string_equal(
	    driver_play_at(&driver, 7, "tcp.connect no to=127.0.0.3:PORT times=0", port), "error");
	assert_string_equal(
	    driver_play_at(&driver, 8, "tcp.connect x to=127.0.0.3:PORT times=1001", port),
	    "error");
	assert_int_equal(driver_close(&driver), 0);
}

static void a_refused_connect_still_tells_its_local_port(void **state)
{
	struct driver driver;
	int port;

	(void)state;
	driver_server(&driver, &port);
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
	int port;

	(void)state;
	pid_t server = driver_server(&driver, &port);
	assert_string_equal(
	    driver_play_at(&driver, 3, "tcp.connect bob to=127.0.0.3:PORT keep=yes", port), "ok");
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
	driver_server(&driver, &port);
	assert_string_equal(
	    driver_play_at(&driver, 3, "tcp.connect bob to=127.0.0.3:PORT keep=yes", port), "ok");
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
	driver_server(&driver, &port);
	assert_string_equal(driver_play_at(&driver, 3, "tcp.serve second port=PORT", port),
			    "EADDRINUSE");
	assert_true(strncmp(event_get(&driver.last, "text"), "bind: Address ", 14) == 0);
	assert_string_equal(
	    driver_play_at(&driver, 4, "tcp.serve third port=PORT address=127.0.0.4", port), "ok");
	assert_int_equal(driver_close(&driver), 0);
}

static void own_patience_is_timeout(void **state)
{
	struct driver driver;

	(void)state;
	driver_host(&driver);
	/* A listener whose queue is full answers no SYN. */
	struct addr addr;
	int fd = bound_socket(SOCK_STREAM, "127.0.0.5", &addr), fill[4];
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&addr, &sa);

	assert_int_equal(listen(fd, 0), 0);
	for (size_t i = 0; i < COUNT(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fill[i], (struct sockaddr *)&sa, len);
	}
	assert_string_equal(driver_play_at(&driver, 3,
					   "tcp.connect dan to=127.0.0.5:PORT timeout=30000000",
					   addr.port),
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

	(void)state;
	driver_start(&driver);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_connects_and_is_answered),
		cmocka_unit_test(a_closed_port_refuses_at_once),
		cmocka_unit_test(several_connections_are_made_in_order_and_counted),
		cmocka_unit_test(a_refused_connect_still_tells_its_local_port),
		cmocka_unit_test(a_stopped_server_has_read_what_was_sent),
		cmocka_unit_test(a_held_client_tells_when_its_peer_goes),
		cmocka_unit_test(a_port_in_use_is_a_result),
		cmocka_unit_test(own_patience_is_timeout),
		cmocka_unit_test(names_come_from_the_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
