/* The capture against real packets on the lo of a namespace of its own. */
#include "unit.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sys/mman.h>

#include "capture.h"
#include "clock.h"
#include "netspace.h"

static bool is_inside;
static struct kept kept;

#define NEED_NAMESPACE()                                                                           \
	do {                                                                                       \
		kept_clear(&kept);                                                                 \
		if (!is_inside)                                                                    \
			SKIP("no network namespace of our own here");                              \
	} while (0)

struct packet {
	uint64_t time_ns;
	uint32_t len, caplen;
	const uint8_t *bytes;
};

static bool packet_next(struct cursor *cursor, struct packet *packet)
{
	if (cursor_left(cursor) == 0)
		return false;
	packet->time_ns = cursor_u64(cursor);
	packet->len = cursor_u32(cursor);
	packet->caplen = cursor_u32(cursor);
	packet->bytes = cursor_take(cursor, packet->caplen);
	assert_false(cursor->is_failed);
	return true;
}

static struct cursor records(void)
{
	return cursor_of(kept.records.data, kept.records.len);
}

static size_t record_count(void)
{
	struct cursor cursor = records();
	struct packet packet = { 0 };
	size_t count = 0;

	while (packet_next(&cursor, &packet))
		count++;
	return count;
}

/* Sends to lo; somebody must be bound there (sink_open), or refusals come back as ICMP. */
static int udp_open(uint16_t port)
{
	struct sockaddr_in in = netspace_in("127.0.0.1", port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	return fd;
}

static int sink_open(uint16_t port)
{
	struct sockaddr_in in = netspace_in("127.0.0.1", port);
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(to, (struct sockaddr *)&in, sizeof in), 0);
	return to;
}

/* libpcap compiles, as the controller does. */
static void filter_hex(const char *text, struct buf *hex)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);
	struct bpf_program program;

	assert_int_equal(pcap_compile(dead, &program, text, 1, PCAP_NETMASK_UNKNOWN), 0);
	for (size_t i = 0; i < program.bf_len * sizeof program.bf_insns[0]; i++)
		buf_printf(hex, "%02x", ((const uint8_t *)program.bf_insns)[i]);
	pcap_freecode(&program);
	pcap_close(dead);
}

static void open_or_fail(struct capture *capture, uint32_t snaplen, uint32_t buffer,
			 const char *filter)
{
	struct err err = { 0 };
	const struct capture_spec spec = {
		.number = 7, .iface = "lo", .snaplen = snaplen, .buffer = buffer, .filter = filter
	};

	if (capture_open(capture, &spec, &err) < 0)
		fail_msg("%s", err.text);
}

static void stop_or_fail(struct capture *capture)
{
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };

	if (capture_finish(capture, &sink, &err) < 0)
		fail_msg("%s", err.text);
}

static void first_and_last_packet_are_captured_in_every_round(void **state)
{
	enum {
		ROUNDS = 40
	};
	static struct capture capture[ROUNDS];

	NEED_NAMESPACE();
	int to = sink_open(9001), fd = udp_open(9001);
	for (int round = 0; round < ROUNDS; round++) {
		char first[16] = "first", last[16];
		struct packet packet = { 0 };

		kept_clear(&kept);
		snprintf(last, sizeof last, "last %d", round);
		open_or_fail(&capture[round], 0, *(uint32_t *)*state, NULL);
		assert_int_equal(send(fd, first, sizeof first, 0), sizeof first);
		assert_int_equal(send(fd, last, sizeof last, 0), sizeof last);
		stop_or_fail(&capture[round]);
		struct cursor cursor = records();
		assert_true(packet_next(&cursor, &packet));
		assert_string_equal((const char *)packet.bytes + 42, first);
		assert_true(packet_next(&cursor, &packet));
		assert_string_equal((const char *)packet.bytes + 42, last);
		assert_false(packet_next(&cursor, &packet));
		assert_int_equal(capture[round].packets, 2);
		assert_int_equal(capture[round].dropped, 0);
	}
	for (int round = 0; round < ROUNDS; round++)
		capture_close(&capture[round]);
	close(fd);
	close(to);
}

