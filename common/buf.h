/* Growing bytes, and a cursor that reads bytes and fails at the end instead of passing it. */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

struct buf {
	char *data; /* NUL after len once something was added; NULL when empty */
	size_t len, cap;
};

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_str(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF(2, 3);
void buf_u8(struct buf *buf, uint8_t value);
void buf_u16(struct buf *buf, uint16_t value); /* big-endian, as all of ours on a wire */
void buf_u32(struct buf *buf, uint32_t value);
void buf_u64(struct buf *buf, uint64_t value);
/* Room for at least `room` more bytes at data + len (then add to len yourself). */
void buf_reserve(struct buf *buf, size_t room);
void buf_drop(struct buf *buf, size_t len); /* forget the first len bytes */
void buf_clear(struct buf *buf);            /* len 0, memory kept */
void buf_close(struct buf *buf);            /* frees; safe twice */

struct cursor {
	const uint8_t *at, *end;
	bool is_failed; /* a read went past the end: every later read gives 0 */
};

struct cursor cursor_of(const void *bytes, size_t len);
size_t cursor_left(const struct cursor *cursor);
uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
const uint8_t *cursor_take(struct cursor *cursor, size_t len); /* NULL past the end */

#endif
