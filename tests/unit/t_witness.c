/* The witnesses through the agent's own requests: a real agent on a stream, in our namespace. */
#include "unit.h"

#include <sys/syscall.h>

#include "agent_session.h"
#include "clock.h"
#include "proc.h"
#include "ruleset.h"

static bool is_inside, has_nft;

#define NEED_NAMESPACE()                                                                           \
	do {                                                                                       \
		if (!is_inside)                                                                    \
			SKIP("no network namespace of our own here");                              \
	} while (0)

static void ask_firewall(struct session *session, const char *label, const char *match)
{
	struct event request;

	event_init(&request, "firewall");
	request.step = 4;
	request.label = label;
	event_text(&request, "hook", "input");
	event_text(&request, "action", "reset");
	event_text(&request, "match", match);
	session_ask(session, &request);
}

static void a_capture_holds_all_between_start_and_stop(void **state)
{
	static struct session session;
	struct event request;
	size_t count = 0;

	(void)state;
	NEED_NAMESPACE();
	setup(&session, "10.7.0.1", true);
	event_init(&request, "capture.start");
	event_int(&request, "capture", 2);
	event_text(&request, "link", "lan");
	event_text(&request, "iface", "lo");
	event_int(&request, "snaplen", 262144);
	event_int(&request, "buffer", 0);
	event_text(&request, "filter", "");
	event_text(&request, "filter_text", "all");
	ask_ok(&session, &request);
	const struct event *event = kept_find(&session.kept, "capture", NULL, NULL);
	assert_string_equal(event_get(event, "file"), "server.lan");
	assert_string_equal(event_get(event, "engine"), "packet");
	for (int i = 0; i < 100; i++)
		assert_int_equal(netspace_connect("127.0.0.1", 1234), -ECONNREFUSED);
	event_init(&request, "capture.stop");
	event_int(&request, "capture", 2);
	ask_ok(&session, &request);
	event = kept_find(&session.kept, "capture.end", NULL, NULL);
	assert_int_equal(event_num(event, "packets", -1), 200);
	assert_int_equal(event_num(event, "dropped", -1), 0);
	/* What the agent sent before the request waited in the stream, so all of it is here. */
	struct cursor cursor = cursor_of(session.kept.records.data, session.kept.records.len);
	uint8_t flags = 0;
	while (cursor_left(&cursor) > 0) {
		cursor_u64(&cursor);
		cursor_u32(&cursor);
		uint32_t caplen = cursor_u32(&cursor);
		const uint8_t *bytes = cursor_take(&cursor, caplen);
		assert_non_null(bytes);
		flags = bytes[14 + 20 + 13];
		count++;
	}
	assert_int_equal(count, 200);
	assert_int_equal(flags, 0x14); /* RST ACK */
	session_end(&session);
}

/* The packet socket of another process, as a descriptor of ours. */
static int packet_socket_of(pid_t pid)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int number = 3; number < 64; number++) {
		int domain = 0, fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
		socklen_t len = sizeof domain;

		if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
		    domain == AF_PACKET) {
			close(process);
			return fd;
		}
		if (fd >= 0)
			close(fd);
	}
	close(process);
	return -1;
}

static void a_capture_that_cannot_be_ended_does_not_say_that_nothing_was_dropped(void **state)
{
	static struct session session;
	struct event request;
	const int one = 1;

	(void)state;
	NEED_NAMESPACE();
	setup(&session, "10.7.0.1", true);
	event_init(&request, "capture.start");
	event_int(&request, "capture", 0);
	event_text(&request, "link", "lan");
	event_text(&request, "iface", "lo");
	ask_ok(&session, &request);
	int fd = packet_socket_of(session.pid);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof one), 0);
	close(fd);
	event_init(&request, "capture.stop");
	event_int(&request, "capture", 0);
	session_ask(&session, &request);
	assert_string_equal(session.result, "EPERM");
	const struct event *end = kept_find(&session.kept, "capture.end", NULL, NULL);
	assert_int_equal(event_num(end, "dropped", -1), -1);
	assert_non_null(strstr(event_get(end, "error"), "capture stop"));
	session_end(&session);
}

