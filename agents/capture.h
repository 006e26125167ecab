/* One capture: an AF_PACKET socket, engine `packet`. It is complete from the moment capture_open
 * returns until capture_finish: the filter is there before the socket is bound. Packets wait in the
 * socket's queue, which is there at once; where the kernel does not grant a queue of the size asked
 * for, or it is above CAPTURE_QUEUE_MAX, in a ring: making one waits 7 to 20 ms for the kernel. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "sink.h"

enum {
	CAPTURE_QUEUE_MAX = 8 << 20, /* also when none is asked for; then a smaller one will do */
	CAPTURE_FILTER_MAX = 4096,   /* instructions, as the kernel's BPF_MAXINSNS */
};

struct capture_spec {
	uint16_t number;
	const char *iface;
	uint32_t snaplen;   /* bytes of a packet that are kept; 0: all */
	uint32_t buffer;    /* bytes for packets that wait; 0: a queue as long as it may be */
	const char *filter; /* hex of struct sock_filter[]; NULL or "": everything */
};

struct capture {
	int fd; /* -1: not open */
	uint16_t number;
	uint32_t snaplen, slot; /* slot: bytes of packet that a frame of the ring holds */
	uint8_t *ring;          /* mapped; NULL: the socket's queue alone */
	size_t ring_len, frame_len, block_len, frames_per_block, nframe, at;
	uint8_t *large;   /* a packet read from the queue; owned */
	uint64_t packets; /* handed over */
	uint64_t seen;    /* by the kernel after the filter, dropped ones too */
	uint64_t dropped;
	struct buf out; /* a PACKETS body being filled */
};

/* -1 with err->sys EPERM where captures are not allowed, ENODEV for an unknown iface. */
int capture_open(struct capture *capture, const struct capture_spec *spec, struct err *err);
/* Hands over what waits, at most `limit` packets, in PACKETS bodies. How many. */
size_t capture_drain(struct capture *capture, size_t limit, const struct sink *sink);
/* No further packets; hands over all that came before. Afterwards packets and dropped are final. */
int capture_finish(struct capture *capture, const struct sink *sink, struct err *err);
/* Safe twice. Waits about 16 ms for the kernel: processes that end leave it to their exit. */
void capture_close(struct capture *capture);
/* Memory alone; ring and socket end with the process. */
void capture_free(struct capture *capture);
/* Bytes that packets may take while they wait. */
size_t capture_buffer(const struct capture *capture);

#endif
