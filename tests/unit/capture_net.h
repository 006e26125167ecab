/* Packets on the lo of a namespace of the test's own, a capture of them, and what it kept. */
#ifndef CAPTURE_NET_H
#define CAPTURE_NET_H

#include "capture.h"
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

static inline bool packet_next(struct cursor *cursor, struct packet *packet)
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

static inline struct cursor records(void)
{
	return cursor_of(kept.records.data, kept.records.len);
}

/* Sends to lo; somebody must be bound there (sink_open), or refusals come back as ICMP. */
static inline int udp_open(uint16_t port)
{
	struct sockaddr_in in = netspace_in("127.0.0.1", port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	return fd;
}

static inline int sink_open(uint16_t port)
{
	struct sockaddr_in in = netspace_in("127.0.0.1", port);
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(to, (struct sockaddr *)&in, sizeof in), 0);
	return to;
}

static inline void open_or_fail(struct capture *capture, uint32_t snaplen, uint32_t buffer,
				const char *filter)
{
	struct err err = { 0 };
	const struct capture_spec spec = {
		.number = 7, .iface = "lo", .snaplen = snaplen, .buffer = buffer, .filter = filter
	};

	if (capture_open(capture, &spec, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void stop_or_fail(struct capture *capture)
{
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };

	if (capture_finish(capture, &sink, &err) < 0)
		fail_msg("%s", err.text);
}

/* Packets wait in the socket's queue or in a ring: the test gets the buffer that means the one. */
#define BOTH(test)                                                                                 \
	{ #test "_in_the_queue", test, NULL, NULL, &queue },                                       \
	{                                                                                          \
#test "_in_a_ring", test, NULL, NULL, &ring                                        \
	}

#endif