static void a_flood_is_kept_while_the_controller_does_not_read(void **state)
{
	enum {
		FLOOD = 60000
	};
	static struct session session;
	struct sockaddr_in in = netspace_in("127.0.0.1", 9100);
	struct event request;
	uint32_t expected = 0;

	(void)state;
	NEED_NAMESPACE();
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(to, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	setup(&session, "10.7.0.1", true);
	event_init(&request, "capture.start");
	event_int(&request, "capture", 0);
	event_text(&request, "link", "lan");
	event_text(&request, "iface", "lo");
	event_int(&request, "snaplen", 96);
	event_int(&request, "buffer", 32 << 20);
	ask_ok(&session, &request);
	for (uint32_t i = 0; i < FLOOD; i++)
		assert_int_equal(send(fd, &i, sizeof i, 0), sizeof i);
	event_init(&request, "capture.stop");
	event_int(&request, "capture", 0);
	ask_ok(&session, &request);
	const struct event *end = kept_find(&session.kept, "capture.end", NULL, NULL);
	assert_int_equal(event_num(end, "dropped", -1), 0);
	assert_int_equal(event_num(end, "packets", -1), FLOOD);
	struct cursor cursor = cursor_of(session.kept.records.data, session.kept.records.len);
	while (cursor_left(&cursor) > 0) {
		uint32_t number, caplen;

		cursor_u64(&cursor);
		cursor_u32(&cursor);
		caplen = cursor_u32(&cursor);
		const uint8_t *bytes = cursor_take(&cursor, caplen);
		assert_non_null(bytes);
		memcpy(&number, bytes + 42, sizeof number);
		assert_int_equal(number, expected++);
	}
	assert_int_equal(expected, FLOOD);
	close(fd);
	close(to);
	session_end(&session);
}

/* Processor time of the agent, in clock ticks. */
static long agent_ticks(pid_t pid)
{
	char path[64], text[1024];
	long ticks = 0;
	const char *at;
	char *end;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	at = strrchr(text, ')');
	assert_non_null(at);
	for (int i = 0; i < 12; i++)
		at = strchr(at + 1, ' ');
	ticks = strtol(at, &end, 10);
	return ticks + strtol(end, NULL, 10);
}

static void a_link_that_goes_down_neither_ends_a_capture_nor_makes_it_spin(void **state)
{
	static const int buffers[] = { 0, 16 << 20 };
	static struct session session;
	struct event request;

	(void)state;
	NEED_NAMESPACE();
	for (size_t i = 0; i < COUNT(buffers); i++) {
		setup(&session, "10.7.0.1", true);
		event_init(&request, "capture.start");
		event_int(&request, "capture", 0);
		event_text(&request, "link", "lan");
		event_text(&request, "iface", "lo");
		event_int(&request, "buffer", buffers[i]);
		ask_ok(&session, &request);
		assert_int_equal(netspace_flags("lo", 0), 0);
		long before = agent_ticks(session.pid);
		poll(NULL, 0, 200); /* time in which an agent that spins uses 20 ticks */
		assert_true(agent_ticks(session.pid) - before < 5);
		assert_int_equal(netspace_up("lo"), 0);
		assert_int_equal(netspace_connect("127.0.0.1", 1234), -ECONNREFUSED);
		event_init(&request, "capture.stop");
		event_int(&request, "capture", 0);
		ask_ok(&session, &request);
		const struct event *end = kept_find(&session.kept, "capture.end", NULL, NULL);
		assert_int_equal(event_num(end, "packets", -1), 2);
		session_end(&session);
	}
}

static void a_capture_that_is_not_allowed_is_answered_with_its_errno(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	NEED_NAMESPACE();
	setup(&session, "10.7.0.1", true);
	event_init(&request, "capture.start");
	event_int(&request, "capture", 0);
	event_text(&request, "link", "lan");
	event_text(&request, "iface", "nowhere0");
	session_ask(&session, &request);
	assert_string_equal(session.result, "ENODEV");
	assert_non_null(strstr(session.text, "nowhere0"));
	session_end(&session);
}

static void a_fault_is_set_proven_healed_and_counted(void **state)
{
	static struct session session;
	struct event request;
	int64_t before;

	(void)state;
	NEED_NAMESPACE();
	if (!has_nft)
		SKIP("no nft here");
	setup(&session, "10.7.0.1", true);
	int listener = netspace_listen("127.0.0.1", 1234);
	event_init(&request, "counter");
	event_text(&request, "name", "TcpOutRsts");
	session_ask(&session, &request);
	before = event_num(kept_find(&session.kept, "counter", NULL, NULL), "value", -1);
	ask_firewall(&session, "cut", "tcp dport 1234");
	assert_string_equal(session.result, "ok");
	const struct event *fault = kept_find(&session.kept, "fault", NULL, NULL);
	assert_string_equal(event_get(fault, "of"), "cut");
	assert_string_equal(fault->label, "cut");
	assert_int_equal(fault->step, 4);
	assert_non_null(strstr(event_get(fault, "proof"), "reject with tcp reset"));
	assert_int_equal(netspace_connect("127.0.0.1", 1234), -ECONNREFUSED);
	event_init(&request, "counter");
	event_text(&request, "name", "TcpOutRsts");
	session_ask(&session, &request);
	char expected[24];
	snprintf(expected, sizeof expected, "%lld", (long long)before);
	assert_string_equal(session.result, expected); /* a firewall's reset is not counted */
	event_init(&request, "snapshot");
	event_int(&request, "snapshot", 1);
	event_text(&request, "ports", "1234");
	ask_ok(&session, &request);
	assert_non_null(event_get(kept_find(&session.kept, "ruleset", NULL, NULL), "json"));
	event_init(&request, "heal");
	request.label = "mend";
	request.step = 6;
	event_text(&request, "step", "cut");
	ask_ok(&session, &request);
	const struct event *mended = kept_find(&session.kept, "heal", NULL, NULL);
	assert_string_equal(event_get(mended, "proof"), "table gone");
	assert_string_equal(mended->label, "mend");
	assert_int_equal(event_num(mended, "packets", -1), 1);
	int fd = netspace_connect("127.0.0.1", 1234);
	assert_true(fd >= 0);
	close(fd);
	event_init(&request, "heal");
	event_text(&request, "of", "cut");
	session_ask(&session, &request); /* nothing is left to heal */
	assert_string_equal(session.result, "error");
	close(listener);
	session_end(&session);
}

static void the_end_of_the_stream_undoes_every_fault(void **state)
{
	static struct session session;
	struct err err = { 0 };

	(void)state;
	NEED_NAMESPACE();
	if (!has_nft)
		SKIP("no nft here");
	setup(&session, "10.7.0.1", true);
	ask_firewall(&session, "one", "tcp dport 1");
	assert_string_equal(session.result, "ok");
	ask_firewall(&session, "two", "tcp dport 2");
	assert_string_equal(session.result, "ok");
	assert_int_equal(ruleset_tables(NULL, &err), 2);
	session_end(&session);
	assert_int_equal(ruleset_tables(NULL, &err), 0);
}

static void a_rule_that_nft_refuses_is_an_error_and_leaves_nothing(void **state)
{
	static struct session session;
	struct err err = { 0 };

	(void)state;
	NEED_NAMESPACE();
	if (!has_nft)
		SKIP("no nft here");
	setup(&session, "10.7.0.1", true);
	ask_firewall(&session, "bad", "tcp dport banana");
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "banana"));
	ask_firewall(&session, "bad", "tcp dport 1\nflush ruleset");
	assert_string_equal(session.result, "error");
	ask_firewall(&session, "bad", "tcp dport 3"); /* the name is free again */
	assert_string_equal(session.result, "ok");
	session_end(&session);
	assert_int_equal(ruleset_tables(NULL, &err), 0);
}

