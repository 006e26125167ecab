/* JSON as text: commas and escapes in one place; see json.h. */
#include "json.h"

#include <assert.h>
#include <stddef.h>

#include "safe.h"

struct json json_to(struct buf *out)
{
	return (struct json){ .out = out };
}

static const char *short_escape(uint32_t code)
{
	switch (code) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\t':
		return "\\t";
	case '\r':
		return "\\r";
	default:
		return NULL;
	}
}

/* Bytes that stand for themselves: most texts are nothing else. */
static size_t plain_len(const char *text, const char *end)
{
	const char *at = text;

	while (at < end && *at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\')
		at++;
	return (size_t)(at - text);
}

void json_quote(struct buf *out, const char *text)
{
	const char *end = text + strlen(text);

	buf_reserve(out, (size_t)(end - text) + 2);
	buf_char(out, '"');
	while (text < end) {
		size_t plain = plain_len(text, end);
		buf_add(out, text, plain);
		text += plain;
		if (text == end)
			break;
		size_t len = utf8_len(text, end);
		uint32_t code = len > 0 ? utf8_code(text, len) : 0xfffd;
		const char *escape = short_escape(code);

		if (escape)
			buf_str(out, escape);
		else if (utf8_is_unsafe(code)) /* all below U+10000; files may meet a terminal */
			buf_printf(out, "\\u%04x", code);
		else if (len > 0)
			buf_add(out, text, len);
		else
			buf_str(out, "\xef\xbf\xbd");
		text += len > 0 ? len : 1;
	}
	buf_char(out, '"');
}

static void new_line(const struct json *json)
{
	if (!json->is_pretty)
		return;
	buf_char(json->out, '\n');
	for (int i = 0; i < json->depth; i++)
		buf_str(json->out, "  ");
}

static void before_value(struct json *json, const char *key)
{
	if (json->needs_comma)
		buf_char(json->out, ',');
	if (json->depth > 0)
		new_line(json);
	if (key) {
		json_quote(json->out, key);
		buf_str(json->out, json->is_pretty ? ": " : ":");
	}
	json->needs_comma = true;
}

static void container(struct json *json, const char *key, char open)
{
	before_value(json, key);
	buf_char(json->out, open);
	json->needs_comma = false;
	json->depth++;
}

static void container_end(struct json *json, char close)
{
	bool is_empty = !json->needs_comma;

	assert(json->depth > 0);
	json->depth--;
	if (!is_empty)
		new_line(json);
	buf_char(json->out, close);
	json->needs_comma = json->depth > 0;
}

void json_object_begin(struct json *json, const char *key)
{
	container(json, key, '{');
}

void json_object_end(struct json *json)
{
	container_end(json, '}');
}

void json_array_begin(struct json *json, const char *key)
{
	container(json, key, '[');
}

void json_array_end(struct json *json)
{
	container_end(json, ']');
}

void json_text(struct json *json, const char *key, const char *text)
{
	before_value(json, key);
	if (text)
		json_quote(json->out, text);
	else
		buf_str(json->out, "null");
}

void json_int(struct json *json, const char *key, int64_t value)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	before_value(json, key);
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--at = '-';
	buf_add(json->out, at, (size_t)(digits + sizeof(digits) - at));
}

void json_bool(struct json *json, const char *key, bool value)
{
	before_value(json, key);
	buf_str(json->out, value ? "true" : "false");
}

void json_nil(struct json *json, const char *key)
{
	json_text(json, key, NULL);
}
