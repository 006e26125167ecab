/* Three bytes are four digits. */
#include "base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *out, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t group = (uint32_t)at[i] << 16;
		group |= i + 1 < len ? (uint32_t)at[i + 1] << 8 : 0;
		group |= i + 2 < len ? at[i + 2] : 0;
		buf_char(out, digits[group >> 18]);
		buf_char(out, digits[group >> 12 & 63]);
		buf_char(out, (char)(i + 1 < len ? digits[group >> 6 & 63] : '='));
		buf_char(out, (char)(i + 2 < len ? digits[group & 63] : '='));
	}
}

int base64_read(struct buf *out, const char *text, size_t len)
{
	size_t count = 0, padding = 0;
	uint32_t group = 0;

	for (size_t i = 0; i < len; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
		if (strchr(" \t\r\n", text[i]) && text[i])
			continue;
		if (text[i] == '=')
			padding++;
		else if (!digit || padding > 0)
			return -1;
		group = group << 6 | (digit ? (uint32_t)(digit - digits) : 0);
		if (++count % 4 != 0)
			continue;
		if (padding > 2)
			return -1;
		for (size_t n = 0; n < 3 - padding; n++)
			buf_u8(out, (uint8_t)(group >> (16 - 8 * n)));
		group = 0;
	}
	return count % 4 == 0 ? 0 : -1;
}
