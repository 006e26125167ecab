/* Growing bytes with a NUL behind them, so that text can be used as it is. */
#include "buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem.h"

void buf_reserve(struct buf *buf, size_t room)
{
	size_t need, cap = buf->cap > 0 ? buf->cap : 64;

	if (__builtin_add_overflow(buf->len, room, &need) || need >= SIZE_MAX / 2)
		need = SIZE_MAX / 2; /* more than mem_resize can give: it ends the process */
	need++;
	if (need <= buf->cap)
		return;
	while (cap < need)
		cap *= 2;
	buf->data = mem_resize(buf->data, cap, 1);
	buf->cap = cap;
	buf->data[buf->len] = '\0';
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
	buf_reserve(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	buf_reserve(buf, (size_t)len);
	va_start(args, fmt);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)len;
}

static void big_endian(struct buf *buf, uint64_t value, size_t len)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
	buf_add(buf, bytes, len);
}

void buf_u8(struct buf *buf, uint8_t value)
{
	big_endian(buf, value, 1);
}

void buf_u16(struct buf *buf, uint16_t value)
{
	big_endian(buf, value, 2);
}

void buf_u32(struct buf *buf, uint32_t value)
{
	big_endian(buf, value, 4);
}

void buf_u64(struct buf *buf, uint64_t value)
{
	big_endian(buf, value, 8);
}

void buf_drop(struct buf *buf, size_t len)
{
	assert(len <= buf->len);
	if (len == 0)
		return;
	memmove(buf->data, buf->data + len, buf->len - len + 1);
	buf->len -= len;
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void buf_close(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}
