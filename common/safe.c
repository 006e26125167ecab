/* UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF), and what of it a
 * terminal may be given. */
#include "safe.h"

#include <stdint.h>

/* The bounds of the second byte decide overlong forms, surrogates and the end of Unicode. */
static const struct lead {
	uint8_t first, last, len, low, high;
} leads[] = {
	{ 0x00, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static const struct lead *lead_of(uint8_t byte)
{
	for (size_t i = 0; i < COUNT(leads); i++)
		if (byte >= leads[i].first && byte <= leads[i].last)
			return &leads[i];
	return NULL;
}

size_t utf8_len(const char *text, const char *end)
{
	const uint8_t *at = (const uint8_t *)text;
	const struct lead *lead;

	if (text >= end)
		return 0;
	lead = lead_of(at[0]);
	if (!lead || (size_t)(end - text) < lead->len)
		return 0;
	for (size_t i = 1; i < lead->len; i++) {
		uint8_t low = i == 1 ? lead->low : 0x80, high = i == 1 ? lead->high : 0xbf;

		if (at[i] < low || at[i] > high)
			return 0;
	}
	return lead->len;
}

uint32_t utf8_code(const char *text, size_t len)
{
	const uint8_t *at = (const uint8_t *)text;
	uint32_t code = len == 1 ? at[0] : at[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (at[i] & 0x3f);
	return code;
}

bool utf8_is_unsafe(uint32_t code)
{
	static const struct range {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x61c, 0x61c },   { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
	};

	for (size_t i = 0; i < COUNT(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

void safe_add(struct buf *out, const char *text)
{
	const char *end = text + strlen(text);

	while (text < end) {
		size_t len = utf8_len(text, end), count = len > 0 ? len : 1;

		if (len > 0 && !utf8_is_unsafe(utf8_code(text, len))) {
			buf_add(out, text, len);
		} else {
			for (size_t i = 0; i < count; i++)
				buf_printf(out, "\\x%02x", (uint8_t)text[i]);
		}
		text += count;
	}
}

size_t utf8_columns(const char *text)
{
	const char *end = text + strlen(text);
	size_t columns = 0;

	while (text < end) {
		size_t len = utf8_len(text, end);

		text += len > 0 ? len : 1;
		columns++;
	}
	return columns;
}
