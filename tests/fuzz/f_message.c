/* message: any bytes are messages, more bytes needed, or an error; answers stay within the wire. */
#include <assert.h>
#include <stdint.h>

#include "message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf in = { 0 }, out = { 0 };
	struct message message;
	struct err err = { 0 };

	buf_add(&in, data, size);
	while (message_peek(&in, &message, &err) > 0) {
		char shown[MESSAGE_SHORT + 4], name[16];

		assert(message_size(&message) <= in.len);
		assert(strlen(message_short(&message, shown)) <= MESSAGE_SHORT + 3);
		if (message_name(&message, name, sizeof name))
			assert(strlen(name) > 0);
		buf_clear(&out);
		if (message_answer(&out, &message, &err) == 0) {
			struct message answer;

			/* What we send, we would take. */
			assert(message_peek(&out, &answer, &err) == 1);
			assert(message_size(&answer) == out.len);
		}
		buf_drop(&in, message_size(&message));
	}
	(void)message_cut(&in, &err);
	buf_close(&in);
	buf_close(&out);
	return 0;
}
