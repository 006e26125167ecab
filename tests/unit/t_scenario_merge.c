/* extends, key@backend, --set, parameters: how files become one scenario. */
#include "scenario_text.h"

#include "util.h"

static void load_child(struct loaded *out, const char *text, const struct scenario_options *options)
{
	write_text("parent.ini", good_text, sizeof good_text - 1);
	write_text("child.ini", text, strlen(text));
	load_file(out, "child.ini", options);
}

static void a_phase_is_replaced_whole_other_sections_merge(void **state)
{
	struct loaded l;

	(void)state;
	load_child(
	    &l,
	    "[lab]\nextends = parent\ntitle = child\n[params]\nport = 80\nmore = 1\n[hosts]\n"
	    "third =\n[fault]\ndora = client tcp.connect server:${more} -> ECONNREFUSED\n"
	    "[expect]\nverdict = refused on dora\n",
	    NULL);
	assert_int_equal(l.status, 0);
	assert_string_equal(l.scenario.name, "child");
	assert_string_equal(l.scenario.title, "child");
	assert_int_equal(l.scenario.nhost, 3);
	assert_string_equal(l.scenario.host[2].name, "third");
	assert_int_equal(l.scenario.nstep, 3); /* two of the parent's control, one of the fault */
	assert_string_equal(step_arg(&l.scenario.step[0], "port"), "80");
	assert_string_equal(step_arg(&l.scenario.step[2], "to"), "server:1");
	assert_null(strstr(l.scenario.source, "extends ="));
	unload(&l);
}

static void a_minus_removes(void **state)
{
	struct loaded l;

	(void)state;
	load_child(&l, "[lab]\nextends = parent\n[hosts]\nthird =\n[params]\nnone = -\n", NULL);
	assert_true(complains(&l, 6, 1, "removes nothing"));
	unload(&l);
	load_child(&l, "[lab]\nextends = parent\n[hosts]\nclient = -\n", NULL);
	assert_int_equal(l.status,
			 -1); /* its steps still speak of client: told in the parent's lines */
	assert_true(complains(&l, 11, 9, "client is no host"));
	assert_non_null(strstr(l.complaints.at[0].path, "parent.ini"));
	unload(&l);
}

static void extends_neither_circles_nor_digs(void **state)
{
	struct loaded l;
	char name[16], text[64];

	(void)state;
	write_text("a.ini", "[lab]\nextends = b\n", 18);
	write_text("b.ini", "[lab]\nextends = a\n", 18);
	load_file(&l, "a.ini", NULL);
	assert_true(complains(&l, 2, 11, "in a circle"));
	unload(&l);
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof name, "d%d.ini", i);
		snprintf(text, sizeof text, "[lab]\nextends = d%d\n", i + 1);
		write_text(name, text, strlen(text));
	}
	load_file(&l, "d0.ini", NULL);
	assert_true(complains(&l, 2, 11, "deeper than 8"));
	unload(&l);
	load_child(&l, "[lab]\nextends = parnet-of-none\n", NULL);
	assert_true(complains(&l, 2, 11, "no scenario parnet-of-none"));
	unload(&l);
}

static void a_backend_key_counts_there_alone(void **state)
{
	struct scenario_options netns = { .backend = "netns" },
				loopback = { .backend = "loopback" };
	static const char text[] = "[lab]\nextends = parent\n[params]\nport@loopback = 99\n";
	struct loaded l;

	(void)state;
	load_child(&l, text, &netns);
	assert_string_equal(step_arg(&l.scenario.step[0], "port"), "1234");
	assert_null(strstr(l.scenario.source, "@loopback"));
	unload(&l);
	load_child(&l, text, &loopback);
	assert_string_equal(step_arg(&l.scenario.step[0], "port"), "99");
	unload(&l);
	load_child(&l, text, NULL);
	assert_string_equal(step_arg(&l.scenario.step[0], "port"), "1234");
	assert_non_null(strstr(l.scenario.source, "port@loopback = 99"));
	unload(&l);
	load_child(&l, "[lab]\nextends = parent\n[params]\nother@netns = 1\n", NULL);
	assert_true(complains(&l, 4, 1, "replaces nothing"));
	unload(&l);
}

