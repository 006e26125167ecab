/* The sandbox's messages over TCP: u16 payload length in bytes, u16 type (both big-endian), payload
 * in UTF-8. A whole message goes out in one write: its readers take header and payload with one
 * recv each. Ours arrive in pieces. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stddef.h>

#include "buf.h"
#include "err.h"

enum message_type {
	MESSAGE_TEXT = 1,
	MESSAGE_JSON = 2
};
enum {
	MESSAGE_HEADER = 4,
	MESSAGE_MAX = 65535,
	MESSAGE_SHORT = 200
};

struct message {
	enum message_type type;
	const char *text; /* borrowed from the buffer it was taken from; not NUL-terminated */
	size_t len;
};

/* Appends header and payload; -1: too long. */
int message_put(struct buf *out, enum message_type type, const char *text, size_t len,
		struct err *err);
/* 1: `message` is the first one in `in` (drop message_size of it when done), 0: more bytes are
 * needed, -1: a wrong type, or text that is not UTF-8. */
int message_peek(const struct buf *in, struct message *message, struct err *err);
static inline size_t message_size(const struct message *message)
{
	return MESSAGE_HEADER + message->len;
}
/* What is wrong when a stream ends with these bytes in the buffer; the text says how far it came.
 */
int message_cut(const struct buf *in, struct err *err);
/* Appends the answer to `message`: its text behind "Response to message: "; for JSON that as a JSON
 * string. -1: too long to be answered. */
int message_answer(struct buf *out, const struct message *message, struct err *err);
/* The name in "Message #i from client NAME" into name (cut to len); false: another text. */
bool message_name(const struct message *message, char *name, size_t len);
/* At most MESSAGE_SHORT bytes of the text, whole characters, NUL bytes as '?'. Returns text. */
const char *message_short(const struct message *message, char text[MESSAGE_SHORT + 4]);

#endif
