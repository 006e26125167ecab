/* names: queries and answers, byte by byte. */
#include "unit.h"

#include "names.h"
#include "util.h"

static const char zone[] = "server 10.7.0.1 60\n"
			   "www.shop.example 10.7.0.2 5\n"
			   "server.lan 10.7.0.1 0\n";

#define HEAD(flags, counts) "\x12\x34" flags counts
#define ONE "\x00\x01\x00\x00\x00\x00\x00\x00"
#define ONE_ANSWER "\x00\x01\x00\x01\x00\x00\x00\x00"
#define SERVER "\x06server\x00"
#define A_IN "\x00\x01\x00\x01"

struct asked {
	struct names names;
	struct names_query query;
	struct buf out;
	int rc;
};

/* The packet is as long as it is, so that a read past its end is seen by the sanitizer. */
static void ask_len(struct asked *asked, const char *packet, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);
	struct err err = { 0 };

	*asked = (struct asked){ 0 };
	memcpy(copy, packet, len);
	assert_int_equal(names_parse(&asked->names, zone, &err), 0);
	asked->rc = names_answer(&asked->out, &asked->names, copy, len, &asked->query);
	free(copy);
}

static void done(struct asked *asked)
{
	names_close(&asked->names);
	names_close(&asked->names);
	buf_close(&asked->out);
}

static void expect_len(const char *packet, size_t len, const char *want, size_t want_len)
{
	struct asked asked;

	ask_len(&asked, packet, len);
	assert_int_equal(asked.rc, 0);
	assert_int_equal(asked.out.len, want_len);
	assert_memory_equal(asked.out.data, want, want_len);
	done(&asked);
}

#define EXPECT(packet, want) expect_len(packet, sizeof(packet) - 1, want, sizeof(want) - 1)

static void ignored_len(const char *packet, size_t len)
{
	struct asked asked;

	ask_len(&asked, packet, len);
	assert_int_equal(asked.rc, -1);
	assert_int_equal(asked.out.len, 0);
	done(&asked);
}

#define IGNORED(packet) ignored_len(packet, sizeof(packet) - 1)

static void a_known_name_gets_its_address_and_ttl(void **state)
{
	(void)state;
	EXPECT(HEAD("\x01\x00", ONE) SERVER A_IN,
	       HEAD("\x85\x00", ONE_ANSWER) SERVER A_IN "\xc0\x0c\x00\x01\x00\x01"
							"\x00\x00\x00\x3c\x00\x04\x0a\x07\x00\x01");
	EXPECT(HEAD("\x00\x00", ONE) "\x03www\x04shop\x07"
				     "example\x00" A_IN,
	       HEAD("\x84\x00", ONE_ANSWER) "\x03www\x04shop\x07"
					    "example\x00" A_IN "\xc0\x0c\x00\x01\x00\x01"
					    "\x00\x00\x00\x05\x00\x04\x0a\x07\x00\x02");
}

static void case_makes_no_difference_and_comes_back_as_asked(void **state)
{
	(void)state;
	EXPECT(HEAD("\x01\x00", ONE) "\x06SeRVer\x03LAN\x00" A_IN,
	       HEAD("\x85\x00", ONE_ANSWER) "\x06SeRVer\x03LAN\x00" A_IN
					    "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04"
					    "\x0a\x07\x00\x01");
}

static void an_unknown_name_is_denied(void **state)
{
	struct asked asked;

	(void)state;
	EXPECT(HEAD("\x01\x00", ONE) "\x05serve\x00" A_IN,
	       HEAD("\x85\x03", ONE) "\x05serve\x00" A_IN);
	EXPECT(HEAD("\x01\x00", ONE) "\x00" A_IN, HEAD("\x85\x03", ONE) "\x00" A_IN);
	/* One label with a dot in it is not the name of two. */
	ask_len(&asked, HEAD("\x01\x00", ONE) "\x0aserver.lan\x00" A_IN, 12 + 12 + 4);
	assert_int_equal(asked.query.rcode, 3);
	assert_string_equal(asked.query.name, "server\\046lan");
	done(&asked);
}

static void a_known_name_has_no_data_of_another_type(void **state)
{
	char text[NAMES_TYPE_TEXT];

	(void)state;
	EXPECT(HEAD("\x01\x00", ONE) SERVER "\x00\x1c\x00\x01",
	       HEAD("\x85\x00", ONE) SERVER "\x00\x1c\x00\x01");
	assert_string_equal(names_type(28, text), "AAAA");
	assert_string_equal(names_type(65280, text), "TYPE65280");
}

