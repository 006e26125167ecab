/* Inventories: what a line means, what [defaults] fill in, and what is wrong at which place. */
#include "inventory_text.h"

static void a_line_says_all_of_a_machine(void **state)
{
	struct fleet f;

	(void)state;
	fleet_read(&f,
		   "[machines]\n"
		   "web-1 = 192.0.2.1 user=deploy port=2222 identity=/etc/passwd role=server "
		   "identity=\"/etc/group\" lab-address=10.0.0.1\n",
		   NULL);
	assert_int_equal(f.status, 0);
	const struct target *t = fleet_target(&f, "web-1");
	assert_string_equal(t->address, "192.0.2.1");
	assert_string_equal(t->user, "deploy");
	assert_int_equal(t->port, 2222);
	assert_int_equal(t->nidentity, 2);
	assert_string_equal(t->identity[0], "/etc/passwd");
	assert_string_equal(t->identity[1], "/etc/group");
	assert_string_equal(t->role, "server");
	assert_string_equal(t->lab_address, "10.0.0.1");
	assert_false(t->is_alias);
	assert_null(t->jump);
	assert_int_equal(t->transport, TRANSPORT_LIBSSH2);
	assert_string_equal(targets_lab_address(&f.targets, t, &f.err), "10.0.0.1");
	assert_ptr_equal(fleet_target(&f, "web-1"), t);
	fleet_close(&f);
}

static void what_no_line_says_is_what_ssh_would_try(void **state)
{
	struct fleet f;

	(void)state;
	fleet_read(&f, "[machines]\nweb-1 = 192.0.2.1\n", NULL);
	assert_int_equal(f.status, 0);
	const struct target *t = fleet_target(&f, "web-1");
	assert_true(t->user && *t->user);
	assert_int_equal(t->port, 22);
	assert_int_equal(t->nknown_hosts, 4);
	assert_non_null(strstr(t->known_hosts[0], "/.ssh/known_hosts"));
	assert_string_equal(t->known_hosts[2], "/etc/ssh/ssh_known_hosts");
	for (size_t i = 0; i < t->nidentity; i++)
		assert_int_equal(access(t->identity[i], F_OK), 0);
	assert_string_equal(targets_lab_address(&f.targets, t, &f.err), "192.0.2.1");
	fleet_close(&f);
}

static void defaults_fill_what_a_line_leaves_open(void **state)
{
	struct fleet f;

	(void)state;
	fleet_read(&f,
		   "[defaults]\nuser = deploy\nport = 2200\nidentity = /etc/passwd /etc/group\n"
		   "jump = bastion\ntransport = openssh\n"
		   "[machines]\n"
		   "bastion = 192.0.2.9 port=22 transport=libssh2\n"
		   "a = 192.0.2.1\n"
		   "b = 192.0.2.2 user=admin identity=/etc/hosts jump=none transport=libssh2\n",
		   NULL);
	assert_int_equal(f.status, 0);
	const struct target *bastion = fleet_target(&f, "bastion"), *a = fleet_target(&f, "a"),
			    *b = fleet_target(&f, "b");
	assert_null(bastion->jump);
	assert_int_equal(bastion->port, 22);
	assert_int_equal(bastion->transport, TRANSPORT_LIBSSH2);
	assert_string_equal(a->user, "deploy");
	assert_int_equal(a->port, 2200);
	assert_int_equal(a->nidentity, 2);
	assert_ptr_equal(a->jump, bastion);
	assert_int_equal(a->transport, TRANSPORT_OPENSSH);
	assert_string_equal(b->user, "admin");
	assert_int_equal(b->nidentity, 1);
	assert_null(b->jump);
	assert_int_equal(b->transport, TRANSPORT_LIBSSH2);
	fleet_close(&f);
}

static void more_than_one_jump_needs_ssh_and_says_so(void **state)
{
	static const char text[] = "[machines]\na = 192.0.2.1 jump=b\nb = 192.0.2.2 jump=c\n"
				   "c = 192.0.2.3\nd = 192.0.2.4 jump=e\n"
				   "e = 192.0.2.5 transport=openssh\n";
	struct fleet f;

	(void)state;
	fleet_read(&f, text, NULL);
	assert_int_equal(f.status, 0);
	const struct target *a = fleet_target(&f, "a"), *d = fleet_target(&f, "d");
	assert_int_equal(a->transport, TRANSPORT_OPENSSH);
	assert_string_equal(a->why, "more than one jump host");
	assert_ptr_equal(a->jump, fleet_target(&f, "b"));
	assert_int_equal(a->jump->transport, TRANSPORT_LIBSSH2);
	assert_string_equal(d->why, "its jump host needs ssh itself");
	fleet_close(&f);
	fleet_read(&f, text, "openssh");
	assert_int_equal(fleet_target(&f, "c")->transport, TRANSPORT_OPENSSH);
	assert_null(fleet_target(&f, "c")->why);
	assert_non_null(fleet_target(&f, "b")->jump);
	fleet_close(&f);
}

/* One complaint, at this place, with these words. */
static void refused_at(const char *text, int line, int column, const char *words)
{
	struct fleet f;

	fleet_read(&f, text, NULL);
	assert_int_equal(f.status, -1);
	assert_int_equal(f.err.kind, ERR_USAGE);
	if (f.complaints.count != 1 || f.complaints.at[0].line != line ||
	    f.complaints.at[0].column != column || !strstr(f.complaints.at[0].text, words)) {
		for (size_t i = 0; i < f.complaints.count; i++)
			print_message("# got %d:%d: %s\n", f.complaints.at[i].line,
				      f.complaints.at[i].column, f.complaints.at[i].text);
		fail_msg("%s: wanted %d:%d: %s", text, line, column, words);
	}
	assert_non_null(strstr(f.err.text, "fleet.ini: 1 error: nothing was run"));
	fleet_close(&f);
}