static void a_burst_that_nobody_reads_is_kept_whole_and_in_order(void **state)
{
	enum {
		BURST = 10000
	};
	struct capture capture;
	struct packet packet = { 0 };
	uint32_t expected = 0;

	(void)state;
	NEED_NAMESPACE();
	int to = sink_open(9002), fd = udp_open(9002);
	open_or_fail(&capture, 128, 16 << 20, NULL);
	for (uint32_t i = 0; i < BURST; i++)
		assert_int_equal(send(fd, &i, sizeof i, 0), sizeof i);
	stop_or_fail(&capture);
	struct cursor cursor = records();
	while (packet_next(&cursor, &packet)) {
		uint32_t number;

		memcpy(&number, packet.bytes + 42, sizeof number);
		assert_int_equal(number, expected++);
	}
	assert_int_equal(expected, BURST);
	assert_int_equal(capture.dropped, 0);
	assert_true(kept.bodies > 1);
	capture_close(&capture);
	close(fd);
	close(to);
}

static void a_flood_is_captured_while_it_is_read(void **state)
{
	enum {
		FLOOD = 100000
	};
	struct capture capture;
	struct sink sink = kept_sink(&kept);
	int64_t deadline_ns = clock_after_ms(60000);
	int status = 0;

	(void)state;
	NEED_NAMESPACE();
	int to = sink_open(9003);
	open_or_fail(&capture, 96, 32 << 20, NULL);
	pid_t child = fork();
	if (child == 0) {
		int fd = udp_open(9003);

		for (uint32_t i = 0; i < FLOOD; i++)
			if (send(fd, &i, sizeof i, 0) != sizeof i)
				_exit(1);
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0 && clock_left_ms(deadline_ns) > 0) {
		struct pollfd pollfd = { .fd = capture.fd, .events = POLLIN };

		poll(&pollfd, 1, 10);
		capture_drain(&capture, 4096, &sink);
	}
	assert_int_equal(status, 0);
	stop_or_fail(&capture);
	assert_int_equal(capture.packets + capture.dropped, FLOOD);
	assert_int_equal(capture.dropped, 0);
	assert_int_equal(record_count(), FLOOD);
	capture_close(&capture);
	close(to);
}

static void what_finds_no_room_is_counted(void **state)
{
	enum {
		BURST = 60000
	};
	struct capture capture;

	NEED_NAMESPACE();
	int to = sink_open(9004), fd = udp_open(9004);
	open_or_fail(&capture, 128, *(uint32_t *)*state == 0 ? 64 << 10 : CAPTURE_QUEUE_MAX + 1,
		     NULL);
	for (int i = 0; i < BURST; i++)
		assert_int_equal(send(fd, "x", 1, 0), 1);
	stop_or_fail(&capture);
	assert_true(capture.dropped > 0);
	assert_true(capture.packets > 0);
	assert_int_equal(capture.packets + capture.dropped, BURST);
	assert_int_equal(record_count(), capture.packets);
	capture_close(&capture);
	close(fd);
	close(to);
}

static void large_packets_are_whole(void **state)
{
	static char large[60000];
	struct capture capture;
	struct packet packet = { 0 };
	size_t count = 0;

	NEED_NAMESPACE();
	int to = sink_open(9005), fd = udp_open(9005);
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (char)(i * 7);
	open_or_fail(&capture, 0, *(uint32_t *)*state, NULL);
	assert_true(capture.ring == NULL || capture.nframe > 300);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send(fd, large, sizeof large, 0), sizeof large);
		assert_int_equal(send(fd, "small", 5, 0), 5);
	}
	stop_or_fail(&capture);
	struct cursor cursor = records();
	while (packet_next(&cursor, &packet)) {
		assert_int_equal(packet.caplen, packet.len);
		if (count % 2 == 0) {
			assert_int_equal(packet.len, sizeof large + 42);
			assert_memory_equal(packet.bytes + 42, large, sizeof large);
		} else {
			assert_memory_equal(packet.bytes + 42, "small", 5);
		}
		count++;
	}
	assert_int_equal(count, 6);
	capture_close(&capture);
	close(fd);
	close(to);
}