static void a_foreign_stack_gets_no_firewall(void **state)
{
	static struct session session;

	(void)state;
	NEED_NAMESPACE();
	setup(&session, "127.0.0.2", false);
	ask_firewall(&session, "cut", "tcp dport 1234");
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "not the run's own"));
	session_end(&session);
}

static void sockets_of_other_hosts_on_a_shared_stack_are_not_ours(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	NEED_NAMESPACE();
	setup(&session, "127.0.0.2", true);
	int ours = netspace_listen("127.0.0.2", 1234), other = netspace_listen("127.0.0.3", 1234);
	event_init(&request, "sockets");
	request.label = "before";
	event_text(&request, "port", "1234");
	ask_ok(&session, &request);
	assert_int_equal(kept_count(&session.kept, "socket"), 1);
	const struct event *row = kept_find(&session.kept, "socket", NULL, NULL);
	assert_string_equal(event_get(row, "local"), "127.0.0.2:1234");
	assert_int_equal(event_num(row, "pid", 0), getpid());
	assert_string_equal(row->label, "before");
	assert_int_equal(event_num(row, "snapshot", -1), 0);
	close(ours);
	close(other);
	session_end(&session);
}

static void an_unknown_counter_names_near_ones(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	NEED_NAMESPACE();
	setup(&session, "10.7.0.1", true);
	event_init(&request, "counter");
	event_text(&request, "name", "TcpOutRst");
	session_ask(&session, &request);
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "TcpOutRsts"));
	session_end(&session);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capture_holds_all_between_start_and_stop),
		cmocka_unit_test(
		    a_capture_that_cannot_be_ended_does_not_say_that_nothing_was_dropped),
		cmocka_unit_test(a_flood_is_kept_while_the_controller_does_not_read),
		cmocka_unit_test(a_link_that_goes_down_neither_ends_a_capture_nor_makes_it_spin),
		cmocka_unit_test(a_capture_that_is_not_allowed_is_answered_with_its_errno),
		cmocka_unit_test(a_fault_is_set_proven_healed_and_counted),
		cmocka_unit_test(the_end_of_the_stream_undoes_every_fault),
		cmocka_unit_test(a_rule_that_nft_refuses_is_an_error_and_leaves_nothing),
		cmocka_unit_test(a_foreign_stack_gets_no_firewall),
		cmocka_unit_test(sockets_of_other_hosts_on_a_shared_stack_are_not_ours),
		cmocka_unit_test(an_unknown_counter_names_near_ones),
	};
	char path[4096];

	has_nft = proc_find("nft", path, sizeof path) == 0;
	is_inside = netspace_enter() == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
