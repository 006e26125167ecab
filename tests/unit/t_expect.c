/* expect.c: what a step gave against what stands behind -> */
#include "unit.h"

#include "expect.h"
#include "util.h"

static const struct plan_port ports[3][1] = { { { .address = "10.7.0.1" } },
					      { { .address = "10.7.0.2" } },
					      { { .address = "10.7.0.3" } } };
static const struct plan_host hosts[] = {
	{ .name = "server", .nport = 1, .port = ports[0] },
	{ .name = "client-1", .nport = 1, .port = ports[1] },
	{ .name = "client-2", .nport = 1, .port = ports[2] },
};
static const struct plan plan = { .nhost = 3, .host = hosts };
static const struct step_kind acting = { .name = "tcp.connect", .flags = STEP_CONNECTS };
static const struct step_kind observing = { .name = "sockets", .flags = STEP_OBSERVES };

static struct event row(const char *state, const char *local, const char *peer, int64_t pid)
{
	struct event event;

	event_init(&event, "socket");
	event_int(&event, "snapshot", 0);
	event_text(&event, "state", state);
	event_text(&event, "local", local);
	event_text(&event, "peer", peer);
	if (pid)
		event_int(&event, "pid", pid);
	return event;
}

static int holds(const struct expectation *expect, const struct step_kind *kind,
		 struct step_outcome outcome)
{
	const struct scenario_step step = { .kind = kind, .expect = *expect };
	char why[256];
	int yes = expect_holds(&plan, &step, &outcome, why, sizeof(why));

	assert_int_equal(yes, why[0] == 0); /* a refusal always says why */
	return yes;
}

static void without_an_expectation_only_ok_fits(void **state)
{
	const struct expectation none = { 0 };

	(void)state;
	assert_true(holds(&none, &acting, (struct step_outcome){ .result = "ok" }));
	assert_false(holds(&none, &acting, (struct step_outcome){ .result = "ECONNREFUSED" }));
}

static void any_of_the_words_fits(void **state)
{
	const struct expectation e = { .nword = 2, .word = { "ECONNREFUSED", "TIMEOUT" } };

	(void)state;
	assert_true(holds(&e, &acting, (struct step_outcome){ .result = "TIMEOUT" }));
	assert_false(holds(&e, &acting, (struct step_outcome){ .result = "ok" }));
}

static void time_must_be_within_both_bounds(void **state)
{
	const struct expectation e = { .nword = 1,
				       .word = { "ETIMEDOUT" },
				       .within_min_ns = 2900000000,
				       .within_max_ns = 3300000000 };

	(void)state;
	assert_true(holds(&e, &acting,
			  (struct step_outcome){ .result = "ETIMEDOUT", .took_ns = 3060000000 }));
	assert_false(holds(&e, &acting,
			   (struct step_outcome){ .result = "ETIMEDOUT", .took_ns = 2000000000 }));
	assert_false(holds(&e, &acting,
			   (struct step_outcome){ .result = "ETIMEDOUT", .took_ns = 4000000000 }));
}

static void a_state_named_is_exact_and_others_are_free(void **state)
{
	const struct expectation e = { .nstate = 1, .state = { { "LISTEN", 0, 0 } } };
	const struct event rows[] = { row("TIME-WAIT", "10.7.0.1:1234", "10.7.0.2:1", 0) };
	const struct event listening[] = { row("LISTEN", "10.7.0.1:1234", "0.0.0.0:*", 5) };

	(void)state;
	assert_true(holds(&e, &observing, (struct step_outcome){ "ok", 0, 1, rows, 0, 0, 0 }));
	assert_false(
	    holds(&e, &observing, (struct step_outcome){ "ok", 0, 1, listening, 0, 0, 0 }));
}

