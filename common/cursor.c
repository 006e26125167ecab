/* Reads bytes in order and fails at the end; nothing is read after a failure. */
#include "buf.h"

struct cursor cursor_of(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	return (struct cursor){ .at = at, .end = len > 0 ? at + len : at };
}

size_t cursor_left(const struct cursor *cursor)
{
	return cursor->is_failed ? 0 : (size_t)(cursor->end - cursor->at);
}

const uint8_t *cursor_take(struct cursor *cursor, size_t len)
{
	const uint8_t *at = cursor->at;

	if (cursor->is_failed || (size_t)(cursor->end - cursor->at) < len) {
		cursor->is_failed = true;
		return NULL;
	}
	if (len > 0)
		cursor->at += len;
	return at;
}

static uint64_t big_endian(struct cursor *cursor, size_t len)
{
	const uint8_t *at = cursor_take(cursor, len);
	uint64_t value = 0;

	for (size_t i = 0; at && i < len; i++)
		value = value << 8 | at[i];
	return value;
}

uint8_t cursor_u8(struct cursor *cursor)
{
	return (uint8_t)big_endian(cursor, 1);
}

uint16_t cursor_u16(struct cursor *cursor)
{
	return (uint16_t)big_endian(cursor, 2);
}

uint32_t cursor_u32(struct cursor *cursor)
{
	return (uint32_t)big_endian(cursor, 4);
}

uint64_t cursor_u64(struct cursor *cursor)
{
	return big_endian(cursor, 8);
}
