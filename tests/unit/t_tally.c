/* tally.c: results counted, in an order that does not depend on when they came. */
#include "unit.h"

#include <stdio.h>

#include "tally.h"

static void the_most_frequent_comes_first_then_the_name(void **state)
{
	static const char *const came[] = {
		"TIMEOUT", "ok", "EOF", "ok", "EOF", "ok", "ECONNRESET"
	};
	struct tally one = { 0 }, two = { 0 };
	char text[TALLY_TEXT], again[TALLY_TEXT];
	size_t count = sizeof came / sizeof *came;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(tally_add(&one, came[i]));
		assert_true(tally_add(&two, came[count - 1 - i]));
	}
	assert_string_equal(tally_text(&one, text), "ok 3, EOF 2, ECONNRESET 1, TIMEOUT 1");
	assert_string_equal(tally_text(&two, again), text);
}

static void nothing_that_came_is_nothing(void **state)
{
	struct tally tally = { 0 };
	char text[TALLY_TEXT] = "x";

	(void)state;
	assert_string_equal(tally_text(&tally, text), "");
}

static void a_full_tally_takes_no_new_word_and_its_text_is_whole(void **state)
{
	struct tally tally = { 0 };
	char text[TALLY_TEXT], word[24];

	(void)state;
	for (int i = 0; i < TALLY_WORDS; i++) {
		snprintf(word, sizeof word, "ESOCKTNOSUPPORT%02d", i);
		for (int k = 0; k < 1000; k++)
			assert_true(tally_add(&tally, word));
	}
	assert_false(tally_add(&tally, "one-more"));
	assert_true(tally_add(&tally, "ESOCKTNOSUPPORT00"));
	tally_text(&tally, text);
	assert_true(strlen(text) < TALLY_TEXT - 1);
	assert_memory_equal(text, "ESOCKTNOSUPPORT00 1001, ESOCKTNOSUPPORT01 1000, ", 48);
	assert_non_null(strstr(text, ", ESOCKTNOSUPPORT15 1000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_frequent_comes_first_then_the_name),
		cmocka_unit_test(nothing_that_came_is_nothing),
		cmocka_unit_test(a_full_tally_takes_no_new_word_and_its_text_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