static void other_classes_and_opcodes_are_refused(void **state)
{
	(void)state;
	EXPECT(HEAD("\x01\x00", ONE) SERVER "\x00\x01\x00\x03",
	       HEAD("\x81\x05", ONE) SERVER "\x00\x01\x00\x03");
	EXPECT(HEAD("\x28\x00", ONE) SERVER "\x00\x06\x00\x01", /* an update */
	       HEAD("\xa8\x05", ONE) SERVER "\x00\x06\x00\x01");
}

static void records_of_edns_are_passed_over(void **state)
{
	(void)state;
	EXPECT(HEAD("\x01\x20", "\x00\x01\x00\x00\x00\x00\x00\x01") SERVER A_IN
	       "\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x02\xab\xcd",
	       HEAD("\x85\x00", ONE_ANSWER) SERVER A_IN "\xc0\x0c\x00\x01\x00\x01"
							"\x00\x00\x00\x3c\x00\x04\x0a\x07\x00\x01");
}

static void what_is_no_whole_query_gets_no_answer(void **state)
{
	static const char whole[] = HEAD("\x01\x00", "\x00\x01\x00\x00\x00\x00\x00\x01") SERVER A_IN
	    "\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x02\xab\xcd";

	(void)state;
	for (size_t len = 0; len < sizeof whole - 1; len++)
		ignored_len(whole, len);
	IGNORED(HEAD("\x01\x00", ONE) SERVER A_IN "\x00");             /* more than said */
	IGNORED(HEAD("\x81\x00", ONE) SERVER A_IN);                    /* an answer */
	IGNORED(HEAD("\x01\x00", "\x00\x00\x00\x00\x00\x00\x00\x00")); /* no question */
	IGNORED(HEAD("\x01\x00", "\x00\x02\x00\x00\x00\x00\x00\x00") SERVER A_IN SERVER A_IN);
	IGNORED(HEAD("\x01\x00", ONE_ANSWER) SERVER A_IN "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00"
							 "\x00\x00");
	IGNORED(HEAD("\x01\x00", ONE) "\xc0\x0c" A_IN); /* a pointer at itself */
	IGNORED(HEAD("\x01\x00", ONE) "\x03www\xc0\x0c" A_IN);
	IGNORED(HEAD("\x01\x00", "\x00\x01\x00\x00\x00\x00\xff\xff") SERVER A_IN);
}

static void a_name_ends_at_255_bytes(void **state)
{
	struct asked asked;
	struct buf packet = { 0 };

	(void)state;
	for (int last = 61; last <= 62; last++) {
		buf_clear(&packet);
		buf_add(&packet, HEAD("\x01\x00", ONE), 12);
		for (int label = 0; label < 4; label++) {
			int len = label < 3 ? 63 : last;
			buf_u8(&packet, (uint8_t)len);
			for (int i = 0; i < len; i++)
				buf_u8(&packet, 0xff); /* four characters of text each */
		}
		buf_add(&packet, "\x00" A_IN, 5);
		ask_len(&asked, packet.data, packet.len);
		assert_int_equal(asked.rc, last == 61 ? 0 : -1);
		if (last == 61)
			assert_int_equal(strlen(asked.query.name), 4 * (3 * 63 + 61) + 3);
		done(&asked);
	}
	buf_close(&packet);
}

static void a_zone_is_lines_of_three_words(void **state)
{
	static const char *const bad[] = {
		"server",           "server 10.7.0.1",    "server 10.7.0.1 60 x",
		"server 10.7.0 60", "server 10.7.0.1 -1", "server 10.7.0.1 2147483648",
		"server ::1 60",    "a 1.2.3.4 6\n \n",
	};
	struct names names;
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(names_parse(&names, bad[i], &err), -1);
		assert_non_null(strstr(err.text, "is no NAME ADDRESS TTL"));
	}
	assert_int_equal(names_parse(&names, "", &err), 0);
	assert_int_equal(names.count, 0);
	names_close(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_name_gets_its_address_and_ttl),
		cmocka_unit_test(case_makes_no_difference_and_comes_back_as_asked),
		cmocka_unit_test(an_unknown_name_is_denied),
		cmocka_unit_test(a_known_name_has_no_data_of_another_type),
		cmocka_unit_test(other_classes_and_opcodes_are_refused),
		cmocka_unit_test(records_of_edns_are_passed_over),
		cmocka_unit_test(what_is_no_whole_query_gets_no_answer),
		cmocka_unit_test(a_name_ends_at_255_bytes),
		cmocka_unit_test(a_zone_is_lines_of_three_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