static void what_is_wrong_has_its_place_and_the_nearest_name(void **state)
{
	static const struct {
		const char *words;
		int column;
		const char *text;
	} rows[] = {
		{ "192.0.2.1 prt=22", 15, "prt is unknown in [machines]: did you mean port?" },
		{ "192.0.2.1 role", 15, "role: a value is needed: role=ROLE" },
		{ "192.0.2.1 port=70000", 20, "70000 is not a port" },
		{ "192.0.2.1 port=1 port=2", 27, "port is given twice" },
		{ "192.0.2.1 192.0.2.2", 15, "192.0.2.2 is unknown" },
		{ "192.0.2.300", 5, "192.0.2.300 is no IPv4 address" },
		{ "-oProxyCommand", 5, "is no address" },
		{ "192.0.2.1 user=-x", 20, "-x is no user name" },
		{ "192.0.2.1 user=\"a b\"", 20, "a b is no user name" },
		{ "192.0.2.1 role=Client", 20, "Client is no role" },
		{ "192.0.2.1 identity=key", 24, "key is no path that begins with / or ~/" },
		{ "192.0.2.1 identity=/no/key", 24, "/no/key is not there" },
		{ "192.0.2.1 lab-address=web", 27, "web is no IP address" },
		{ "192.0.2.1 lab-address=::1", 27, "::1 is no IPv4 address" },
		{ "192.0.2.1 transport=ssh", 25, "none of libssh2 openssh" },
		{ "192.0.2.1 jump=a,b", 20, "a,b is no machine" },
		{ "192.0.2.1 jump=x", 20, "x is reached through x" },
		{ "${user}", 5, "${user} is no parameter" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[256];
		snprintf(text, sizeof text, "[machines]\nx = %s\n", rows[i].words);
		refused_at(text, 2, rows[i].column, rows[i].text);
	}
	refused_at("[machine]\n[machines]\nx =\n", 1, 1, "did you mean machines?");
	refused_at("[machines]\n", 1, 1, "[machines] is missing");
	refused_at("[machines]\nx- = 192.0.2.1\n[defaults]\nusr = a\n", 4, 1,
		   "usr is unknown in [defaults]: did you mean user?");
	refused_at("[machines]\nx = 192.0.2.1\n[defaults]\nport = 1 2\n", 4, 8,
		   "port: one value is needed");
	refused_at("[machines]\nx@y = 192.0.2.1\n", 2, 1, "x@y is no name");
	refused_at("[machines]\nx = 192.0.2.1\nx = 192.0.2.2\n", 3, 1, "x is in line 2 already");
	refused_at("[machines]\nok = 192.0.2.1\na = 192.0.2.2 jump=b\nb = 192.0.2.3 jump=c\n"
		   "c = 192.0.2.4 jump=a\n",
		   3, 20, "a is reached through b, and that in the end through a again");
}

static void every_error_is_told_at_once_in_the_order_of_the_file(void **state)
{
	struct fleet f;

	(void)state;
	fleet_read(&f, "[machines]\na = 192.0.2.1 prt=1\nb = 192.0.2.2 usr=2\n[x]\n", NULL);
	assert_int_equal(f.status, -1);
	assert_int_equal(f.complaints.count, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(f.complaints.at[i].line, i + 2);
	assert_non_null(strstr(f.err.text, "3 errors"));
	fleet_close(&f);
}

static void a_file_that_is_not_there_or_two_of_them_are_refused(void **state)
{
	const struct targets_asked none = { .inventory = "/no/such/file" },
				   both = { .inventory = "a", .terraform = "b" };
	struct fleet f = { .status = 0 };

	(void)state;
	f.complaints.arena = &f.arena;
	assert_int_equal(targets_read(&f.targets, &none, &f.arena, &f.complaints, &f.err), -1);
	assert_int_equal(f.err.kind, ERR_USAGE);
	assert_string_equal(f.err.text, "/no/such/file: No such file or directory");
	assert_int_equal(targets_read(&f.targets, &both, &f.arena, &f.complaints, &f.err), -1);
	assert_non_null(strstr(f.err.text, "machines come from one of them"));
	fleet_close(&f);
}

static void roles_are_found_in_the_order_of_the_file(void **state)
{
	struct fleet f;

	(void)state;
	fleet_read(&f,
		   "[machines]\na = 192.0.2.1 role=client\nb = 192.0.2.2 role=server\n"
		   "c = 192.0.2.3 role=client\n",
		   NULL);
	assert_int_equal(f.status, 0);
	assert_int_equal(targets_role(&f.targets, "client", 0), 0);
	assert_int_equal(targets_role(&f.targets, "client", 1), 2);
	assert_true(targets_role(&f.targets, "client", 3) == SIZE_MAX);
	assert_true(targets_role(&f.targets, "clien", 0) == SIZE_MAX);
	assert_string_equal(targets_at(&f.targets, 2, &f.err)->name, "c");
	fleet_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_says_all_of_a_machine),
		cmocka_unit_test(what_no_line_says_is_what_ssh_would_try),
		cmocka_unit_test(defaults_fill_what_a_line_leaves_open),
		cmocka_unit_test(more_than_one_jump_needs_ssh_and_says_so),
		cmocka_unit_test(what_is_wrong_has_its_place_and_the_nearest_name),
		cmocka_unit_test(every_error_is_told_at_once_in_the_order_of_the_file),
		cmocka_unit_test(a_file_that_is_not_there_or_two_of_them_are_refused),
		cmocka_unit_test(roles_are_found_in_the_order_of_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
