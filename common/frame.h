/* Messages over a byte stream: u32 length (of what follows), u8 type, body. Big-endian. */
#ifndef FRAME_H
#define FRAME_H

#include "buf.h"
#include "err.h"

enum {
	FRAME_MAX = 4 << 20
};

enum frame_type {
	FRAME_HELLO = 1,   /* agent: event "hello" */
	FRAME_REQUEST = 2, /* controller: event whose kind is the verb */
	FRAME_EVENT = 3,   /* agent: an observation */
	FRAME_DONE = 4,    /* agent: event "done", the one end of each request */
	FRAME_PACKETS = 5, /* agent: u16 capture, then records (docs/protocol.md) */
	FRAME_PING = 6,    /* controller: u64 its CLOCK_MONOTONIC */
	FRAME_PONG = 7,    /* agent: event "clock" */
	FRAME_LEAVE = 8,   /* an actor to its agent: its process ends behind the next DONE */
};

struct event;

struct frame {
	enum frame_type type;
	const uint8_t *body; /* valid until the next frame_feed or frame_close */
	size_t len;
};

struct frame_reader {
	struct buf buf;
	size_t used; /* bytes of buf that were handed out already */
};

void frame_put(struct buf *out, enum frame_type type, const void *body, size_t len);
void frame_put_event(struct buf *out, enum frame_type type, const struct event *event);
void frame_feed(struct frame_reader *reader, const void *bytes, size_t len);
/* 1: a frame, 0: more bytes are needed, -1: the stream is not ours (bad length or type). */
int frame_next(struct frame_reader *reader, struct frame *frame, struct err *err);
void frame_close(struct frame_reader *reader);

#endif
