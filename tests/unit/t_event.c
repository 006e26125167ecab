/* event: there and back through bytes, and any damage is an error, never a wrong read. */
#include "unit.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>

#include "event.h"

static struct event sample(void)
{
	struct event event;

	event_init(&event, "connect");
	event.t_ns = 1234567890123456789;
	event.step = 7;
	event.label = "carol";
	event_text(&event, "local", "10.7.0.2:40112");
	event_int(&event, "errno", 111);
	event_int(&event, "low", INT64_MIN);
	event_text(&event, "empty", "");
	event_text(&event, "odd", "\x1b\"\\\xff\n");
	return event;
}

static void assert_same(const struct event *a, const struct event *b)
{
	assert_true(a->t_ns == b->t_ns);
	assert_int_equal(a->step, b->step);
	assert_string_equal(a->kind, b->kind);
	assert_int_equal(a->label != NULL, b->label != NULL);
	if (a->label)
		assert_string_equal(a->label, b->label);
	assert_int_equal(a->nfield, b->nfield);
	for (size_t i = 0; i < a->nfield; i++) {
		assert_string_equal(a->field[i].name, b->field[i].name);
		assert_int_equal(a->field[i].text != NULL, b->field[i].text != NULL);
		if (a->field[i].text)
			assert_string_equal(a->field[i].text, b->field[i].text);
		assert_true(a->field[i].number == b->field[i].number);
	}
}

static void an_event_comes_back_as_it_was(void **state)
{
	struct event event = sample(), got;
	struct buf buf = { 0 };
	struct err err;

	(void)state;
	event_encode(&buf, &event);
	assert_int_equal(event_decode(&got, buf.data, buf.len, &err), 0);
	assert_same(&event, &got);
	assert_int_equal(got.seq, 0);
	assert_null(got.host);
	buf_close(&buf);
}

static void a_bare_event_and_a_full_one_come_back(void **state)
{
	struct event bare, full, got;
	struct buf buf = { 0 };
	struct err err;

	(void)state;
	event_init(&bare, "bye");
	event_encode(&buf, &bare);
	assert_int_equal(event_decode(&got, buf.data, buf.len, &err), 0);
	assert_same(&bare, &got);
	buf_clear(&buf);
	event_init(&full, "full");
	full.step = INT_MAX;
	for (int i = 0; i < EVENT_FIELDS; i++)
		event_int(&full, "n", i);
	event_encode(&buf, &full);
	assert_int_equal(event_decode(&got, buf.data, buf.len, &err), 0);
	assert_same(&full, &got);
	buf_close(&buf);
}

static void fields_are_found_by_name_and_kind(void **state)
{
	struct event event = sample();

	(void)state;
	assert_string_equal(event_get(&event, "local"), "10.7.0.2:40112");
	assert_string_equal(event_get(&event, "empty"), "");
	assert_null(event_get(&event, "errno"));
	assert_null(event_get(&event, "absent"));
	assert_int_equal(event_num(&event, "errno", -1), 111);
	assert_int_equal(event_num(&event, "local", -1), -1);
	assert_int_equal(event_num(&event, "absent", -2), -2);
	assert_true(event_is(&event, "connect"));
	assert_false(event_is(&event, "conn"));
}

static void a_null_text_leaves_the_field_out(void **state)
{
	struct event event;

	(void)state;
	event_init(&event, "x");
	event_text(&event, "absent", NULL);
	assert_int_equal(event.nfield, 0);
}

/* A copy without a byte of slack, so that a sanitizer sees the first read past the end. */
static int decode_exact(struct event *event, const char *bytes, size_t len, char **copy)
{
	struct err err = { 0 };
	int result;

	*copy = malloc(len > 0 ? len : 1);
	assert_non_null(*copy);
	memcpy(*copy, bytes, len);
	result = event_decode(event, *copy, len, &err);
	assert_true(result == 0 || err.kind == ERR_BROKE);
	return result;
}

static void every_truncation_is_an_error(void **state)
{
	struct event event = sample(), got;
	struct buf buf = { 0 };

	(void)state;
	event_encode(&buf, &event);
	for (size_t len = 0; len < buf.len; len++) {
		char *copy;

		assert_int_equal(decode_exact(&got, buf.data, len, &copy), -1);
		free(copy);
	}
	buf_close(&buf);
}

static void trailing_bytes_are_an_error(void **state)
{
	struct event event = sample(), got;
	struct buf buf = { 0 };
	struct err err;

	(void)state;
	event_encode(&buf, &event);
	buf_char(&buf, '\0');
	assert_int_equal(event_decode(&got, buf.data, buf.len, &err), -1);
	buf_close(&buf);
}

