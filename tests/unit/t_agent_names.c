/* names.serve of the real agent: a DNS server on loopback. */
#include "unit.h"

#include <sys/socket.h>

#include "agent_driver.h"
#include "bound.h"

static const char zone[] = "server 10.7.0.1 60\n"
			   "www.shop.example 10.7.0.2 5\n"
			   "server.lan 10.7.0.1 0\n";

/* A question for the address of one name, which is written as its labels are. */
#define QUERY(labels)                                                                              \
	"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" labels "\x00\x00\x01\x00\x01"
static const char query[] = QUERY("\x06server");

/* The address of a UDP port that was free a moment ago. */
static struct addr free_port(void)
{
	struct addr addr;

	close(bound_socket(SOCK_DGRAM, "127.0.0.3", &addr));
	return addr;
}

static void serve(struct driver *driver, int64_t id, const struct addr *addr, const char *names)
{
	struct event request;

	event_init(&request, "names.serve");
	request.label = "names.serve";
	event_int(&request, "id", id);
	event_text(&request, "address", "127.0.0.3");
	event_int(&request, "port", addr->port);
	event_text(&request, "names", names);
	driver_send(driver, FRAME_REQUEST, &request);
}

static int client_of(const struct addr *addr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(addr, &sa);

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

/* A host that serves the zone. */
static void open_server(struct driver *driver, const struct addr *addr)
{
	driver_host(driver);
	serve(driver, 2, addr, zone);
	assert_true(driver_event(driver, "names"));
	assert_string_equal(event_get(&driver->last, "address"), "127.0.0.3");
	assert_int_equal(event_num(&driver->last, "port", 0), addr->port);
	assert_int_equal(event_num(&driver->last, "count", 0), 3);
	assert_string_equal(driver_done(driver, 2), "ok");
}

static void the_agent_answers_when_it_said_so(void **state)
{
	static const char garbage[] = "\x12", unknown[] = QUERY("\x05\x1b[31m");
	struct addr addr = free_port();
	struct driver driver;
	char reply[512];

	(void)state;
	open_server(&driver, &addr);
	int fd = client_of(&addr);
	assert_int_equal(send(fd, garbage, sizeof garbage - 1, 0), sizeof garbage - 1);
	assert_int_equal(send(fd, query, sizeof query - 1, 0), sizeof query - 1);
	assert_int_equal(recv(fd, reply, sizeof reply, 0), sizeof query - 1 + 16);
	assert_true(driver_event(&driver, "dns"));
	assert_string_equal(event_get(&driver.last, "query"), "server");
	assert_string_equal(event_get(&driver.last, "type"), "A");
	assert_string_equal(event_get(&driver.last, "answer"), "10.7.0.1");
	assert_int_equal(event_num(&driver.last, "ttl", 0), 60);
	assert_int_equal(event_num(&driver.last, "number", 0), 1); /* garbage is no query */
	assert_non_null(event_get(&driver.last, "peer"));
	assert_int_equal(send(fd, unknown, sizeof unknown - 1, 0), sizeof unknown - 1);
	assert_int_equal(recv(fd, reply, sizeof reply, 0), sizeof unknown - 1);
	assert_true(driver_event(&driver, "dns"));
	assert_string_equal(event_get(&driver.last, "query"), "\\027\\09131m");
	assert_string_equal(event_get(&driver.last, "rcode"), "NXDOMAIN");
	assert_null(event_get(&driver.last, "answer"));
	assert_int_equal(driver_close(&driver), 0);
	/* Gone with the agent: the port answers by ICMP. */
	(void)send(fd, query, sizeof query - 1, 0);
	assert_int_equal(recv(fd, reply, sizeof reply, 0), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
}

/* The text of a file below /proc, which tells no size. */
static const char *proc_text(char text[4096], long pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%ld/%s", pid, file);
	FILE *in = fopen(path, "re");
	assert_non_null(in);
	text[fread(text, 1, 4095, in)] = '\0';
	fclose(in);
	return text;
}

static void the_server_holds_no_capability(void **state)
{
	static const char *const sets[] = { "CapInh:\t", "CapPrm:\t", "CapEff:\t", "CapAmb:\t" };
	struct addr addr = free_port();
	struct driver driver;
	char text[4096], file[64];

	(void)state;
	open_server(&driver, &addr);
	snprintf(file, sizeof file, "task/%d/children", (int)driver.pid);
	long pid = strtol(proc_text(text, driver.pid, file), NULL, 10);
	assert_true(pid > 0);
	proc_text(text, pid, "status");
	for (size_t i = 0; i < COUNT(sets); i++) {
		const char *at = strstr(text, sets[i]);
		assert_non_null(at);
		assert_memory_equal(at + strlen(sets[i]), "0000000000000000", 16);
	}
	assert_non_null(strstr(text, "NoNewPrivs:\t1"));
	assert_int_equal(driver_close(&driver), 0);
	assert_int_equal(kill((pid_t)pid, 0), -1); /* it ends with its agent */
}

static void a_flood_is_told_by_its_first_thousand(void **state)
{
	struct addr addr = free_port();
	struct driver driver;
	char reply[512];

	(void)state;
	open_server(&driver, &addr);
	int fd = client_of(&addr);
	for (int i = 1; i <= 2000; i++) {
		assert_int_equal(send(fd, query, sizeof query - 1, 0), sizeof query - 1);
		assert_int_equal(recv(fd, reply, sizeof reply, 0), sizeof query - 1 + 16);
	}
	for (int i = 1; i <= 1000; i++) {
		assert_true(driver_event(&driver, "dns"));
		assert_int_equal(event_num(&driver.last, "number", 0), i);
		assert_int_equal(event_num(&driver.last, "left_out", -1), -1);
	}
	assert_true(driver_event(&driver, "dns"));
	assert_int_equal(event_num(&driver.last, "number", 0), 2000);
	assert_int_equal(event_num(&driver.last, "left_out", 0), 999);
	close(fd);
	assert_int_equal(driver_close(&driver), 0);
}

static void a_port_in_use_and_a_broken_zone_are_errors(void **state)
{
	struct addr addr;
	int fd = bound_socket(SOCK_DGRAM, "127.0.0.3", &addr);
	struct driver driver;

	(void)state;
	driver_host(&driver);
	serve(&driver, 2, &addr, zone);
	assert_string_equal(driver_done(&driver, 2), "error");
	assert_non_null(strstr(event_get(&driver.last, "text"), "in use"));
	assert_true(driver_event(&driver, "exit")); /* only then its name is free again */
	close(fd);
	serve(&driver, 3, &addr, "server");
	assert_string_equal(driver_done(&driver, 3), "error");
	assert_non_null(strstr(event_get(&driver.last, "text"), "line 1 is no NAME ADDRESS TTL"));
	assert_int_equal(driver_close(&driver), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_agent_answers_when_it_said_so),
		cmocka_unit_test(the_server_holds_no_capability),
		cmocka_unit_test(a_flood_is_told_by_its_first_thousand),
		cmocka_unit_test(a_port_in_use_and_a_broken_zone_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
