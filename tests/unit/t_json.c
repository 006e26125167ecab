/* json and safe: whatever bytes come in, what goes out parses and does nothing to a terminal. */
#include "unit.h"

#include <jansson.h>

#include "json.h"
#include "safe.h"

static void members_are_separated_and_nested(void **state)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);

	(void)state;
	json_object_begin(&json, NULL);
	json_text(&json, "a", "x");
	json_array_begin(&json, "b");
	json_int(&json, NULL, INT64_MIN);
	json_int(&json, NULL, INT64_MAX);
	json_object_begin(&json, NULL);
	json_object_end(&json);
	json_array_begin(&json, NULL);
	json_array_end(&json);
	json_array_end(&json);
	json_bool(&json, "c", true);
	json_bool(&json, "d", false);
	json_nil(&json, "e");
	json_text(&json, "f", NULL);
	json_object_end(&json);
	assert_string_equal(out.data,
			    "{\"a\":\"x\",\"b\":[-9223372036854775808,9223372036854775807,{},[]],"
			    "\"c\":true,\"d\":false,\"e\":null,\"f\":null}");
	assert_int_equal(json.depth, 0);
	buf_close(&out);
}

static void pretty_is_two_spaces_a_level(void **state)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);

	(void)state;
	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_array_begin(&json, "list");
	json_int(&json, NULL, 1);
	json_int(&json, NULL, 2);
	json_array_end(&json);
	json_array_begin(&json, "empty");
	json_array_end(&json);
	json_text(&json, "t", "x");
	json_object_end(&json);
	assert_string_equal(out.data, "{\n  \"list\": [\n    1,\n    2\n  ],\n  \"empty\": [],\n"
				      "  \"t\": \"x\"\n}");
	buf_close(&out);
}

static const struct quoting {
	const char *text, *quoted;
} quotings[] = {
	{ "", "\"\"" },
	{ "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
	{ "\n\r\t\x01\x1b[31m\x7f", "\"\\n\\r\\t\\u0001\\u001b[31m\\u007f\"" },
	{ "\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x98\x80", "\"\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x98\x80\"" },
	{ "\xc2\x9b"
	  "31m",
	  "\"\\u009b31m\"" }, /* C1: CSI */
	{ "\xe2\x80\xae"
	  "x",
	  "\"\\u202ex\"" },                                             /* right-to-left override */
	{ "\xff", "\"\xef\xbf\xbd\"" },                                 /* never in UTF-8 */
	{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },                 /* overlong '/' */
	{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* surrogate */
	{ "\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" }, /* cut at the end */
	{ "\xe2\x82z", "\"\xef\xbf\xbd\xef\xbf\xbdz\"" },
};

static void quoting_escapes_what_must_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(quotings); i++) {
		struct buf out = { 0 };

		json_quote(&out, quotings[i].text);
		assert_string_equal(out.data, quotings[i].quoted);
		buf_close(&out);
	}
}

static void every_pair_of_bytes_gives_json_that_parses(void **state)
{
	(void)state;
	for (int first = 1; first < 256; first++) {
		for (int second = 1; second < 256; second++) {
			char text[] = { 'a', (char)first, (char)second, '\0' };
			struct buf out = { 0 };
			struct json json = json_to(&out);
			json_t *root;

			json_object_begin(&json, NULL);
			json_text(&json, text, text);
			json_object_end(&json);
			root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
			assert_non_null(root);
			assert_int_equal(json_object_size(root), 1);
			json_decref(root);
			buf_close(&out);
		}
	}
}

static void valid_text_comes_back_unchanged(void **state)
{
	const char *text =
	    "tab\t quote\" back\\ \xc3\xa9\xe2\x9c\x93\xf0\x9f\x98\x80 \xe2\x80\xae\x7f";
	struct buf out = { 0 };
	json_t *root;

	(void)state;
	json_quote(&out, text);
	root = json_loadb(out.data, out.len, JSON_DECODE_ANY, NULL);
	assert_string_equal(json_string_value(root), text);
	json_decref(root);
	buf_close(&out);
}

static void safe_text_shows_what_it_holds_back(void **state)
{
	static const struct quoting texts[] = {
		{ "plain \xc3\xa9 \xe2\x94\x80", "plain \xc3\xa9 \xe2\x94\x80" },
		{ "\x1b[2J\n\t", "\\x1b[2J\\x0a\\x09" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x9b", "\\xc2\\x9b" },
		{ "\x9b", "\\x9b" },
		{ "a\xe2\x80\xae"
		  "b",
		  "a\\xe2\\x80\\xaeb" },
		{ "a\xe2\x81\xa6"
		  "b",
		  "a\\xe2\\x81\\xa6b" },
		{ "\xc0\x80", "\\xc0\\x80" },
		{ "\xf0\x9f\x98", "\\xf0\\x9f\\x98" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct buf out = { 0 };

		buf_str(&out, "");
		safe_add(&out, texts[i].text);
		assert_string_equal(out.data, texts[i].quoted);
		buf_close(&out);
	}
}

static void safe_text_holds_no_control_byte_whatever_came(void **state)
{
	(void)state;
	for (int first = 1; first < 256; first++) {
		for (int second = 1; second < 256; second++) {
			char text[] = { (char)first, (char)second, 'z', '\0' };
			struct buf out = { 0 };

			safe_add(&out, text);
			for (size_t i = 0; i < out.len;) {
				size_t len = utf8_len(out.data + i, out.data + out.len);

				assert_true(len > 0);
				assert_false(utf8_is_unsafe(utf8_code(out.data + i, len)));
				i += len;
			}
			buf_close(&out);
		}
	}
}

static void columns_count_characters(void **state)
{
	const char *sign = "\xe2\x9c\x93";

	(void)state;
	assert_int_equal(utf8_columns(""), 0);
	assert_int_equal(utf8_columns("abc"), 3);
	assert_int_equal(utf8_columns("\xe2\x9c\x93 ok"), 4);
	assert_int_equal(utf8_columns("\xff\xfe"), 2);
	assert_int_equal(utf8_len(sign, sign + 3), 3);
	assert_int_equal(utf8_len(sign, sign + 2), 0);
	assert_int_equal(utf8_len(sign, sign), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_separated_and_nested),
		cmocka_unit_test(pretty_is_two_spaces_a_level),
		cmocka_unit_test(quoting_escapes_what_must_be),
		cmocka_unit_test(every_pair_of_bytes_gives_json_that_parses),
		cmocka_unit_test(valid_text_comes_back_unchanged),
		cmocka_unit_test(safe_text_shows_what_it_holds_back),
		cmocka_unit_test(safe_text_holds_no_control_byte_whatever_came),
		cmocka_unit_test(columns_count_characters),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