static void the_snaplen_cuts_and_the_length_stays_true(void **state)
{
	char bytes[500] = { 0 };
	struct capture capture;
	struct packet packet = { 0 };

	NEED_NAMESPACE();
	int to = sink_open(9006), fd = udp_open(9006);
	open_or_fail(&capture, 60, *(uint32_t *)*state, NULL);
	assert_int_equal(send(fd, bytes, sizeof bytes, 0), sizeof bytes);
	stop_or_fail(&capture);
	struct cursor cursor = records();
	assert_true(packet_next(&cursor, &packet));
	assert_int_equal(packet.caplen, 60);
	assert_int_equal(packet.len, 542);
	capture_close(&capture);
	close(fd);
	close(to);
}

static void the_filter_of_libpcap_lets_only_its_packets_pass(void **state)
{
	struct capture capture;
	struct buf hex = { 0 };

	NEED_NAMESPACE();
	int to = sink_open(9007), fd = udp_open(9007);
	int other_to = sink_open(9008), other = udp_open(9008);
	filter_hex("udp and dst port 9007", &hex);
	open_or_fail(&capture, 0, *(uint32_t *)*state, hex.data);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(send(fd, "a", 1, 0), 1);
		assert_int_equal(send(other, "b", 1, 0), 1);
	}
	stop_or_fail(&capture);
	assert_int_equal(capture.packets, 10);
	assert_int_equal(capture.dropped, 0);
	buf_close(&hex);
	capture_close(&capture);
	close(fd);
	close(to);
	close(other);
	close(other_to);
}

static void broken_filters_are_refused(void **state)
{
	static const char *const filters[] = {
		"0600",
		"060000000000000z",
		"06000000000000000",
		"ffff000000000000",
	};
	struct buf huge = { 0 };
	struct capture capture;
	struct err err = { 0 };
	struct capture_spec spec = { .iface = "lo" };

	(void)state;
	NEED_NAMESPACE();
	for (size_t i = 0; i < COUNT(filters); i++) {
		spec.filter = filters[i];
		assert_int_equal(capture_open(&capture, &spec, &err), -1);
		assert_non_null(strstr(err.text, "filter"));
		assert_int_equal(capture.fd, -1);
	}
	for (int i = 0; i <= CAPTURE_FILTER_MAX; i++)
		buf_str(&huge, "0600000000000000");
	spec.filter = huge.data;
	assert_int_equal(capture_open(&capture, &spec, &err), -1);
	buf_close(&huge);
}

static void an_unknown_interface_is_named(void **state)
{
	struct capture capture;
	struct err err = { 0 };
	const struct capture_spec spec = { .iface = "nowhere0" };

	(void)state;
	NEED_NAMESPACE();
	assert_int_equal(capture_open(&capture, &spec, &err), -1);
	assert_int_equal(err.sys, ENODEV);
	assert_non_null(strstr(err.text, "nowhere0"));
}

static void times_are_wall_time_and_do_not_go_back(void **state)
{
	struct capture capture;
	struct packet packet = { 0 };
	uint64_t before = (uint64_t)clock_real_ns(), last = before;

	NEED_NAMESPACE();
	int to = sink_open(9009), fd = udp_open(9009);
	open_or_fail(&capture, 0, *(uint32_t *)*state, NULL);
	for (int i = 0; i < 50; i++)
		assert_int_equal(send(fd, "t", 1, 0), 1);
	stop_or_fail(&capture);
	uint64_t after = (uint64_t)clock_real_ns();
	struct cursor cursor = records();
	while (packet_next(&cursor, &packet)) {
		assert_true(packet.time_ns >= last && packet.time_ns <= after);
		last = packet.time_ns;
	}
	assert_true(last > before);
	capture_close(&capture);
	close(fd);
	close(to);
}

