/* parse: the whole text or nothing; and the clock's deadlines. */
#include "unit.h"

#include <limits.h>

#include "clock.h"
#include "parse.h"
#include "util.h"

struct row {
	const char *text;
	int64_t value;
};

static void whole_numbers_are_read(void **state)
{
	static const struct row rows[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "-1", -1 },
		{ "65535", 65535 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775807", -INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t got = 42;

		assert_int_equal(parse_int(rows[i].text, INT64_MIN, INT64_MAX, &got), 0);
		assert_true(got == rows[i].value);
	}
}

static void what_is_no_whole_number_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"-",
		"+1",
		" 1",
		"1 ",
		"010",
		"00",
		"-0",
		"-01",
		"0x10",
		"1e3",
		"1.0",
		"5s",
		"1,0",
		"--1",
		"1-",
		"\xd9\xa1",
		"NaN",
		"1\n",
		"9223372036854775808",
		"-9223372036854775809",
		"99999999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		int64_t got = 42;

		if (parse_int(texts[i], INT64_MIN, INT64_MAX, &got) == 0)
			fail_msg("parsed: '%s'", texts[i]);
		assert_int_equal(got, 42);
	}
}

static void bounds_are_part_of_the_number(void **state)
{
	int64_t got = 42;

	(void)state;
	assert_int_equal(parse_int("1", 1, 65535, &got), 0);
	assert_int_equal(parse_int("65535", 1, 65535, &got), 0);
	got = 42;
	assert_int_equal(parse_int("0", 1, 65535, &got), -1);
	assert_int_equal(parse_int("65536", 1, 65535, &got), -1);
	assert_int_equal(parse_int("-9223372036854775808", 0, 9, &got), -1);
	assert_int_equal(got, 42);
}

static void durations_are_read_exactly(void **state)
{
	static const struct row rows[] = {
		{ "50us", 50000 },
		{ "50ms", 50000000 },
		{ "3s", 3000000000 },
		{ "2.9s", 2900000000 },
		{ "3.3s", 3300000000 },
		{ "1m", 60000000000 },
		{ "4h", 14400000000000 },
		{ "0.5m", 30000000000 },
		{ "0s", 0 },
		{ "0.000000001s", 1 },
		{ "1.500ms", 1500000 },
		{ "0.001us", 1 },
		{ "1.0000000000000s", 1000000000 },
		{ "9223372036s", 9223372036000000000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t got = 42;

		if (parse_duration_ns(rows[i].text, &got) < 0)
			fail_msg("not parsed: %s", rows[i].text);
		assert_true(got == rows[i].value);
	}
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const texts[] = {
		"",           "5",           "s",
		"5 s",        "5S",          "5sec",
		"5H",         "5d",          "2562048h",
		"-5s",        "+5s",         ".5s",
		"5.s",        "1.2.3s",      "1e3s",
		"010ms",      "1,5s",        "5ss",
		"0x5s",       "5s ",         "0.0000000001s",
		"0.0001us",   "9223372037s", "99999999999999999999s",
		"153722868m", "1..5s",       "5.5",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		int64_t got = 42;

		if (parse_duration_ns(texts[i], &got) == 0)
			fail_msg("parsed: '%s'", texts[i]);
		assert_int_equal(got, 42);
	}
}

static void sizes_are_powers_of_1024(void **state)
{
	static const struct row rows[] = {
		{ "0", 0 },       { "64", 64 },      { "64k", 65536 },
		{ "64K", 65536 }, { "1M", 1048576 }, { "2G", 2147483648 },
	};
	static const char *const bad[] = {
		"",
		"k",
		"-1",
		"1m",
		"1kb",
		"1.5k",
		"64 k",
		"010",
		"1e3",
		"9223372036854775807k",
		"8589934592G",
	};
	int64_t got;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(parse_size(rows[i].text, &got), 0);
		assert_true(got == rows[i].value);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		got = 42;
		if (parse_size(bad[i], &got) == 0)
			fail_msg("parsed: '%s'", bad[i]);
		assert_int_equal(got, 42);
	}
}

static void rates_are_powers_of_1000(void **state)
{
	static const char *const bad[] = { "",
					   "mbit",
					   "-1mbit",
					   "10",
					   "10m",
					   "10Mbit",
					   "1.5mbit",
					   "1 mbit",
					   "010kbit",
					   "1mbits",
					   "9223372036854775807kbit" };
	int64_t got;

	(void)state;
	assert_int_equal(parse_rate("64kbit", &got), 0);
	assert_int_equal(got, 64000);
	assert_int_equal(parse_rate("10mbit", &got), 0);
	assert_int_equal(got, 10000000);
	assert_int_equal(parse_rate("1gbit", &got), 0);
	assert_int_equal(got, 1000000000);
	for (size_t i = 0; i < COUNT(bad); i++) {
		got = 42;
		if (parse_rate(bad[i], &got) == 0)
			fail_msg("parsed: '%s'", bad[i]);
		assert_int_equal(got, 42);
	}
}

static void shares_have_one_digit_behind_the_point(void **state)
{
	static const struct row rows[] = {
		{ "0%", 0 },      { "0.5%", 5 },    { "5%", 50 },
		{ "99.9%", 999 }, { "100%", 1000 }, { "100.0%", 1000 },
	};
	static const char *const bad[] = { "",       "%",     "5",     "5 %",  "-1%",
					   "05%",    "0.25%", "5.%",   ".5%",  "101%",
					   "100.1%", "5%%",   "5.5.%", "1e1%", "4294967297%" };
	int64_t got;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(parse_permille(rows[i].text, &got), 0);
		assert_true(got == rows[i].value);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		got = 42;
		if (parse_permille(bad[i], &got) == 0)
			fail_msg("parsed: '%s'", bad[i]);
		assert_int_equal(got, 42);
	}
}

static void what_is_left_of_a_deadline_is_rounded_up(void **state)
{
	int64_t now = clock_mono_ns();

	(void)state;
	assert_int_equal(clock_left_ms(now - 1), 0);
	assert_int_equal(clock_left_ms(0), 0);
	assert_int_equal(clock_left_ms(INT64_MIN), 0);
	assert_int_equal(clock_left_ms(INT64_MAX), INT_MAX);
	assert_in_range(clock_left_ms(clock_after_ms(1000)), 900, 1000);
	assert_true(clock_mono_ns() >= now);
	assert_true(clock_real_ns() > 1600000000000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_are_read),
		cmocka_unit_test(what_is_no_whole_number_is_refused),
		cmocka_unit_test(bounds_are_part_of_the_number),
		cmocka_unit_test(durations_are_read_exactly),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(rates_are_powers_of_1000),
		cmocka_unit_test(shares_have_one_digit_behind_the_point),
		cmocka_unit_test(what_is_left_of_a_deadline_is_rounded_up),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
