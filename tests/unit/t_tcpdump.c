/* Engine tcpdump through the agent's own requests: the real tcpdump, in a namespace of our own. */
#include "unit.h"

#include <signal.h>

#include "agent_session.h"
#include "flood.h"
#include "own_net.h"

static void need_tcpdump(void)
{
	need_namespace();
	need_program("tcpdump");
}

static void start(struct session *session, struct capture_ask ask)
{
	setup(session, "127.0.0.1", true);
	ask.engine = ask.engine ? ask.engine : "tcpdump";
	session_capture(session, &ask);
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
		int fd = flood_open(9100);

		start(&session,
		      (struct capture_ask){ .engine = engine, .snaplen = 128, .buffer = buffer });
		was_ok(&session);
		flood_send(fd, packets);
		const struct event *end = session_capture_stop(&session);
		was_ok(&session);
		assert_int_equal(event_num(end, "dropped", -1), 0);
		assert_int_equal(event_num(end, "packets", -1), packets);
		/* Those that came before the request wait in the stream, in order. */
		assert_int_equal(flood_kept(&session.kept), packets);
		session_end(&session);
		close(fd);
	}
}

static void the_last_5000_before_the_stop_are_there_with_tcpdump(void **state)
{
	(void)state;
	need_tcpdump();
	last_packets("tcpdump", 5000, 64 << 20);
}

static void the_last_1000_before_the_stop_are_there_with_engine_packet(void **state)
{
	(void)state;
	need_namespace();
	last_packets("packet", 1000, 0);
}

static void the_event_names_engine_version_and_buffer(void **state)
{
	static struct session session;
	const char *filter = "host 127.0.0.9 and (tcp or udp)";

	(void)state;
	need_tcpdump();
	start(&session, (struct capture_ask){ .filter = filter });
	was_ok(&session);
	const struct event *event = kept_find(&session.kept, "capture", NULL, NULL);
	assert_string_equal(event_get(event, "engine"), "tcpdump");
	assert_non_null(strstr(event_get(event, "version"), "tcpdump version "));
	assert_non_null(strstr(event_get(event, "version"), "libpcap version "));
	assert_string_equal(event_get(event, "filter"), filter);
	assert_int_equal(event_num(event, "buffer", -1), 8 << 20);
	session_end(&session);
}

static void times_are_finer_than_microseconds(void **state)
{
	static struct session session;
	struct kept_packet packet;
	int fine = 0;

	(void)state;
	need_tcpdump();
	int fd = flood_open(9101);
	start(&session, (struct capture_ask){ .snaplen = 128 });
	was_ok(&session);
	flood_send(fd, 20);
	session_capture_stop(&session);
	was_ok(&session);
	struct cursor cursor = kept_records(&session.kept);
	while (kept_next(&cursor, &packet))
		fine += packet.time_ns % 1000 != 0;
	assert_true(fine > 0);
	session_end(&session);
	close(fd);
}

static void what_finds_no_room_is_counted(void **state)
{
	static struct session session;

	(void)state;
	need_tcpdump();
	int fd = flood_open(9102);
	start(&session, (struct capture_ask){ .snaplen = 128, .buffer = 65536, .filter = "udp" });
	was_ok(&session);
	flood_send(fd, 60000);
	const struct event *end = session_capture_stop(&session);
	was_ok(&session);
	int64_t packets = event_num(end, "packets", -1), dropped = event_num(end, "dropped", -1);
	assert_true(packets > 0 && packets < 60000);
	assert_true(dropped > 0);
	assert_true(packets + dropped >= 60000); /* on lo both copies of a packet count */
	session_end(&session);
	close(fd);
}

static void what_cannot_be_started_is_told_in_few_words(void **state)
{
	static const struct {
		struct capture_ask ask;
		const char *words[2];
	} rows[] = {
		{ { .iface = "nowhere" }, { "nowhere: tcpdump: ", "No such device" } },
		/* One argument, and no option. */
		{ { .filter = "-W 1 -z /bin/false; $(touch x)" }, { "tcpdump: ", "syntax error" } },
		{ { .engine = "dumpcap" }, { "capture.start: ", "no engine dumpcap" } },
	};
	static struct session session;

	(void)state;
	need_tcpdump();
	for (size_t i = 0; i < COUNT(rows); i++) {
		start(&session, rows[i].ask);
		assert_string_equal(session.result, "error");
		for (size_t k = 0; k < COUNT(rows[i].words); k++)
			if (!strstr(session.text, rows[i].words[k]))
				fail_msg("%s: no %s", session.text, rows[i].words[k]);
		assert_null(strchr(session.text, '\n'));
		session_end(&session);
	}
}

static void one_that_did_not_start_is_no_capture(void **state)
{
	static struct session session;

	(void)state;
	need_tcpdump();
	start(&session, (struct capture_ask){ .iface = "nowhere" });
	assert_string_equal(session.result, "error");
	session_capture_stop(&session);
	assert_string_equal(session.text, "capture.stop: no such capture");
	for (int i = 1; i < 16; i++) {
		session_capture(&session,
				&(struct capture_ask){ .iface = "nowhere", .engine = "tcpdump" });
		assert_non_null(strstr(session.text, "No such device"));
	}
	session_capture(&session, &(struct capture_ask){ 0 });
	assert_non_null(strstr(session.text, "more than 16 captures"));
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

	(void)state;
	need_tcpdump();
	start(&session, (struct capture_ask){ 0 });
	was_ok(&session);
	pid_t pid = dump_pid(session.pid);
	if (pid == 0)
		SKIP("no list of children in /proc");
	assert_int_equal(kill(pid, SIGKILL), 0);
	const struct event *end = session_capture_stop(&session);
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "tcpdump"));
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
	need_tcpdump();
	start(&session, (struct capture_ask){ 0 });
	was_ok(&session);
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

	(void)state;
	need_tcpdump();
	start(&session, (struct capture_ask){ 0 });
	was_ok(&session);
	session_capture_stop(&session);
	was_ok(&session);
	session_capture_stop(&session);
	assert_string_equal(session.result, "error");
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
		cmocka_unit_test(what_cannot_be_started_is_told_in_few_words),
		cmocka_unit_test(one_that_is_killed_leaves_its_drops_unknown),
		cmocka_unit_test(it_dies_with_a_killed_agent),
		cmocka_unit_test(one_that_did_not_start_is_no_capture),
		cmocka_unit_test(a_stop_twice_or_without_a_start_is_an_error),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
