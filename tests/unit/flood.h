/* Datagrams to lo, each with its number from 0, and how many of them a sink has kept in order. */
#ifndef FLOOD_H
#define FLOOD_H

#include "kept.h"
#include "netspace.h"
#include "unit.h"

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

/* What it sends comes to itself. */
static inline int flood_open(uint16_t port)
{
	struct sockaddr_in in = netspace_in("127.0.0.1", port);
	int fd = sink_open(port);

	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	return fd;
}

static inline void flood_send(int fd, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(send(fd, &i, sizeof i, 0), sizeof i);
}

/* How many packets were kept: all of the flood, whole, in the order in which they were sent. */
static inline uint32_t flood_kept(const struct kept *kept)
{
	struct cursor cursor = kept_records(kept);
	struct kept_packet packet = { 0 };
	uint64_t before_ns = 0;
	uint32_t count = 0;

	while (kept_next(&cursor, &packet)) {
		uint32_t number;

		assert_int_equal(packet.len, 42 + sizeof number); /* Ethernet, IPv4, UDP */
		assert_int_equal(packet.caplen, packet.len);
		memcpy(&number, packet.bytes + 42, sizeof number);
		assert_int_equal(number, count);
		assert_true(packet.time_ns >= before_ns);
		before_ns = packet.time_ns;
		count++;
	}
	return count;
}

#endif
