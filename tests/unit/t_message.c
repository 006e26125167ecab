/* message: the sandbox's wire format, against bytes written by hand. */
#include "unit.h"

#include "message.h"

#define FEED(buf, bytes) buf_add(buf, bytes, sizeof(bytes) - 1)

static void a_text_message_has_length_type_and_payload(void **state)
{
	static const char wire[] = "\x00\x1e\x00\x01"
				   "Message #1 from client alice\xc3\xa9";
	struct buf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(message_put(&out, MESSAGE_TEXT, wire + 4, sizeof wire - 5, &err), 0);
	assert_int_equal(out.len, sizeof wire - 1);
	assert_memory_equal(out.data, wire, out.len);
	buf_close(&out);
}

static void a_message_is_taken_from_pieces_of_one_byte(void **state)
{
	static const char wire[] = "\x00\x05\x00\x01hello\x00\x02\x00\x02{}";
	struct buf in = { 0 };
	struct err err = { 0 };
	struct message message;
	int taken = 0;

	(void)state;
	for (size_t i = 0; i < sizeof wire - 1; i++) {
		int rc;

		buf_add(&in, wire + i, 1);
		rc = message_peek(&in, &message, &err);
		assert_int_equal(rc, i == 8 || i == sizeof wire - 2);
		if (rc == 0)
			continue;
		assert_int_equal(message.len, taken == 0 ? 5 : 2);
		assert_int_equal(message.type, taken == 0 ? MESSAGE_TEXT : MESSAGE_JSON);
		assert_memory_equal(message.text, taken == 0 ? "hello" : "{}", message.len);
		buf_drop(&in, message_size(&message));
		taken++;
	}
	assert_int_equal(taken, 2);
	assert_int_equal(in.len, 0);
	buf_close(&in);
}

static void an_empty_message_is_a_message(void **state)
{
	struct buf in = { 0 };
	struct err err = { 0 };
	struct message message;

	(void)state;
	FEED(&in, "\x00\x00\x00\x01");
	assert_int_equal(message_peek(&in, &message, &err), 1);
	assert_int_equal(message.len, 0);
	buf_close(&in);
}

static void a_wrong_type_is_known_from_the_header_alone(void **state)
{
	static const char *const headers[] = { "\x00\x05\x00\x00", "\x00\x05\x00\x03",
					       "\x00\x05\x01\x01", "GET " };

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct buf in = { 0 };
		struct err err = { 0 };
		struct message message;

		buf_add(&in, headers[i], 3);
		assert_int_equal(message_peek(&in, &message, &err), 0);
		buf_add(&in, headers[i] + 3, 1);
		assert_int_equal(message_peek(&in, &message, &err), -1);
		assert_non_null(strstr(err.text, "message type"));
		buf_close(&in);
	}
}

static void text_that_is_not_utf8_is_an_error(void **state)
{
	struct buf in = { 0 };
	struct err err = { 0 };
	struct message message;

	(void)state;
	FEED(&in, "\x00\x03\x00\x01"
		  "a\xff"
		  "b");
	assert_int_equal(message_peek(&in, &message, &err), -1);
	assert_non_null(strstr(err.text, "UTF-8"));
	buf_close(&in);
}

static void a_cut_message_tells_how_far_it_came(void **state)
{
	struct buf in = { 0 };
	struct err err = { 0 };

	(void)state;
	FEED(&in, "\x00\x05\x00");
	assert_int_equal(message_cut(&in, &err), -1);
	assert_string_equal(err.text, "cut message: 3 of 4 header bytes");
	FEED(&in, "\x01hel");
	assert_int_equal(message_cut(&in, &err), -1);
	assert_string_equal(err.text, "cut message: 3 of 5 payload bytes");
	buf_close(&in);
}

static void the_answer_repeats_the_text_behind_its_prefix(void **state)
{
	static const char want[] = "\x00\x17\x00\x01Response to message: hi";
	static const char want_json[] = "\x00\x20\x00\x02\"Response to message: {\\\"a\\\":1}\"";
	struct message text = { MESSAGE_TEXT, "hi", 2 }, json = { MESSAGE_JSON, "{\"a\":1}", 7 };
	struct buf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(message_answer(&out, &text, &err), 0);
	assert_int_equal(out.len, sizeof want - 1);
	assert_memory_equal(out.data, want, out.len);
	buf_clear(&out);
	assert_int_equal(message_answer(&out, &json, &err), 0);
	assert_int_equal(out.len, sizeof want_json - 1);
	assert_memory_equal(out.data, want_json, out.len);
	buf_close(&out);
}

static void a_request_leaves_21_bytes_for_the_prefix(void **state)
{
	static char long_text[MESSAGE_MAX];
	struct message message = { MESSAGE_TEXT, long_text, MESSAGE_MAX - 21 };
	struct buf out = { 0 };
	struct err err = { 0 };

	(void)state;
	memset(long_text, 'x', sizeof long_text);
	assert_int_equal(message_answer(&out, &message, &err), 0);
	assert_int_equal(out.len, MESSAGE_HEADER + MESSAGE_MAX);
	buf_clear(&out);
	message.len++;
	assert_int_equal(message_answer(&out, &message, &err), -1);
	assert_int_equal(out.len, 0);
	buf_close(&out);
}

static void the_name_is_read_from_the_first_message(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "Message #1 from client alice", "alice" },
		{ "Message #12 from client J\xc3\xb6rg the 2nd", "J\xc3\xb6rg the 2nd" },
		{ "Message #1 from client ", NULL },
		{ "Message # from clienx bob", NULL },
		{ "hello", NULL },
		{ "", NULL },
		{ "Message #1 from client 0123456789", "01234" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message message = { MESSAGE_TEXT, cases[i].text, strlen(cases[i].text) };
		char name[64];
		size_t len = i + 1 == COUNT(cases) ? 6 : sizeof name;

		assert_int_equal(message_name(&message, name, len), cases[i].name != NULL);
		if (cases[i].name != NULL)
			assert_string_equal(name, cases[i].name);
	}
}

static void a_shown_text_is_cut_between_characters(void **state)
{
	char text[300], shown[MESSAGE_SHORT + 4];
	struct message message = { MESSAGE_TEXT, text, 0 };

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text + MESSAGE_SHORT - 1, "\xc3\xa9", 2);
	message.len = sizeof text;
	message_short(&message, shown);
	assert_int_equal(strlen(shown), MESSAGE_SHORT - 1 + 3);
	assert_string_equal(shown + MESSAGE_SHORT - 1, "...");
	message = (struct message){ MESSAGE_TEXT, "a\0b", 3 };
	assert_string_equal(message_short(&message, shown), "a?b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_message_has_length_type_and_payload),
		cmocka_unit_test(a_message_is_taken_from_pieces_of_one_byte),
		cmocka_unit_test(an_empty_message_is_a_message),
		cmocka_unit_test(a_wrong_type_is_known_from_the_header_alone),
		cmocka_unit_test(text_that_is_not_utf8_is_an_error),
		cmocka_unit_test(a_cut_message_tells_how_far_it_came),
		cmocka_unit_test(the_answer_repeats_the_text_behind_its_prefix),
		cmocka_unit_test(a_request_leaves_21_bytes_for_the_prefix),
		cmocka_unit_test(the_name_is_read_from_the_first_message),
		cmocka_unit_test(a_shown_text_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
