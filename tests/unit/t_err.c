/* err: kind, words in front, errno text, and what does not fit. */
#include "unit.h"

#include <errno.h>

#include "err.h"
#include "errname.h"

static void set_keeps_kind_and_text(void **state)
{
	struct err err = { .sys = 7 };

	(void)state;
	assert_int_equal(err_set(&err, ERR_USAGE, "port: %d is not a port", 70000), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.text, "port: 70000 is not a port");
}

static void sys_adds_the_text_of_errno(void **state)
{
	struct err err;

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&err, "%s", "a.ini"), -1);
	assert_int_equal(err.kind, ERR_BROKE);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.text, "a.ini: No such file or directory");
}

static void in_puts_words_in_front_and_keeps_the_rest(void **state)
{
	struct err err;

	(void)state;
	errno = EACCES;
	err_sys(&err, "open");
	assert_int_equal(err_in(&err, "host %s", "server"), -1);
	assert_string_equal(err.text, "host server: open: Permission denied");
	assert_int_equal(err.sys, EACCES);
	assert_int_equal(err.kind, ERR_BROKE);
}

static void too_long_is_cut_and_stays_text(void **state)
{
	static char lots[5000];
	struct err err;

	(void)state;
	memset(lots, 'x', sizeof(lots) - 1);
	err_set(&err, ERR_BROKE, "%s", lots);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_in(&err, "where");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "where: xxx", 10);
	err_in(&err, "%s", lots);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	errno = EPERM;
	err_sys(&err, "%s", lots);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void arguments_may_be_the_old_text(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, ERR_BROKE, "inner");
	err_set(&err, ERR_CANNOT, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
}

static void names_and_numbers_agree_both_ways(void **state)
{
	int known = 0;

	(void)state;
	assert_string_equal(errname(ECONNREFUSED), "ECONNREFUSED");
	assert_string_equal(errname(EAGAIN), "EAGAIN");
	for (int number = 1; number < 200; number++) {
		if (strcmp(errname(number), "E?") == 0)
			continue;
		assert_int_equal(errname_number(errname(number)), number);
		known++;
	}
	assert_true(known >= 131);
	assert_int_equal(errname_number("EWOULDBLOCK"), EAGAIN);
	assert_int_equal(errname_number("ENOTSUP"), EOPNOTSUPP);
}

static void unknown_errors_have_no_name(void **state)
{
	(void)state;
	assert_string_equal(errname(0), "E?");
	assert_string_equal(errname(-1), "E?");
	assert_string_equal(errname(41), "E?");
	assert_string_equal(errname(1 << 30), "E?");
	assert_int_equal(errname_number(""), 0);
	assert_int_equal(errname_number("E?"), 0);
	assert_int_equal(errname_number("econnrefused"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_keeps_kind_and_text),
		cmocka_unit_test(sys_adds_the_text_of_errno),
		cmocka_unit_test(in_puts_words_in_front_and_keeps_the_rest),
		cmocka_unit_test(too_long_is_cut_and_stays_text),
		cmocka_unit_test(arguments_may_be_the_old_text),
		cmocka_unit_test(names_and_numbers_agree_both_ways),
		cmocka_unit_test(unknown_errors_have_no_name),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
