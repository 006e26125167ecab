/* What a machine says of itself, line by line. */
#include "unit.h"

#include "survey.h"
#include "util.h"

static void only_a_number_0_is_root(void **state)
{
	static const struct {
		const char *line;
		int uid;
	} rows[] = {
		{ "lab-survey uid 0\n", 0 }, { "lab-survey uid 1000\n", 1000 },
		{ "lab-survey uid\n", -1 }, /* there is no id(1) */
		{ "lab-survey uid \n", -1 }, { "lab-survey uid root\n", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct survey survey = { .uid = 7 };
		struct err err;

		assert_int_equal(survey_take(&survey, rows[i].line, strlen(rows[i].line), &err), 0);
		if (survey.uid != rows[i].uid)
			fail_msg("%s: %d", rows[i].line, survey.uid);
		survey_close(&survey);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_number_0_is_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
