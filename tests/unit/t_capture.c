/* The capture against real packets: none is lost uncounted, each is whole and in its place. */
#include "unit.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/mman.h>

#include "capture_net.h"
#include "clock.h"

static size_t record_count(void)
{
	struct cursor cursor = kept_records(&kept);
	struct kept_packet packet = { 0 };
	size_t count = 0;

	while (kept_next(&cursor, &packet))
		count++;
	return count;
}

static void first_and_last_packet_are_captured_in_every_round(void **state)
{
	enum {
		ROUNDS = 40
	};
	static struct capture capture[ROUNDS];

	need_namespace();
	int to = sink_open(9001), fd = udp_open(9001);
	for (int round = 0; round < ROUNDS; round++) {
		char first[16] = "first", last[16];
		struct kept_packet packet = { 0 };

		kept_clear(&kept);
		snprintf(last, sizeof last, "last %d", round);
		open_or_fail(&capture[round], 0, *(uint32_t *)*state, NULL);
		assert_int_equal(send(fd, first, sizeof first, 0), sizeof first);
		assert_int_equal(send(fd, last, sizeof last, 0), sizeof last);
		stop_or_fail(&capture[round]);
		struct cursor cursor = kept_records(&kept);
		assert_true(kept_next(&cursor, &packet));
		assert_string_equal((const char *)packet.bytes + 42, first);
		assert_true(kept_next(&cursor, &packet));
		assert_string_equal((const char *)packet.bytes + 42, last);
		assert_false(kept_next(&cursor, &packet));
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

	(void)state;
	need_namespace();
	int fd = flood_open(9002);
	open_or_fail(&capture, 128, 16 << 20, NULL);
	flood_send(fd, BURST);
	stop_or_fail(&capture);
	assert_int_equal(flood_kept(&kept), BURST);
	assert_int_equal(capture.dropped, 0);
	assert_true(kept.bodies > 1);
	capture_close(&capture);
	close(fd);
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
	need_namespace();
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

	need_namespace();
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
	struct kept_packet packet = { 0 };
	size_t count = 0;

	need_namespace();
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
	struct cursor cursor = kept_records(&kept);
	while (kept_next(&cursor, &packet)) {
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
	struct kept_packet packet = { 0 };

	need_namespace();
	int to = sink_open(9006), fd = udp_open(9006);
	open_or_fail(&capture, 60, *(uint32_t *)*state, NULL);
	assert_int_equal(send(fd, bytes, sizeof bytes, 0), sizeof bytes);
	stop_or_fail(&capture);
	struct cursor cursor = kept_records(&kept);
	assert_true(kept_next(&cursor, &packet));
	assert_int_equal(packet.caplen, 60);
	assert_int_equal(packet.len, 542);
	capture_close(&capture);
	close(fd);
	close(to);
}

static void times_are_wall_time_and_do_not_go_back(void **state)
{
	struct capture capture;
	struct kept_packet packet = { 0 };
	uint64_t before = (uint64_t)clock_real_ns(), last = before;

	need_namespace();
	int to = sink_open(9009), fd = udp_open(9009);
	open_or_fail(&capture, 0, *(uint32_t *)*state, NULL);
	for (int i = 0; i < 50; i++)
		assert_int_equal(send(fd, "t", 1, 0), 1);
	stop_or_fail(&capture);
	uint64_t after = (uint64_t)clock_real_ns();
	struct cursor cursor = kept_records(&kept);
	while (kept_next(&cursor, &packet)) {
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
	struct kept_packet packet = { 0 };

	need_namespace();
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	to.sll_ifindex = (int)if_nametoindex("lo");
	open_or_fail(&capture, 0, *(uint32_t *)*state, NULL);
	assert_int_equal(sendto(fd, tagged, sizeof tagged, 0, (struct sockaddr *)&to, sizeof to),
			 sizeof tagged);
	stop_or_fail(&capture);
	struct cursor cursor = kept_records(&kept);
	assert_true(kept_next(&cursor, &packet));
	assert_int_equal(packet.len, sizeof tagged);
	assert_int_equal(packet.caplen, sizeof tagged);
	assert_memory_equal(packet.bytes, tagged, sizeof tagged);
	capture_close(&capture);
	close(fd);
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
		BOTH(times_are_wall_time_and_do_not_go_back),
		BOTH(a_vlan_tag_is_put_back_where_it_was),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