static void set_overrides_a_parameter_and_nothing_else(void **state)
{
	struct name_value set[] = { { .name = "port", .value = "8080" } };
	struct scenario_options options = { .nset = 1, .set = set };
	struct loaded l;

	(void)state;
	load_child(&l, "[lab]\nextends = parent\n", &options);
	assert_int_equal(l.status, 0);
	assert_string_equal(step_arg(&l.scenario.step[0], "port"), "8080");
	assert_non_null(strstr(l.scenario.source, "port = 8080"));
	unload(&l);
	set[0].name = "prot";
	load_child(&l, "[lab]\nextends = parent\n", &options);
	assert_int_equal(l.status, -1);
	assert_int_equal(l.err.kind, ERR_USAGE);
	assert_non_null(strstr(l.err.text, "did you mean port?"));
	unload(&l);
	static const char *const bad[] = { "", "1;2", "a\nb", "\"x", "${port}", "-", "x\\", " 1" };
	set[0].name = "port";
	for (size_t i = 0; i < COUNT(bad); i++) {
		set[0].value = bad[i];
		load_child(&l, "[lab]\nextends = parent\n", &options);
		assert_int_equal(l.status, -1);
		assert_int_equal(l.err.kind, ERR_USAGE);
		unload(&l);
	}
	set[0].value = "70000"; /* checked where it is used */
	load_child(&l, "[lab]\nextends = parent\n", &options);
	assert_true(complains(&l, 10, 26, "70000 is not a port"));
	unload(&l);
}

static void a_parameter_never_becomes_two_words(void **state)
{
	struct name_value set[] = { { .name = "port", .value = "1 backlog=1" } };
	struct scenario_options options = { .nset = 1, .set = set };
	struct loaded l;

	(void)state;
	load_child(&l, "[lab]\nextends = parent\n", &options);
	assert_int_equal(l.status, -1);
	assert_true(complains(&l, 10, 26, "1 backlog=1 is not a port"));
	unload(&l);
}

static void addresses_are_values_too(void **state)
{
	struct scenario_options loopback = { .backend = "loopback" };
	static const char text[] =
	    "[lab]\nextends = parent\n[fault]\n"
	    "carol = client tcp.connect ${server.address}:1 -> ECONNREFUSED\n"
	    "dora = client tcp.connect ${server.lan.address}:1\n";
	struct loaded l;

	(void)state;
	load_child(&l, text, NULL);
	assert_int_equal(l.status, 0);
	assert_string_equal(step_arg(&l.scenario.step[2], "to"), "10.7.0.1:1");
	assert_string_equal(step_arg(&l.scenario.step[3], "to"), "10.7.0.1:1");
	unload(&l);
	load_child(&l, text, &loopback);
	assert_string_equal(step_arg(&l.scenario.step[2], "to"), "127.0.0.2:1");
	unload(&l);
	load_child(&l,
		   "[lab]\nextends = parent\n[fault]\n"
		   "carol = client tcp.connect ${sever.address}:1 -> ECONNREFUSED\n",
		   NULL);
	assert_true(complains(&l, 4, 28, "did you mean server.address?"));
	unload(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phase_is_replaced_whole_other_sections_merge),
		cmocka_unit_test(a_minus_removes),
		cmocka_unit_test(extends_neither_circles_nor_digs),
		cmocka_unit_test(a_backend_key_counts_there_alone),
		cmocka_unit_test(set_overrides_a_parameter_and_nothing_else),
		cmocka_unit_test(a_parameter_never_becomes_two_words),
		cmocka_unit_test(addresses_are_values_too),
	};

	return cmocka_run_group_tests_name("scenario merge", tests, NULL, NULL);
}
