/* frame: whole frames however the stream is cut, and an error for what is not ours. */
#include "unit.h"

#include "event.h"
#include "frame.h"

/* Three frames as an agent could send them. */
static void put_sample(struct buf *out)
{
	struct event event;

	event_init(&event, "done");
	event_int(&event, "id", 3);
	event_text(&event, "result", "ECONNREFUSED");
	frame_put_event(out, FRAME_DONE, &event);
	frame_put(out, FRAME_PING, "\0\1\2\3\4\5\6\7", 8);
	frame_put(out, FRAME_PACKETS, NULL, 0);
}

static void check_frame(size_t number, const struct frame *frame)
{
	static const enum frame_type types[] = { FRAME_DONE, FRAME_PING, FRAME_PACKETS };
	struct event event = { 0 };
	struct err err;

	if (number >= COUNT(types)) {
		fail_msg("more frames than were sent");
		return;
	}
	assert_int_equal(frame->type, types[number]);
	if (number == 0) {
		assert_int_equal(event_decode(&event, frame->body, frame->len, &err), 0);
		assert_int_equal(event_num(&event, "id", -1), 3);
		assert_string_equal(event_get(&event, "result"), "ECONNREFUSED");
	} else if (number == 1) {
		assert_int_equal(frame->len, 8);
		assert_memory_equal(frame->body, "\0\1\2\3\4\5\6\7", 8);
	} else {
		assert_int_equal(frame->len, 0);
	}
}

static size_t take_all(struct frame_reader *reader, size_t seen)
{
	struct frame frame = { 0 };
	struct err err;
	int result;

	while ((result = frame_next(reader, &frame, &err)) == 1)
		check_frame(seen++, &frame);
	assert_int_equal(result, 0);
	return seen;
}

static void a_frame_is_length_type_body(void **state)
{
	struct buf out = { 0 };

	(void)state;
	frame_put(&out, FRAME_PONG, "ab", 2);
	assert_int_equal(out.len, 7);
	assert_memory_equal(out.data, "\0\0\0\3\7ab", 7);
	buf_close(&out);
}

static void frames_survive_a_cut_at_every_byte(void **state)
{
	struct buf out = { 0 };

	(void)state;
	put_sample(&out);
	for (size_t cut = 0; cut <= out.len; cut++) {
		struct frame_reader reader = { 0 };
		size_t seen;

		frame_feed(&reader, out.data, cut);
		seen = take_all(&reader, 0);
		frame_feed(&reader, out.data + cut, out.len - cut);
		assert_int_equal(take_all(&reader, seen), 3);
		assert_int_equal(reader.buf.len, reader.used);
		frame_close(&reader);
		frame_close(&reader);
	}
	buf_close(&out);
}

static void frames_survive_byte_by_byte(void **state)
{
	struct frame_reader reader = { 0 };
	struct buf out = { 0 };
	size_t seen = 0;

	(void)state;
	put_sample(&out);
	for (size_t i = 0; i < out.len; i++) {
		frame_feed(&reader, out.data + i, 1);
		seen = take_all(&reader, seen);
	}
	assert_int_equal(seen, 3);
	frame_close(&reader);
	buf_close(&out);
}

static void the_reader_does_not_keep_what_was_used(void **state)
{
	struct frame_reader reader = { 0 };
	static char body[1000];
	struct buf out = { 0 };
	struct frame frame;
	struct err err;

	(void)state;
	frame_put(&out, FRAME_PACKETS, body, sizeof(body));
	for (int i = 0; i < 10000; i++) {
		frame_feed(&reader, out.data, out.len);
		assert_int_equal(frame_next(&reader, &frame, &err), 1);
	}
	assert_true(reader.buf.cap < 10 * sizeof(body));
	frame_close(&reader);
	buf_close(&out);
}

static int next_of(const char *bytes, size_t len)
{
	struct frame_reader reader = { 0 };
	struct frame frame;
	struct err err = { 0 };
	int result;

	frame_feed(&reader, bytes, len);
	result = frame_next(&reader, &frame, &err);
	assert_true(result >= 0 || err.kind == ERR_BROKE);
	frame_close(&reader);
	return result;
}

static void what_is_not_ours_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(next_of("\0\0\0\0\1", 5), -1);       /* no room for a type */
	assert_int_equal(next_of("\0\0\0\1\0", 5), -1);       /* type 0 */
	assert_int_equal(next_of("\0\0\0\1\11", 5), -1);      /* type 9 */
	assert_int_equal(next_of("\0\100\0\1", 4), -1);       /* FRAME_MAX + 1 */
	assert_int_equal(next_of("\377\377\377\377", 4), -1); /* 4 GiB */
	assert_int_equal(next_of("bash: no such program\n", 22), -1);
	assert_int_equal(next_of("\0\100\0\0\3", 5), 0); /* FRAME_MAX: more is to come */
	assert_int_equal(next_of("", 0), 0);
}

static void the_largest_frame_passes(void **state)
{
	struct frame_reader reader = { 0 };
	struct buf body = { 0 }, out = { 0 };
	struct frame frame;
	struct err err;

	(void)state;
	buf_reserve(&body, FRAME_MAX - 1);
	memset(body.data, 'p', FRAME_MAX - 1);
	frame_put(&out, FRAME_PACKETS, body.data, FRAME_MAX - 1);
	for (size_t at = 0; at < out.len; at += 65536) {
		size_t left = out.len - at;

		assert_int_equal(frame_next(&reader, &frame, &err), 0);
		frame_feed(&reader, out.data + at, left < 65536 ? left : 65536);
	}
	assert_int_equal(frame_next(&reader, &frame, &err), 1);
	assert_int_equal(frame.len, FRAME_MAX - 1);
	assert_memory_equal(frame.body, body.data, FRAME_MAX - 1);
	frame_close(&reader);
	buf_close(&body);
	buf_close(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_is_length_type_body),
		cmocka_unit_test(frames_survive_a_cut_at_every_byte),
		cmocka_unit_test(frames_survive_byte_by_byte),
		cmocka_unit_test(the_reader_does_not_keep_what_was_used),
		cmocka_unit_test(what_is_not_ours_is_refused_at_once),
		cmocka_unit_test(the_largest_frame_passes),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
