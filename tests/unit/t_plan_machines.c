/* The plan on machines that are there: their addresses, and nothing of theirs changed. */
#include "scenario_text.h"

#include "plan.h"

static int two(void *context, const struct scenario *scenario, const char **address,
	       struct err *err)
{
	static const char *const at[] = { "192.0.2.7", "198.51.100.9" };

	(void)context;
	if (scenario->nhost > COUNT(at))
		return err_set(err, ERR_USAGE, "no machine for the third");
	for (size_t i = 0; i < scenario->nhost; i++)
		address[i] = at[i];
	return 0;
}

struct placed {
	struct loaded loaded;
	struct plan plan;
	int status;
};

/* The good scenario with line `line` changed, on the two machines. */
static void place(struct placed *out, int line, const char *text)
{
	const struct scenario_options options = { .backend = "ssh", .machines = two };

	write_with("placed.ini", line, text);
	load_file(&out->loaded, "placed.ini", &options);
	out->status = out->loaded.status;
	if (out->status == 0)
		out->status = plan_make(&out->plan, &out->loaded.scenario, "ssh",
					&out->loaded.arena, &out->loaded.err);
}

static void hosts_have_the_addresses_of_their_machines(void **state)
{
	struct placed p;

	(void)state;
	place(&p, 3, "title = t");
	assert_int_equal(p.status, 0);
	assert_string_equal(p.plan.host[0].port[0].address, "192.0.2.7");
	assert_string_equal(p.plan.host[1].port[0].address, "198.51.100.9");
	assert_string_equal(p.plan.host[0].port[0].iface, "");
	assert_int_equal(p.plan.host[0].nsysctl, 0);
	assert_null(p.plan.host[1].gateway);
	assert_non_null(strstr(p.plan.host[0].hosts_file, "198.51.100.9 client\n"));
	unload(&p.loaded);
}

static void a_step_can_name_the_address_of_a_machine(void **state)
{
	struct placed p;

	(void)state;
	place(&p, 14, "carol = client tcp.connect ${server.address}:${port} -> ECONNREFUSED");
	assert_int_equal(p.status, 0);
	assert_string_equal(step_arg(&p.loaded.scenario.step[3], "to"), "192.0.2.7:1234");
	unload(&p.loaded);
}

static void captures_take_what_the_hosts_of_the_run_say(void **state)
{
	struct placed p;

	(void)state;
	place(&p, 3, "title = t");
	assert_int_equal(p.plan.capture[0].snaplen, 128);
	assert_string_equal(p.plan.capture[0].filter,
			    "(icmp and dst host 192.0.2.7 and (icmp[0] == 3 or icmp[0] == 11)) or "
			    "(host 192.0.2.7 and host 198.51.100.9 and not tcp port 22)");
	unload(&p.loaded);
	place(&p, 5, "port = 22");
	assert_null(strstr(p.plan.capture[0].filter, "not tcp port 22"));
	unload(&p.loaded);
}

static void what_would_change_a_machine_is_no_scenario_for_it(void **state)
{
	static const struct {
		const char *host, *why;
	} rows[] = {
		{ "client = sysctl.net.ipv4.tcp_syn_retries=1", "sysctl. of host client" },
		{ "client = forward", "forward of host client" },
		{ "client = resolver=server", "resolver= of host client" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct placed p;
		place(&p, 8, rows[i].host);
		assert_int_equal(p.status, -1);
		assert_int_equal(p.loaded.err.kind, ERR_CANNOT);
		assert_non_null(strstr(p.loaded.err.text, rows[i].why));
		unload(&p.loaded);
	}
}

static void a_host_without_a_machine_ends_the_reading(void **state)
{
	struct placed p;

	(void)state;
	place(&p, 8, "client =\nthird =");
	assert_int_equal(p.status, -1);
	assert_string_equal(p.loaded.err.text, "no machine for the third");
	unload(&p.loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_have_the_addresses_of_their_machines),
		cmocka_unit_test(a_step_can_name_the_address_of_a_machine),
		cmocka_unit_test(captures_take_what_the_hosts_of_the_run_say),
		cmocka_unit_test(what_would_change_a_machine_is_no_scenario_for_it),
		cmocka_unit_test(a_host_without_a_machine_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