static void rows_of_snapshots_do_not_count(void **state)
{
	const struct expectation e = { .nstate = 1, .state = { { "LISTEN", 0, 0 } } };
	struct event rows[] = { row("LISTEN", "10.7.0.1:1234", "0.0.0.0:*", 5) };

	(void)state;
	rows[0].field[0].number = 4; /* snapshot */
	assert_true(holds(&e, &observing, (struct step_outcome){ "ok", 0, 1, rows, 0, 0, 0 }));
}

static void peers_are_distinct_hosts_and_owner_is_the_servers_pid(void **state)
{
	const struct expectation e = {
		.nstate = 2,
		.state = { { "LISTEN", 1, 1 }, { "ESTAB", 2, 2 } },
		.npeer = 2,
		.peer = { "client-1", "client-2" },
		.owner = "serve",
	};
	struct event rows[] = {
		row("LISTEN", "10.7.0.1:1234", "0.0.0.0:*", 5),
		row("ESTAB", "10.7.0.1:1234", "10.7.0.2:40000", 5),
		row("ESTAB", "10.7.0.1:1234", "10.7.0.3:40001", 5),
	};
	const struct step_outcome good = { "ok", 0, 3, rows, 0, 5, 0 };
	struct step_outcome other_owner = good;

	(void)state;
	assert_true(holds(&e, &observing, good));
	other_owner.owner_pid = 6;
	assert_false(holds(&e, &observing, other_owner));
	rows[2] = row("ESTAB", "10.7.0.1:1234", "10.7.0.2:40001", 5); /* the same peer twice */
	assert_false(holds(&e, &observing, good));
	rows[2] = row("ESTAB", "10.7.0.1:1234", "10.7.0.3:40001", 0); /* an unknown owner */
	assert_false(holds(&e, &observing, good));
	rows[2] = row("ESTAB", "10.7.0.1:1234", "10.7.0.9:40001", 5); /* a stranger */
	assert_false(holds(&e, &observing, good));
}

static void a_change_is_counted_from_the_runs_beginning(void **state)
{
	const struct expectation e = {
		.is_value = true, .is_change = true, .value_min = 1, .value_max = 1
	};

	(void)state;
	assert_true(
	    holds(&e, &observing, (struct step_outcome){ .result = "8", .value_before = 7 }));
	assert_false(
	    holds(&e, &observing, (struct step_outcome){ .result = "8", .value_before = 8 }));
	assert_false(
	    holds(&e, &observing, (struct step_outcome){ .result = "x", .value_before = 8 }));
	assert_false(
	    holds(&e, &observing,
		  (struct step_outcome){ .result = "-9223372036854775808", .value_before = 8 }));
}

static void it_must_have_gone_to_the_host_named(void **state)
{
	const struct expectation e = { .nword = 1, .word = { "ok" }, .to_host = "server" };
	struct event connect;

	(void)state;
	event_init(&connect, "connect");
	event_text(&connect, "peer", "10.7.0.1:1234");
	assert_true(holds(&e, &acting, (struct step_outcome){ "ok", 0, 1, &connect, 0, 0, 0 }));
	connect.field[0].text = "10.7.0.3:1234";
	assert_false(holds(&e, &acting, (struct step_outcome){ "ok", 0, 1, &connect, 0, 0, 0 }));
	assert_false(holds(&e, &acting, (struct step_outcome){ .result = "ok" }));
}

static void what_goes_on_in_the_background_is_another_steps(void **state)
{
	const struct expectation e = { .to_host = "server" };
	struct event connects[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		event_init(&connects[i], "connect");
		connects[i].step = i + 1;
		event_text(&connects[i], "peer", i ? "10.7.0.1:1234" : "10.7.0.2:1234");
	}
	assert_true(holds(&e, &acting, (struct step_outcome){ "ok", 0, 2, connects, 0, 0, 2 }));
	assert_false(holds(&e, &acting, (struct step_outcome){ "ok", 0, 2, connects, 0, 0, 1 }));
}

