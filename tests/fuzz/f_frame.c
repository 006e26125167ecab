/* A stream of frames as an agent's pipe brings it: fed in portions that the input chooses, every
 * frame looked at, every event in one decoded and written as JSON. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "event.h"
#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void look(const struct frame *frame)
{
	struct event event;
	struct err err;

	if (frame->type == FRAME_PACKETS || frame->type == FRAME_PING)
		return;
	if (event_decode(&event, frame->body, frame->len, &err) == 0) {
		struct buf json = { 0 };

		event_json(&json, &event);
		buf_close(&json);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct frame_reader reader = { 0 };
	size_t portion = len > 0 ? bytes[0] + (size_t)1 : 1;
	struct frame frame;
	struct err err;
	int result = 0;

	for (size_t at = len > 0; at < len && result >= 0; at += portion) {
		size_t left = len - at;

		frame_feed(&reader, bytes + at, left < portion ? left : portion);
		while ((result = frame_next(&reader, &frame, &err)) == 1)
			look(&frame);
	}
	frame_close(&reader);
	return 0;
}
