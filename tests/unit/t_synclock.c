/* The prediction of SYN times against what was measured (catalogue, fact 1). */
#include "unit.h"

#include "synclock.h"
#include "util.h"

static void assert_measured(int retries, int linear, size_t nsyn, double measured_s)
{
	struct syn_schedule schedule;
	int64_t measured_ms = (int64_t)(measured_s * 1000);

	syn_schedule(&schedule, retries, linear, 4000);
	assert_int_equal(schedule.nsyn, nsyn);
	assert_in_range(measured_ms, schedule.least_ms, schedule.most_ms);
	/* within half a percent or 0.1 s of what is most likely */
	assert_true(llabs(schedule.likely_ms - measured_ms) <= 100 + measured_ms / 200);
}

static void predictions_hold_what_was_measured(void **state)
{
	(void)state;
	assert_measured(1, 4, 3, 3.06);
	assert_measured(2, 4, 6, 7.1);
	assert_measured(2, 0, 3, 7.1);
	assert_measured(3, 4, 8, 19.5);
	assert_measured(3, 0, 4, 15.4);
	assert_measured(6, 4, 11, 133.9);
}

static void default_schedule_is_the_measured_one(void **state)
{
	static const int64_t seconds[] = { 0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67 };
	struct syn_schedule schedule;

	(void)state;
	syn_schedule(&schedule, 6, 4, 0);
	assert_int_equal(schedule.nsyn, COUNT(seconds));
	for (size_t i = 0; i < COUNT(seconds); i++)
		assert_int_equal(schedule.at_ms[i], seconds[i] * 1000);
	assert_int_equal((schedule.likely_ms + 500) / 1000, 134);
}

static void an_old_kernel_doubles_from_the_first_and_gives_up_after_127_s(void **state)
{
	static const int64_t seconds[] = { 0, 1, 3, 7, 15, 31, 63 };
	struct syn_schedule schedule;

	(void)state;
	syn_schedule(&schedule, 6, 0, 4000);
	assert_int_equal(schedule.nsyn, COUNT(seconds));
	for (size_t i = 0; i < COUNT(seconds); i++)
		assert_int_equal(schedule.at_ms[i], seconds[i] * 1000);
	assert_int_equal(schedule.least_ms, 127000);
}

static void any_sysctl_gives_an_end(void **state)
{
	struct syn_schedule schedule;

	(void)state;
	for (int retries = -1; retries <= 300; retries++) {
		for (int linear = 0; linear <= 255; linear += 51) {
			syn_schedule(&schedule, retries, linear, 1);
			assert_in_range(schedule.nsyn, 1, SYNS_MAX);
			assert_true(schedule.least_ms <= schedule.likely_ms);
			assert_true(schedule.likely_ms <= schedule.most_ms);
			for (size_t i = 1; i < schedule.nsyn; i++)
				assert_true(schedule.at_ms[i] > schedule.at_ms[i - 1]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(predictions_hold_what_was_measured),
		cmocka_unit_test(default_schedule_is_the_measured_one),
		cmocka_unit_test(an_old_kernel_doubles_from_the_first_and_gives_up_after_127_s),
		cmocka_unit_test(any_sysctl_gives_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
