/* A sink that keeps what it is given: events decoded again, packets as they came. */
#ifndef KEPT_H
#define KEPT_H

#include "buf.h"
#include "event.h"
#include "sink.h"
#include "unit.h"
#include "util.h"

enum {
	KEPT_MAX = 1024
};

struct kept {
	struct buf encoded[KEPT_MAX];
	struct event event[KEPT_MAX];
	size_t count;
	struct buf records; /* of all PACKETS bodies, without their numbers */
	size_t bodies;
};

static inline void kept_event(void *to, const struct event *event)
{
	struct kept *kept = to;
	struct err err = { 0 };

	if (kept->count == KEPT_MAX)
		return;
	struct buf *buf = &kept->encoded[kept->count];
	event_encode(buf, event);
	if (event_decode(&kept->event[kept->count], buf->data, buf->len, &err) == 0)
		kept->count++;
}

static inline void kept_packets(void *to, const void *body, size_t len)
{
	struct kept *kept = to;

	buf_add(&kept->records, (const char *)body + 2, len - 2);
	kept->bodies++;
}

static inline struct sink kept_sink(struct kept *kept)
{
	return (struct sink){ .event = kept_event, .packets = kept_packets, .to = kept };
}

static inline void kept_clear(struct kept *kept)
{
	for (size_t i = 0; i < KEPT_MAX; i++)
		buf_close(&kept->encoded[i]);
	buf_close(&kept->records);
	kept->count = kept->bodies = 0;
}

/* The first event of this kind whose field `name` is `text` (NULL: any); NULL: none. */
static inline const struct event *kept_find(const struct kept *kept, const char *kind,
					    const char *name, const char *text)
{
	for (size_t i = 0; i < kept->count; i++) {
		const struct event *event = &kept->event[i];

		if (!event_is(event, kind))
			continue;
		if (name == NULL ||
		    (event_get(event, name) != NULL && streq(event_get(event, name), text)))
			return event;
	}
	return NULL;
}

static inline size_t kept_count(const struct kept *kept, const char *kind)
{
	size_t count = 0;

	for (size_t i = 0; i < kept->count; i++)
		count += event_is(&kept->event[i], kind) ? 1 : 0;
	return count;
}

struct kept_packet {
	uint64_t time_ns;
	uint32_t len, caplen;
	const uint8_t *bytes;
};

/* The next of the packets kept; false: that was the last. */
static inline bool kept_next(struct cursor *cursor, struct kept_packet *packet)
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

static inline struct cursor kept_records(const struct kept *kept)
{
	return cursor_of(kept->records.data, kept->records.len);
}

#endif
