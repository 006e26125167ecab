/* Frames: see frame.h. The reader keeps what was fed until a frame is whole. */
#include "frame.h"

#include <assert.h>

#include "event.h"

enum {
	LENGTH_LEN = 4
};

static void finish(struct buf *out, size_t start)
{
	size_t len = out->len - start - LENGTH_LEN;

	assert(len >= 1 && len <= FRAME_MAX);
	for (size_t i = 0; i < LENGTH_LEN; i++)
		out->data[start + i] = (char)(len >> (8 * (LENGTH_LEN - 1 - i)));
}

void frame_put(struct buf *out, enum frame_type type, const void *body, size_t len)
{
	size_t start = out->len;

	buf_u32(out, 0);
	buf_u8(out, (uint8_t)type);
	buf_add(out, body, len);
	finish(out, start);
}

void frame_put_event(struct buf *out, enum frame_type type, const struct event *event)
{
	size_t start = out->len;

	buf_u32(out, 0);
	buf_u8(out, (uint8_t)type);
	event_encode(out, event);
	finish(out, start);
}

void frame_feed(struct frame_reader *reader, const void *bytes, size_t len)
{
	buf_drop(&reader->buf, reader->used);
	reader->used = 0;
	buf_add(&reader->buf, bytes, len);
}

int frame_next(struct frame_reader *reader, struct frame *frame, struct err *err)
{
	struct cursor cursor;
	uint32_t len;
	uint8_t type;

	if (reader->buf.len - reader->used < LENGTH_LEN)
		return 0;
	cursor = cursor_of(reader->buf.data + reader->used, reader->buf.len - reader->used);
	len = cursor_u32(&cursor);
	if (len < 1 || len > FRAME_MAX)
		return err_set(err, ERR_BROKE, "frame of %u bytes: not an agent's stream", len);
	if (cursor_left(&cursor) < 1)
		return 0;
	type = cursor_u8(&cursor);
	if (type < FRAME_HELLO || type > FRAME_LEAVE)
		return err_set(err, ERR_BROKE, "frame of type %u: not an agent's stream", type);
	if (cursor_left(&cursor) < len - 1)
		return 0;
	*frame = (struct frame){ .type = (enum frame_type)type, .body = cursor.at, .len = len - 1 };
	reader->used += LENGTH_LEN + len;
	return 1;
}

void frame_close(struct frame_reader *reader)
{
	buf_close(&reader->buf);
	reader->used = 0;
}
