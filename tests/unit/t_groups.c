/* Hosts by count, who of them captures, and how they are planned: the same as if each were written.
 */
#include "planned.h"

static void load_hosts(struct loaded *out, const char *hosts)
{
	load_good(out, 8, hosts);
}

static void make(struct planned *out, const char *hosts, const char *backend)
{
	plan_with(out, 8, hosts, backend);
	assert_int_equal(out->status, 0);
}

static void a_count_is_that_many_hosts_with_numbers(void **state)
{
	struct loaded l;

	(void)state;
	load_hosts(&l, "client =\npeer = count=300 sysctl.net.ipv4.tcp_syn_retries=2");
	assert_int_equal(l.scenario.nhost, 302);
	assert_string_equal(l.scenario.host[2].name, "peer-1");
	assert_string_equal(l.scenario.host[301].name, "peer-300");
	assert_string_equal(l.scenario.host[301].group, "peer");
	assert_null(l.scenario.host[1].group);
	assert_int_equal(l.scenario.host[301].nsysctl, 1);
	assert_int_equal(l.scenario.host[301].line, 9);
	assert_int_equal(l.scenario.nname, 302);
	unload(&l);
}

static void a_count_can_be_a_parameter_that_is_set(void **state)
{
	const struct name_value set = { .name = "port", .value = "12" };
	const struct scenario_options options = { .nset = 1, .set = &set };
	struct loaded l;

	(void)state;
	load_hosts(&l, "client =\npeer = count=1");
	unload(&l);
	load_with(&l, 8, "client =\npeer = count=${port}"); /* 1234 in the file */
	assert_true(complains(&l, 9, 14, "1234 is not a number from 1 to 1000"));
	unload(&l);
	load_file(&l, "t.ini", &options);
	assert_int_equal(l.status, 0);
	assert_int_equal(l.scenario.nhost, 14);
	unload(&l);
}

static void a_count_that_cannot_be_is_told_in_its_column(void **state)
{
	(void)state;
	refused(8, "client =\npeer = count=0", 14, "0 is not a number from 1 to 1000");
	refused(8, "client =\npeer = count=1001", 14, "1001 is not a number from 1 to 1000");
	refused(8, "client =\npeer = count=-3", 14, "-3 is not a number");
	refused(8, "client =\npeer = count=3x", 14, "3x is not a number");
	refused(8, "client =\npeer = count=", 14, "a value is needed");
	refused(8, "client =\npeer = count=2 count=3", 22, "given twice");
	refused(8, "client =\npeer = count=999", 14, "more than 1000 hosts");
	refused(8, "client =\npeer = 10.7.0.9 count=3", 8, "3 hosts cannot share the address");
	refused(8, "client =\nabcdefghijklmnopqrstuvwxyz-abcd = count=10", 1,
		"has more than 32 characters");
}

static void one_bad_line_of_a_group_is_told_alone(void **state)
{
	struct loaded l;

	(void)state;
	refused(8,
		"client =\npeer = count=3x\n[links]\nlan = server client peer\n[captures]\n"
		"peer-2 = off",
		14, "3x is not a number");
	refused(8, "client =\npeer = count=999\n[names]\nserver = server\nwww = peer-12", 14,
		"more than 1000 hosts");
	refused(8,
		"client =\npeer = count=3 forwrd\n[names]\nserver = server\n"
		"client = peer-2\nwww = peer",
		16, "forwrd is unknown");
	refused(8,
		"client =\npeer = count=0\n[captures]\nserver = filter=\"host ${peer-1.address}\"",
		14, "0 is not a number");
	load_with(&l, 8, "client =\npeer = forwrd count=3x");
	assert_int_equal(l.complaints.count, 2);
	assert_true(complains(&l, 9, 8, "forwrd is unknown"));
	assert_true(complains(&l, 9, 21, "3x is not a number"));
	unload(&l);
}

static void a_name_that_a_group_has_already_is_refused(void **state)
{
	(void)state;
	refused(8, "client =\npeer = count=9\npeer-7 =", 1, "one of the 9 hosts of peer in line 9");
	refused(8, "peer-9 =\nclient =\npeer = count=9", 1, "one of the 9 hosts of peer");
	struct loaded l;
	load_hosts(&l, "client =\npeer = count=9\npeer-10 =\npeer-07 =\npeer-x =");
	assert_int_equal(l.scenario.nhost, 14);
	unload(&l);
}

static void a_group_is_no_host_but_each_of_its_hosts_is(void **state)
{
	struct loaded l;

	(void)state;
	refused(8, "client =\npeer = count=9\n[names]\nserver = server\nwww = peer", 7,
		"peer is 9 hosts: name one of peer-1 to peer-9");
	refused(8, "client =\npeer = count=1\n[names]\nserver = server\nwww = peer", 7,
		"peer is a group of one: write peer-1");
	refused(8, "client =\npeer = count=9\n[names]\nserver = server\nwww = peer-10", 7,
		"peer-10 is no host");
	refused(8, "client =\npeer = count=9 via=server", 8, "server does not forward");
	load_hosts(&l, "client =\npeer = count=9\n[names]\nwww = peer-4\nserver = server");
	assert_string_equal(l.scenario.host[l.scenario.dns[0].host].name, "peer-4");
	unload(&l);
}

