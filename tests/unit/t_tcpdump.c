/* Engine tcpdump through the agent's own requests: the real tcpdump, in a namespace of our own. */
#include "unit.h"

#include <signal.h>

#include "agent_session.h"
#include "clock.h"
#include "proc.h"

static bool is_inside, has_tcpdump;

#define NEED_TCPDUMP()                                                                             \
	do {                                                                                       \
		if (!is_inside)                                                                    \
			SKIP("no network namespace of our own here");                              \
		if (!has_tcpdump)                                                                  \
			SKIP("tcpdump is not installed");                                          \
	} while (0)

static void start_request(struct event *request, const char *iface, int64_t buffer,
			  const char *filter, const char *engine)
{
	event_init(request, "capture.start");
	event_int(request, "capture", 3);
	event_text(request, "link", "lan");
	event_text(request, "iface", iface);
	event_int(request, "snaplen", 128);
	event_int(request, "buffer", buffer);
	event_text(request, "filter", "");
	event_text(request, "filter_text", filter);
	event_text(request, "engine", engine);
}

static void start(struct session *session, int64_t buffer, const char *filter)
{
	struct event request;

	setup(session, "127.0.0.1", true);
	start_request(&request, "lo", buffer, filter, "tcpdump");
	ask_ok(session, &request);
}

static void stop_request(struct event *request)
{
	event_init(request, "capture.stop");
	event_int(request, "capture", 3);
}

static int flood_socket(uint16_t port)
{
	struct sockaddr_in in = netspace_in("127.0.0.1", port);
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* Bound to nobody else: what it sends comes to itself, and there is no ICMP. */
	assert_int_equal(bind(to, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(connect(to, (struct sockaddr *)&in, sizeof in), 0);
	return to;
}

/* Numbers in the order in which the packets were sent; how many there are. */
static uint32_t numbers_in_order(const struct session *session)
{
	struct cursor cursor = cursor_of(session->kept.records.data, session->kept.records.len);
	uint64_t before_ns = 0;
	uint32_t count = 0;

	while (cursor_left(&cursor) > 0) {
		uint64_t time_ns = cursor_u64(&cursor);
		uint32_t number, len = cursor_u32(&cursor), caplen = cursor_u32(&cursor);
		const uint8_t *bytes = cursor_take(&cursor, caplen);

		assert_false(cursor.is_failed);
		assert_int_equal(len, 46);
		memcpy(&number, bytes + 42, sizeof number);
		assert_int_equal(number, count);
		assert_true(time_ns >= before_ns);
		before_ns = time_ns;
		count++;
	}
	return count;
}

/* The one thing that an engine must do: what was sent before the stop is there. tcpdump that is
 * told to end at once would lose a third of it. */
static void last_packets(const char *engine, uint32_t packets, int64_t buffer)
{
	enum {
		ROUNDS = 3
	};

	for (int round = 0; round < ROUNDS; round++) {
		static struct session session;
		struct event request;
		int fd = flood_socket(9100);

		setup(&session, "127.0.0.1", true);
		start_request(&request, "lo", buffer, "", engine);
		ask_ok(&session, &request);
		for (uint32_t i = 0; i < packets; i++)
			assert_int_equal(send(fd, &i, sizeof i, 0), sizeof i);
		stop_request(&request);
		ask_ok(&session, &request);
		const struct event *end = kept_find(&session.kept, "capture.end", NULL, NULL);
		assert_int_equal(event_num(end, "dropped", -1), 0);
		assert_int_equal(event_num(end, "packets", -1), packets);
		/* Those that came before the request wait in the stream, in order. */
		assert_int_equal(numbers_in_order(&session), packets);
		session_end(&session);
		close(fd);
	}
}

static void the_last_5000_before_the_stop_are_there_with_tcpdump(void **state)
{
	(void)state;
	NEED_TCPDUMP();
	last_packets("tcpdump", 5000, 64 << 20);
}

static void the_last_1000_before_the_stop_are_there_with_engine_packet(void **state)
{
	(void)state;
	if (!is_inside)
		SKIP("no network namespace of our own here");
	last_packets("packet", 1000, 0);
}

static void the_event_names_engine_version_and_buffer(void **state)
{
	static struct session session;

	(void)state;
	NEED_TCPDUMP();
	start(&session, 0, "host 127.0.0.9 and (tcp or udp)");
	const struct event *event = kept_find(&session.kept, "capture", NULL, NULL);
	assert_string_equal(event_get(event, "engine"), "tcpdump");
	assert_non_null(strstr(event_get(event, "version"), "tcpdump version "));
	assert_non_null(strstr(event_get(event, "version"), "libpcap version "));
	assert_string_equal(event_get(event, "filter"), "host 127.0.0.9 and (tcp or udp)");
	assert_int_equal(event_num(event, "buffer", -1), 8 << 20);
	session_end(&session);
}

static void times_are_finer_than_microseconds(void **state)
{
	static struct session session;
	struct event request;
	int fine = 0;

	(void)state;
	NEED_TCPDUMP();
	int fd = flood_socket(9101);
	start(&session, 0, "");
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(send(fd, &i, sizeof i, 0), sizeof i);
	stop_request(&request);
	ask_ok(&session, &request);
	struct cursor cursor = cursor_of(session.kept.records.data, session.kept.records.len);
	while (cursor_left(&cursor) > 0) {
		fine += cursor_u64(&cursor) % 1000 != 0;
		cursor_u32(&cursor);
		cursor_take(&cursor, cursor_u32(&cursor));
	}
	assert_true(fine > 0);
	session_end(&session);
	close(fd);
}

static void what_finds_no_room_is_counted(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	NEED_TCPDUMP();
	int fd = flood_socket(9102);
	start(&session, 65536, "udp");
	for (uint32_t i = 0; i < 60000; i++)
		assert_int_equal(send(fd, &i, sizeof i, 0), sizeof i);
	stop_request(&request);
	ask_ok(&session, &request);
	const struct event *end = kept_find(&session.kept, "capture.end", NULL, NULL);
	int64_t packets = event_num(end, "packets", -1), dropped = event_num(end, "dropped", -1);
	assert_true(packets > 0 && packets < 60000);
	assert_true(dropped > 0);
	assert_true(packets + dropped >= 60000); /* on lo both copies of a packet count */
	session_end(&session);
	close(fd);
}

static void an_unknown_interface_is_told_in_tcpdumps_words(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	NEED_TCPDUMP();
	setup(&session, "127.0.0.1", true);
	start_request(&request, "nowhere", 0, "", "tcpdump");
	session_ask(&session, &request);
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "nowhere: tcpdump: "));
	assert_non_null(strstr(session.text, "No such device"));
	assert_null(strchr(session.text, '\n'));
	session_end(&session);
}

