/* The two ways in which packets wait: a ring (capture_ring.c), the socket's queue
 * (capture_queue.c). For capture.c alone. */
#ifndef CAPTURE_ENGINE_H
#define CAPTURE_ENGINE_H

#include "capture.h"

enum {
	CAPTURE_WHOLE = 262144, /* snaplen when all is wanted; also the most */
};

/* One packet as the kernel gave it. */
struct capture_record {
	uint64_t time_ns;
	uint32_t len;    /* on the wire, without a VLAN tag that the kernel took out */
	unsigned status; /* TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID */
	uint16_t vlan_tci, vlan_tpid;
	const uint8_t *bytes;
	uint32_t caplen;
};

/* Adds a record to what is handed over (capture.c). */
void capture_add(struct capture *capture, const struct capture_record *record,
		 const struct sink *sink);

/* Hands over what capture_add left. */
void capture_flush(struct capture *capture, const struct sink *sink);

/* The socket's receive buffer: `bytes`, or what this user may have. */
int queue_size(int fd, uint32_t bytes, struct err *err);
/* 1: the queue holds `buffer` bytes, 0: less; -1: err. */
int queue_make(struct capture *capture, uint32_t buffer, struct err *err);
/* The next packet; false: none waits. Its bytes stay until the next call. */
bool queue_next(struct capture *capture, struct capture_record *record);

int ring_make(struct capture *capture, uint32_t buffer, int mtu, struct err *err);
bool ring_next(struct capture *capture, struct capture_record *record);
/* Gives the frame of ring_next back to the kernel. */
void ring_done(struct capture *capture);

#endif
