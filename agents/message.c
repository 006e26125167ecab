/* The sandbox's wire format: take and put messages, answer them. */
#include "message.h"

#include "json.h"
#include "safe.h"

static const char reply_prefix[] = "Response to message: ";

int message_put(struct buf *out, enum message_type type, const char *text, size_t len,
		struct err *err)
{
	if (len > MESSAGE_MAX)
		return err_set(err, ERR_USAGE, "a message of %zu bytes, at most %d can be sent",
			       len, MESSAGE_MAX);
	buf_u16(out, (uint16_t)len);
	buf_u16(out, (uint16_t)type);
	buf_add(out, text, len);
	return 0;
}

static bool is_utf8(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		size_t n = *text == '\0' ? 1 : utf8_len(text, end);

		if (n == 0)
			return false;
		text += n;
	}
	return true;
}

int message_peek(const struct buf *in, struct message *message, struct err *err)
{
	struct cursor cursor = cursor_of(in->data, in->len);
	size_t len = cursor_u16(&cursor);
	unsigned type = cursor_u16(&cursor);
	const uint8_t *payload;

	if (cursor.is_failed)
		return 0;
	if (type != MESSAGE_TEXT && type != MESSAGE_JSON)
		return err_set(err, ERR_BROKE, "message type %u is neither 1 (text) nor 2 (JSON)",
			       type);
	payload = cursor_take(&cursor, len);
	if (payload == NULL && len > 0)
		return 0;
	*message = (struct message){
		.type = (enum message_type)type,
		.text = len > 0 ? (const char *)payload : "",
		.len = len,
	};
	if (!is_utf8(message->text, len))
		return err_set(err, ERR_BROKE, "a message of %zu bytes is not UTF-8", len);
	return 1;
}

int message_cut(const struct buf *in, struct err *err)
{
	struct cursor cursor = cursor_of(in->data, in->len);
	size_t len = cursor_u16(&cursor);

	if (in->len < MESSAGE_HEADER)
		return err_set(err, ERR_BROKE, "cut message: %zu of %d header bytes", in->len,
			       MESSAGE_HEADER);
	return err_set(err, ERR_BROKE, "cut message: %zu of %zu payload bytes",
		       in->len - MESSAGE_HEADER, len);
}

int message_answer(struct buf *out, const struct message *message, struct err *err)
{
	struct buf text = { 0 }, quoted = { 0 };
	int rc;

	buf_str(&text, reply_prefix);
	buf_add(&text, message->text, message->len);
	if (message->type == MESSAGE_JSON) {
		json_quote(&quoted, text.data);
		rc = message_put(out, MESSAGE_JSON, quoted.data, quoted.len, err);
	} else {
		rc = message_put(out, MESSAGE_TEXT, text.data, text.len, err);
	}
	if (rc < 0)
		err_in(err, "answer to %zu bytes", message->len);
	buf_close(&text);
	buf_close(&quoted);
	return rc;
}

bool message_name(const struct message *message, char *name, size_t len)
{
	static const char head[] = "Message #", middle[] = " from client ";
	const char *at = message->text, *end = at + message->len;
	size_t n;

	if (message->type != MESSAGE_TEXT || message->len <= sizeof head - 1 ||
	    memcmp(at, head, sizeof head - 1) != 0)
		return false;
	at += sizeof head - 1;
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	if ((size_t)(end - at) <= sizeof middle - 1 || memcmp(at, middle, sizeof middle - 1) != 0)
		return false;
	at += sizeof middle - 1;
	for (n = 0; at + n < end && at[n] != '\0';) {
		size_t step = utf8_len(at + n, end);

		if (step == 0 || n + step >= len)
			break;
		n += step;
	}
	memcpy(name, at, n);
	name[n] = '\0';
	return n > 0;
}

const char *message_short(const struct message *message, char text[MESSAGE_SHORT + 4])
{
	const char *end = message->text + message->len;
	size_t n = 0;

	while (n < message->len) {
		size_t step = message->text[n] == '\0' ? 1 : utf8_len(message->text + n, end);

		if (step == 0 || n + step > MESSAGE_SHORT)
			break;
		for (size_t i = 0; i < step; i++, n++)
			text[n] = (char)(message->text[n] == '\0' ? '?' : message->text[n]);
	}
	text[n] = '\0';
	if (n < message->len)
		memcpy(text + n, "...", 4);
	return text;
}
