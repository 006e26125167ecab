/* Ends of labs: nothing is left behind, whoever dies when. t_host_end_user.c runs the same as an
 * ordinary user. */
#include "host_fixture.h"

/* What was started in a host ends with the run, daemons of their own session too. */
static void daemons_end_with_the_run(void **state)
{
	static const struct backend *const each[] = { &backend_netns, &backend_loopback };

	(void)state;
	for (size_t i = 0; i < COUNT(each) * 2; i++) {
		struct fixture f = { 0 };
		const struct backend *backend = each[i / 2];
		bool is_own_lo = i == 3;
		if (i == 1 || backend->usable(&f.err) < 0)
			continue;
		if (try_open(&f, backend, 2, shell, is_own_lo) < 0)
			fail_msg("%s", f.err.text);
		assert_string_equal(ask(&f.lab, 0,
					"(trap '' HUP TERM; setsid sh -c 'sleep 99 & sleep 99' "
					">/dev/null 2>&1 </dev/null &) & wait; echo y"),
				    "y");
		for (int64_t until = clock_after_ms(5000); count_marked() < 3;)
			assert_true(clock_left_ms(until) > 0); /* in execve it has no mark yet */
		finish(&f);
	}
}

static void an_agent_that_will_not_end_is_ended(void **state)
{
	struct fixture f = { 0 };

	(void)state;
	if (try_open(&f, &backend_loopback, 2, shell, true) < 0)
		fail_msg("%s", f.err.text);
	assert_string_equal(ask(&f.lab, 0, "trap '' TERM; echo y; exec sleep 99"), "y");
	assert_int_equal(f.lab.backend->close(&f.lab, 600, &f.err), 0);
	assert_int_equal(count_marked(), 0);
	arena_close(&f.plan.arena);
}

static void a_killed_keeper_ends_all_and_lab_sees_it(void **state)
{
	struct fixture f;

	(void)state;
	open_or_skip(&f, &backend_netns, 3, shell);
	assert_int_equal(kill(keeper_of(&f), SIGKILL), 0);
	for (size_t i = 0; i < 3; i++) {
		struct pollfd end = { .fd = f.lab.host[i].read_fd, .events = POLLIN };
		char byte;
		assert_int_equal(poll(&end, 1, 3000), 1);
		assert_int_equal(f.lab.backend->read(&f.lab, i, &byte, 1), 0);
	}
	finish(&f);
}

/* Lab is killed after 0, 150, 300 ... microseconds: at any step of its opening, and after it. */
static void a_killed_lab_leaves_nothing_at_any_moment(void **state)
{
	struct err why = { 0 };

	(void)state;
	if (backend_netns.usable(&why) < 0)
		SKIP(why.text);
	for (int round = 0; round < 60; round++) {
		const struct timespec wait = { .tv_nsec = round * 150000L };
		const struct backend *backend = round % 3 == 2 ? &backend_loopback : &backend_netns;
		pid_t pid = fork();
		if (pid == 0) {
			struct fixture f = { 0 };
			try_open(&f, backend, 3, shell, round % 6 == 5);
			pause();
		}
		nanosleep(&wait, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(status_of(pid), 128 + SIGKILL);
		if (count_marked_at_last() != 0)
			fail_msg("round %d left %d processes", round, count_marked());
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(daemons_end_with_the_run),
		cmocka_unit_test(an_agent_that_will_not_end_is_ended),
		cmocka_unit_test(a_killed_keeper_ends_all_and_lab_sees_it),
		cmocka_unit_test(a_killed_lab_leaves_nothing_at_any_moment),
	};

	(void)argc;
	return HOST_TESTS("host ends", tests, argv);
}