/* A changed bit may give another valid event; then its strings end inside the body. */
static void every_flipped_bit_is_an_error_or_an_event_inside_its_bytes(void **state)
{
	struct event event = sample(), got;
	struct buf buf = { 0 };
	size_t errors = 0;

	(void)state;
	event_encode(&buf, &event);
	for (size_t bit = 0; bit < buf.len * 8; bit++) {
		struct buf again = { 0 };
		char *copy;

		buf.data[bit / 8] = (char)(buf.data[bit / 8] ^ (1 << bit % 8));
		if (decode_exact(&got, buf.data, buf.len, &copy) < 0) {
			errors++;
		} else {
			event_encode(&again, &got);
			assert_int_equal(again.len, buf.len);
			assert_memory_equal(again.data, buf.data, buf.len);
		}
		buf.data[bit / 8] = (char)(buf.data[bit / 8] ^ (1 << bit % 8));
		free(copy);
		buf_close(&again);
	}
	assert_true(errors > 100);
	buf_close(&buf);
}

static void put(struct buf *buf, const char *text, size_t len)
{
	buf_u32(buf, (uint32_t)len);
	buf_add(buf, text, len);
	buf_u8(buf, 0);
}

static void lies_about_counts_and_kinds_are_errors(void **state)
{
	static const struct lie {
		const char *what, *kind;
		size_t kind_len;
		uint32_t step;
		uint8_t nfield, is_text;
	} lies[] = {
		{ "more fields than there may be", "k", 1, 0, EVENT_FIELDS + 1, 1 },
		{ "more fields than there are", "k", 1, 0, 2, 1 },
		{ "a NUL inside a string", "k\0k", 3, 0, 1, 1 },
		{ "no kind", "", 0, 0, 1, 1 },
		{ "a step that is no int", "k", 1, 0x80000000, 1, 1 },
		{ "a field that is neither text nor number", "k", 1, 0, 1, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		struct buf buf = { 0 };
		struct event got;
		struct err err;

		buf_u64(&buf, 1);
		buf_u32(&buf, lies[i].step);
		put(&buf, lies[i].kind, lies[i].kind_len);
		put(&buf, "", 0);
		buf_u8(&buf, lies[i].nfield);
		put(&buf, "name", 4);
		buf_u8(&buf, lies[i].is_text);
		put(&buf, "text", 4);
		if (event_decode(&got, buf.data, buf.len, &err) == 0)
			fail_msg("decoded: %s", lies[i].what);
		buf_close(&buf);
	}
}

static void json_has_the_head_and_then_the_fields_in_order(void **state)
{
	struct event event = sample();
	struct buf out = { 0 };

	(void)state;
	event.seq = 31;
	event.host = "client-1";
	event_json(&out, &event);
	assert_string_equal(
	    out.data, "{\"seq\":31,\"t_ns\":1234567890123456789,\"host\":\"client-1\","
		      "\"kind\":\"connect\",\"step\":7,\"label\":\"carol\","
		      "\"local\":\"10.7.0.2:40112\",\"errno\":111,\"low\":-9223372036854775808,"
		      "\"empty\":\"\",\"odd\":\"\\u001b\\\"\\\\\xef\xbf\xbd\\n\"}\n");
	buf_close(&out);
}

static void json_is_one_line_that_parses(void **state)
{
	struct event event;
	struct buf out = { 0 };
	json_t *root;

	(void)state;
	event_init(&event, "k\n\"");
	event.host = "\xff\x1b";
	event_text(&event, "a\nb", "c\r\nd");
	event_json(&out, &event);
	assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
	root = json_loadb(out.data, out.len, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "a\nb")), "c\r\nd");
	assert_null(json_object_get(root, "step"));
	assert_null(json_object_get(root, "label"));
	json_decref(root);
	buf_close(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_comes_back_as_it_was),
		cmocka_unit_test(a_bare_event_and_a_full_one_come_back),
		cmocka_unit_test(fields_are_found_by_name_and_kind),
		cmocka_unit_test(a_null_text_leaves_the_field_out),
		cmocka_unit_test(every_truncation_is_an_error),
		cmocka_unit_test(trailing_bytes_are_an_error),
		cmocka_unit_test(every_flipped_bit_is_an_error_or_an_event_inside_its_bytes),
		cmocka_unit_test(lies_about_counts_and_kinds_are_errors),
		cmocka_unit_test(json_has_the_head_and_then_the_fields_in_order),
		cmocka_unit_test(json_is_one_line_that_parses),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