static void a_filter_is_one_argument_and_no_option(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	NEED_TCPDUMP();
	setup(&session, "127.0.0.1", true);
	start_request(&request, "lo", 0, "-W 1 -z /bin/false; $(touch x)", "tcpdump");
	session_ask(&session, &request);
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "syntax error"));
	session_end(&session);
}

/* The process id of the only tcpdump below the agent. */
static pid_t dump_pid(pid_t agent)
{
	char path[64], text[256] = "";

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)agent, (int)agent);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static void one_that_is_killed_leaves_its_drops_unknown(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	NEED_TCPDUMP();
	start(&session, 0, "");
	pid_t pid = dump_pid(session.pid);
	if (pid == 0)
		SKIP("no list of children in /proc");
	assert_int_equal(kill(pid, SIGKILL), 0);
	stop_request(&request);
	session_ask(&session, &request);
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "tcpdump"));
	const struct event *end = kept_find(&session.kept, "capture.end", NULL, NULL);
	assert_int_equal(event_num(end, "dropped", -1), -1);
	assert_non_null(event_get(end, "error"));
	session_end(&session);
	assert_int_equal(kill(pid, 0), -1);
}

static void it_dies_with_a_killed_agent(void **state)
{
	static struct session session;
	int status;

	(void)state;
	NEED_TCPDUMP();
	start(&session, 0, "");
	pid_t pid = dump_pid(session.pid);
	if (pid == 0)
		SKIP("no list of children in /proc");
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = { .fd = fd, .events = POLLIN };
	kill(session.pid, SIGKILL);
	waitpid(session.pid, &status, 0);
	assert_int_equal(poll(&end, 1, 5000), 1);
	close(fd);
	close(session.fd);
	frame_close(&session.reader);
	kept_clear(&session.kept);
}

static void a_stop_twice_or_without_a_start_is_an_error(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	NEED_TCPDUMP();
	start(&session, 0, "");
	stop_request(&request);
	ask_ok(&session, &request);
	stop_request(&request);
	session_ask(&session, &request);
	assert_string_equal(session.result, "error");
	session_end(&session);
}

static void an_unknown_engine_is_an_error(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	setup(&session, "127.0.0.1", true);
	event_init(&request, "capture.start");
	event_int(&request, "capture", 3);
	event_text(&request, "link", "lan");
	event_text(&request, "iface", "lo");
	event_text(&request, "engine", "dumpcap");
	session_ask(&session, &request);
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "no engine dumpcap"));
	session_end(&session);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_5000_before_the_stop_are_there_with_tcpdump),
		cmocka_unit_test(the_last_1000_before_the_stop_are_there_with_engine_packet),
		cmocka_unit_test(the_event_names_engine_version_and_buffer),
		cmocka_unit_test(times_are_finer_than_microseconds),
		cmocka_unit_test(what_finds_no_room_is_counted),
		cmocka_unit_test(an_unknown_interface_is_told_in_tcpdumps_words),
		cmocka_unit_test(a_filter_is_one_argument_and_no_option),
		cmocka_unit_test(one_that_is_killed_leaves_its_drops_unknown),
		cmocka_unit_test(it_dies_with_a_killed_agent),
		cmocka_unit_test(a_stop_twice_or_without_a_start_is_an_error),
		cmocka_unit_test(an_unknown_engine_is_an_error),
	};
	char path[256];

	has_tcpdump = proc_find("tcpdump", path, sizeof path) == 0;
	is_inside = netspace_enter() == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
