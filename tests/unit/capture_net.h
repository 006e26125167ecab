/* Packets on the lo of a namespace of the test's own, and a capture of them. */
#ifndef CAPTURE_NET_H
#define CAPTURE_NET_H

#include "capture.h"
#include "flood.h"
#include "own_net.h"

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