static void a_vlan_tag_is_put_back_where_it_was(void **state)
{
	static const uint8_t tagged[64] = {
		[12] = 0x81, [13] = 0x00, [14] = 0x20, [15] = 0x05, /* priority 1, VLAN 5 */
		[16] = 0x88, [17] = 0xb5, [18] = 'l',  [19] = 'a',  [20] = 'b',
	};
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = (int)if_nametoindex("lo"),
				  .sll_halen = 6 };
	struct capture capture;
	struct packet packet = { 0 };

	NEED_NAMESPACE();
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	to.sll_ifindex = (int)if_nametoindex("lo");
	open_or_fail(&capture, 0, *(uint32_t *)*state, NULL);
	assert_int_equal(sendto(fd, tagged, sizeof tagged, 0, (struct sockaddr *)&to, sizeof to),
			 sizeof tagged);
	stop_or_fail(&capture);
	struct cursor cursor = records();
	assert_true(packet_next(&cursor, &packet));
	assert_int_equal(packet.len, sizeof tagged);
	assert_int_equal(packet.caplen, sizeof tagged);
	assert_memory_equal(packet.bytes, tagged, sizeof tagged);
	capture_close(&capture);
	close(fd);
}

/* Runs `body` in a child that `enter` made less powerful; 77: that cannot be done here. */
static int as_other(int (*enter)(void), int (*body)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(enter() < 0 ? 77 : body());
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int enter_ordinary(void)
{
	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return -1;
	prctl(PR_SET_DUMPABLE, 1); /* /proc/self is ours again after setuid */
	return netspace_user() < 0 ? -1 : netspace_up("lo");
}

static int capture_ten(void)
{
	struct capture capture;
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };
	const struct capture_spec spec = { .iface = "lo" };

	if (capture_open(&capture, &spec, &err) < 0)
		return 2;
	int to = sink_open(9010), fd = udp_open(9010);
	(void)to;
	for (int i = 0; i < 10; i++)
		if (send(fd, "u", 1, 0) != 1)
			return 3;
	if (capture_finish(&capture, &sink, &err) < 0)
		return 4;
	return capture.packets == 10 && capture.dropped == 0 ? 0 : 5;
}

static int capture_refused(void)
{
	struct capture capture;
	struct err err = { 0 };
	const struct capture_spec spec = { .iface = "lo" };

	if (capture_open(&capture, &spec, &err) == 0)
		return 2;
	return err.sys == EPERM && capture.fd == -1 ? 0 : 3;
}

static void an_ordinary_user_captures_in_a_user_namespace(void **state)
{
	int status = as_other(enter_ordinary, capture_ten);

	(void)state;
	if (status == 77)
		SKIP("no user namespaces here");
	assert_int_equal(status, 0);
}

static void without_the_right_it_is_eperm(void **state)
{
	(void)state;
	assert_int_equal(as_other(netspace_no_rights, capture_refused), 0);
}

static void close_is_safe_twice(void **state)
{
	struct capture capture;

	(void)state;
	NEED_NAMESPACE();
	open_or_fail(&capture, 0, 0, NULL);
	capture_close(&capture);
	capture_close(&capture);
	assert_int_equal(capture.fd, -1);
}

/* Packets wait in the socket's queue or in a ring: the test gets the buffer that means the one. */
#define BOTH(test)                                                                                 \
	{ #test "_in_the_queue", test, NULL, NULL, &queue },                                       \
	{                                                                                          \
#test "_in_a_ring", test, NULL, NULL, &ring                                        \
	}

int main(void)
{
	static uint32_t queue, ring = CAPTURE_QUEUE_MAX + 1;
	static const struct CMUnitTest tests[] = {
		BOTH(first_and_last_packet_are_captured_in_every_round),
		cmocka_unit_test(a_burst_that_nobody_reads_is_kept_whole_and_in_order),
		cmocka_unit_test(a_flood_is_captured_while_it_is_read),
		BOTH(what_finds_no_room_is_counted),
		BOTH(large_packets_are_whole),
		BOTH(the_snaplen_cuts_and_the_length_stays_true),
		BOTH(the_filter_of_libpcap_lets_only_its_packets_pass),
		cmocka_unit_test(broken_filters_are_refused),
		cmocka_unit_test(an_unknown_interface_is_named),
		BOTH(times_are_wall_time_and_do_not_go_back),
		BOTH(a_vlan_tag_is_put_back_where_it_was),
		cmocka_unit_test(an_ordinary_user_captures_in_a_user_namespace),
		cmocka_unit_test(without_the_right_it_is_eperm),
		cmocka_unit_test(close_is_safe_twice),
	};

	is_inside = netspace_enter() == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