static void a_link_takes_a_group_or_some_of_it(void **state)
{
	struct planned p;

	(void)state;
	make(&p,
	     "client =\npeer = count=5\n[links]\nlan = server peer client\nback = peer-2 server",
	     "netns");
	assert_int_equal(p.plan.nhost, 7);
	assert_string_equal(p.plan.host[2].port[0].address, "10.7.0.2");
	assert_string_equal(p.plan.host[1].port[0].address, "10.7.0.7");
	assert_int_equal(p.plan.host[3].nport, 2);
	assert_string_equal(p.plan.host[3].port[1].address, "10.7.1.1");
	assert_int_equal(p.plan.host[4].nport, 1);
	unload(&p.loaded);
	refused(8, "client =\npeer = count=5\n[links]\nlan = server client peer peer-3", 26,
		"peer-3 is on this link already");
	refused(8, "client =\npeer = count=5\n[links]\nlan = server client peer-1", 1,
		"peer-2 is on no link");
}

static void a_thousand_hosts_find_room(void **state)
{
	struct planned p;

	(void)state;
	make(&p, "client =\npeer = count=998", "netns");
	assert_int_equal(p.plan.nhost, 1000);
	assert_string_equal(p.plan.link[0].subnet, "10.8.0.0/22");
	assert_string_equal(p.plan.host[0].port[0].address, "10.8.0.1");
	assert_string_equal(p.plan.host[999].port[0].address, "10.8.3.232");
	assert_int_equal(p.plan.host[999].port[0].prefix, 22);
	unload(&p.loaded);
	make(&p, "client = 10.7.0.3\npeer = count=252", "netns"); /* 254: still the small one */
	unload(&p.loaded);
	make(&p, "client =\npeer = count=998", "loopback");
	assert_string_equal(p.plan.host[999].port[0].address, "127.0.3.233");
	unload(&p.loaded);
	refused(8,
		"client =\npeer = count=300\n[links]\nlan = server client peer subnet=10.9.0.0/24",
		1, "10.9.0.0/24 has no room for 302 hosts");
}

static void a_small_link_keeps_its_addresses(void **state)
{
	struct planned p;

	(void)state;
	make(&p, "client =\npeer = count=252", "netns");
	assert_string_equal(p.plan.link[0].subnet, "10.7.0.0/24");
	assert_string_equal(p.plan.host[253].port[0].address, "10.7.0.254");
	unload(&p.loaded);
	make(&p, "client =\npeer = count=253", "netns");
	assert_string_equal(p.plan.link[0].subnet, "10.8.0.0/22");
	unload(&p.loaded);
}

static const char *captured(const struct planned *p)
{
	static char text[256];

	text[0] = 0;
	for (size_t i = 0; i < p->plan.ncapture; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s ",
			 p->plan.host[p->plan.capture[i].host].name);
	return text;
}

static void captures_can_be_off_for_some_or_for_all(void **state)
{
	static const struct {
		const char *lines, *captured;
	} rows[] = {
		{ "", "server client peer-1 peer-2 peer-3 " },
		{ "[captures]\nserver =", "server " },
		{ "[captures]\npeer =", "peer-1 peer-2 peer-3 " },
		{ "[captures]\npeer = off", "server client " },
		{ "[captures]\npeer = snaplen=64\npeer-2 = off", "peer-1 peer-3 " },
		{ "[captures]\npeer-2 = off\npeer =", "peer-1 peer-3 " },
		{ "[captures]\npeer = off\npeer-2 = snaplen=64", "peer-2 " },
		{ "[captures]\nserver = off\nclient = off\npeer = off", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct planned p;
		char text[256];
		snprintf(text, sizeof text, "client =\npeer = count=3\n%s", rows[i].lines);
		make(&p, text, "netns");
		assert_string_equal(captured(&p), rows[i].captured);
		unload(&p.loaded);
	}
	refused(8, "client =\n[captures]\nclient = off snaplen=64", 10, "nothing else");
	refused(8, "client =\n[captures]\nclinet = off", 1, "did you mean client?");
	refused(16,
		"verdict = refused.no-listener on carol\nwire = C>S [S]\n[captures]\nclient = off",
		1, "nothing is captured on client");
}

static void a_group_is_one_line_of_the_plan(void **state)
{
	struct planned p;
	char *text;
	size_t len;

	(void)state;
	make(&p, "client =\npeer = count=300\n[captures]\nserver = off\nclient = off\npeer = off",
	     "netns");
	FILE *out = open_memstream(&text, &len);
	plan_text(out, &p.plan);
	fclose(out);
	assert_non_null(strstr(text, "hosts peer-1 to peer-300  10.8.0.3/22 to 10.8.1.46 eth0"));
	assert_null(strstr(text, "peer-2 "));
	assert_non_null(strstr(text, "no captures\n"));
	assert_true(len < 2000);
	free(text);
	unload(&p.loaded);
	make(&p, "client =\npeer = count=300", "netns");
	out = open_memstream(&text, &len);
	plan_text(out, &p.plan);
	fclose(out);
	assert_non_null(strstr(text, "capture peer-1.lan to peer-300.lan  on eth0"));
	assert_true(len < 2000);
	free(text);
	unload(&p.loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_that_many_hosts_with_numbers),
		cmocka_unit_test(a_count_can_be_a_parameter_that_is_set),
		cmocka_unit_test(a_count_that_cannot_be_is_told_in_its_column),
		cmocka_unit_test(one_bad_line_of_a_group_is_told_alone),
		cmocka_unit_test(a_name_that_a_group_has_already_is_refused),
		cmocka_unit_test(a_group_is_no_host_but_each_of_its_hosts_is),
		cmocka_unit_test(a_link_takes_a_group_or_some_of_it),
		cmocka_unit_test(a_thousand_hosts_find_room),
		cmocka_unit_test(a_small_link_keeps_its_addresses),
		cmocka_unit_test(captures_can_be_off_for_some_or_for_all),
		cmocka_unit_test(a_group_is_one_line_of_the_plan),
	};

	return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
