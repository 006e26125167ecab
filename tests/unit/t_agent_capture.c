/* Captures through the agent's own requests: a real agent on a stream, in our namespace. */
#include "unit.h"

#include <sys/syscall.h>

#include "agent_session.h"
#include "flood.h"
#include "own_net.h"

static void start(struct session *session, const struct capture_ask *ask)
{
	setup(session, "10.7.0.1", true);
	session_capture(session, ask);
}

static void it_holds_all_between_start_and_stop(void **state)
{
	static struct session session;
	struct kept_packet packet = { 0 };
	size_t count = 0;

	(void)state;
	need_namespace();
	start(&session, &(struct capture_ask){ .snaplen = 262144 });
	was_ok(&session);
	const struct event *event = kept_find(&session.kept, "capture", NULL, NULL);
	assert_string_equal(event_get(event, "file"), "server.lan");
	assert_string_equal(event_get(event, "engine"), "packet");
	for (int i = 0; i < 100; i++)
		assert_int_equal(netspace_connect("127.0.0.1", 1234), -ECONNREFUSED);
	event = session_capture_stop(&session);
	was_ok(&session);
	assert_int_equal(event_num(event, "packets", -1), 200);
	assert_int_equal(event_num(event, "dropped", -1), 0);
	/* What the agent sent before the request waited in the stream, so all of it is here. */
	struct cursor cursor = kept_records(&session.kept);
	while (kept_next(&cursor, &packet))
		count++;
	assert_int_equal(count, 200);
	assert_int_equal(packet.bytes[14 + 20 + 13], 0x14); /* RST ACK */
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

static void one_that_cannot_be_ended_does_not_say_that_nothing_was_dropped(void **state)
{
	static struct session session;
	const int one = 1;

	(void)state;
	need_namespace();
	start(&session, &(struct capture_ask){ 0 });
	was_ok(&session);
	int fd = packet_socket_of(session.pid);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof one), 0);
	close(fd);
	const struct event *end = session_capture_stop(&session);
	assert_string_equal(session.result, "EPERM");
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

	(void)state;
	need_namespace();
	int fd = flood_open(9100);
	start(&session, &(struct capture_ask){ .snaplen = 96, .buffer = 32 << 20 });
	was_ok(&session);
	flood_send(fd, FLOOD);
	const struct event *end = session_capture_stop(&session);
	was_ok(&session);
	assert_int_equal(event_num(end, "dropped", -1), 0);
	assert_int_equal(event_num(end, "packets", -1), FLOOD);
	assert_int_equal(flood_kept(&session.kept), FLOOD);
	close(fd);
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

static void a_link_that_goes_down_neither_ends_it_nor_makes_it_spin(void **state)
{
	static const int buffers[] = { 0, 16 << 20 };
	static struct session session;

	(void)state;
	need_namespace();
	for (size_t i = 0; i < COUNT(buffers); i++) {
		start(&session, &(struct capture_ask){ .buffer = buffers[i] });
		was_ok(&session);
		assert_int_equal(netspace_flags("lo", 0), 0);
		long before = agent_ticks(session.pid);
		poll(NULL, 0, 200); /* time in which an agent that spins uses 20 ticks */
		assert_true(agent_ticks(session.pid) - before < 5);
		assert_int_equal(netspace_up("lo"), 0);
		assert_int_equal(netspace_connect("127.0.0.1", 1234), -ECONNREFUSED);
		const struct event *end = session_capture_stop(&session);
		was_ok(&session);
		assert_int_equal(event_num(end, "packets", -1), 2);
		session_end(&session);
	}
}

static void one_that_is_not_allowed_is_answered_with_its_errno(void **state)
{
	static struct session session;

	(void)state;
	need_namespace();
	start(&session, &(struct capture_ask){ .iface = "nowhere0" });
	assert_string_equal(session.result, "ENODEV");
	assert_non_null(strstr(session.text, "nowhere0"));
	session_end(&session);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_all_between_start_and_stop),
		cmocka_unit_test(one_that_cannot_be_ended_does_not_say_that_nothing_was_dropped),
		cmocka_unit_test(a_flood_is_kept_while_the_controller_does_not_read),
		cmocka_unit_test(a_link_that_goes_down_neither_ends_it_nor_makes_it_spin),
		cmocka_unit_test(one_that_is_not_allowed_is_answered_with_its_errno),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