static int counted(const struct expectation *expect, const char *result, const char *says)
{
	const struct scenario_step step = { .kind = &acting, .expect = *expect };
	const struct step_outcome outcome = { .result = result };
	char why[256];
	int yes = expect_holds(&plan, &step, &outcome, why, sizeof(why));

	assert_string_equal(why, says);
	return yes;
}

static void of_several_connections_each_word_named_has_its_range(void **state)
{
	const struct expectation e = { .times = 20,
				       .ncount = 2,
				       .count = { { "ok", 7, 13 }, { "TIMEOUT", 0, 8 } } };
	const struct expectation exact = { .times = 5, .ncount = 1, .count = { { "ok", 3, 3 } } };

	(void)state;
	assert_true(counted(&e, "ok 12, TIMEOUT 8", ""));
	assert_true(counted(&e, "ok 13, EOF 7", "")); /* EOF is free */
	assert_false(counted(&e, "ok 14, TIMEOUT 6", "got ok 14, TIMEOUT 6: ok 14 is not 7..13"));
	assert_false(counted(&e, "TIMEOUT 14, ok 6", "got TIMEOUT 14, ok 6: ok 6 is not 7..13"));
	assert_true(counted(&exact, "ok 3, EOF 2", ""));
	assert_false(counted(&exact, "ok 4, EOF 1", "got ok 4, EOF 1: ok 4 is not 3"));
	assert_false(counted(&e, "EOF 20", "got EOF 20: ok 0 is not 7..13"));
	assert_false(
	    counted(&e, "ok 11, TIMEOUT 9", "got ok 11, TIMEOUT 9: TIMEOUT 9 is not 0..8"));
	assert_false(counted(&e, "ok 12", "got ok 12, no count of 20 connections"));
	assert_false(counted(&e, "error", "got error, no count of 20 connections"));
	assert_false(counted(&e, "ok 20 x", "got ok 20 x, no count of 20 connections"));
}

static void a_word_without_a_count_is_all_of_them(void **state)
{
	const struct expectation none = { .times = 3 };
	const struct expectation either = { .times = 3,
					    .nword = 2,
					    .word = { "ok", "ECONNREFUSED" } };

	(void)state;
	assert_true(counted(&none, "ok 3", ""));
	assert_false(counted(&none, "ok 2, EOF 1", "got ok 2, EOF 1"));
	assert_false(counted(&none, "", "got , no count of 3 connections"));
	assert_true(counted(&either, "ECONNREFUSED 2, ok 1", ""));
	assert_false(counted(&either, "ok 2, TIMEOUT 1", "got ok 2, TIMEOUT 1"));
}

static void each_of_several_connections_went_to_the_host_named(void **state)
{
	const struct expectation e = { .times = 2, .to_host = "server" };
	struct event connects[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		event_init(&connects[i], "connect");
		event_text(&connects[i], "peer", "10.7.0.1:1234");
	}
	assert_true(holds(&e, &acting, (struct step_outcome){ "ok 2", 0, 2, connects, 0, 0, 0 }));
	connects[1].field[0].text = "10.7.0.3:1234";
	assert_false(holds(&e, &acting, (struct step_outcome){ "ok 2", 0, 2, connects, 0, 0, 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_expectation_only_ok_fits),
		cmocka_unit_test(any_of_the_words_fits),
		cmocka_unit_test(time_must_be_within_both_bounds),
		cmocka_unit_test(a_state_named_is_exact_and_others_are_free),
		cmocka_unit_test(rows_of_snapshots_do_not_count),
		cmocka_unit_test(peers_are_distinct_hosts_and_owner_is_the_servers_pid),
		cmocka_unit_test(a_change_is_counted_from_the_runs_beginning),
		cmocka_unit_test(what_goes_on_in_the_background_is_another_steps),
		cmocka_unit_test(it_must_have_gone_to_the_host_named),
		cmocka_unit_test(of_several_connections_each_word_named_has_its_range),
		cmocka_unit_test(a_word_without_a_count_is_all_of_them),
		cmocka_unit_test(each_of_several_connections_went_to_the_host_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
