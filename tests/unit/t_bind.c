/* Hosts of a scenario to machines: --bind, then names, then roles; all that is wrong before
 * anything is touched. Machines have addresses here: no other program is asked. */
#include "inventory_text.h"

#include "bind.h"

struct bound {
	struct arena arena;
	struct loaded loaded;
	struct binding binding;
	struct err err;
	char *told; /* complaints */
	int status;
};

/* The good scenario with its hosts as `hosts` has them (NULL: server, client) on the machines of
 * `inventory` (NULL: none), with --bind of `bind` (name NULL ends it). */
static void play(struct bound *out, const char *hosts, const char *inventory,
		 const struct name_value *bind)
{
	struct cli cli = { .backend = "ssh", .arena = &out->arena };
	size_t len = 0;

	*out = (struct bound){ .status = 0 };
	load_good(&out->loaded, hosts ? 8 : 3, hosts ? hosts : "title = t");
	while (bind && bind[cli.bind.count].name)
		cli.bind.count++;
	cli.bind.at = bind;
	cli.inventory = inventory ? fleet_file(inventory) : NULL;
	cli.progress = open_memstream(&out->told, &len);
	assert_non_null(cli.progress);
	out->status = bind_hosts(&out->binding, &cli, &out->loaded.scenario, &out->err);
	assert_int_equal(fclose(cli.progress), 0);
}

static void leave(struct bound *bound)
{
	free(bound->told);
	unload(&bound->loaded);
	arena_close(&bound->arena);
}

static void bound_to(const struct bound *b, size_t host, const char *machine, const char *address)
{
	if (b->status != 0)
		fail_msg("%s", b->err.text);
	assert_string_equal(b->binding.target[host]->name, machine);
	assert_string_equal(b->binding.address[host], address);
}

static void a_machine_plays_the_host_of_its_name(void **state)
{
	struct bound b;

	(void)state;
	play(&b, NULL, "[machines]\nclient = 192.0.2.2\nserver = 192.0.2.1\nmore = 192.0.2.3\n",
	     NULL);
	bound_to(&b, 0, "server", "192.0.2.1");
	bound_to(&b, 1, "client", "192.0.2.2");
	assert_int_equal(b.binding.count, 2);
	leave(&b);
}

static void roles_are_given_in_the_order_of_the_file(void **state)
{
	struct bound b;

	(void)state;
	play(&b, "client =\nc = count=3",
	     "[machines]\nz = 192.0.2.9 role=c\nweb = 192.0.2.1 role=server\n"
	     "a = 192.0.2.2 role=c\nc-2 = 192.0.2.4 role=c\ny = 192.0.2.5 role=client\n"
	     "b = 192.0.2.3 role=c lab-address=10.0.0.3\n",
	     NULL);
	bound_to(&b, 0, "web", "192.0.2.1");
	bound_to(&b, 1, "y", "192.0.2.5");
	bound_to(&b, 2, "z", "192.0.2.9");
	bound_to(&b, 3, "c-2", "192.0.2.4");
	bound_to(&b, 4, "a", "192.0.2.2");
	leave(&b);
}

static void bind_is_stronger_than_name_and_role(void **state)
{
	static const struct name_value bind[] = { { .name = "server", .value = "b" },
						  { .name = NULL } };
	struct bound b;

	(void)state;
	play(&b, NULL,
	     "[machines]\nserver = 192.0.2.1 role=client\nb = 192.0.2.2 role=client\n"
	     "c = 192.0.2.3 role=client\n",
	     bind);
	bound_to(&b, 0, "b", "192.0.2.2");
	bound_to(&b, 1, "server", "192.0.2.1");
	leave(&b);
}

static void refused_with(const char *inventory, const struct name_value *bind, const char *words)
{
	struct bound b;

	play(&b, NULL, inventory, bind);
	assert_int_equal(b.status, -1);
	assert_int_equal(b.err.kind, ERR_USAGE);
	if (!strstr(b.err.text, words))
		fail_msg("got: %s\nwant: %s", b.err.text, words);
	leave(&b);
}

static void what_is_wrong_is_said_before_anything_is_touched(void **state)
{
	static const char two[] = "[machines]\nserver = 192.0.2.1\nclient = 192.0.2.2\n";
	static const struct name_value none[] = { { .name = "sever", .value = "client" },
						  { .name = NULL } };
	static const struct name_value twice[] = { { .name = "server", .value = "client" },
						   { .name = "server", .value = "server" },
						   { .name = NULL } };
	static const struct name_value both[] = { { .name = "server", .value = "client" },
						  { .name = "client", .value = "client" },
						  { .name = NULL } };

	(void)state;
	refused_with(NULL, NULL, "no machine for server, client: --bind HOST=ALIAS");
	refused_with("[machines]\na = 192.0.2.1\n", NULL,
		     "no machine for server, client: --bind HOST=ALIAS names one of ~/.ssh/config, "
		     "or give it a name or a role in ");
	refused_with("[machines]\na = 192.0.2.1 role=sevrer\nclient = 192.0.2.2\n", NULL,
		     "fleet.ini; a has the role sevrer: did you mean server?");
	refused_with("[machines]\nclient = 192.0.2.2\nclient-1 = 192.0.2.3\nsrever = 192.0.2.1\n",
		     NULL, "fleet.ini; it has srever: did you mean server?");
	refused_with(two, none, "--bind sever=client: t has no host sever: did you mean server?");
	refused_with(two, twice, "--bind server=server: it is bound to client already");
	refused_with(two, both,
		     "server and client are both at 192.0.2.2 (client, client): each host of a "
		     "scenario needs a machine of its own");
	refused_with("[machines]\nserver = 192.0.2.1\nclient = 192.0.2.1\n", NULL,
		     "server and client are both at 192.0.2.1 (server, client)");
	refused_with("[machines]\nserver = fe80::1\nclient = 192.0.2.1\n", NULL,
		     "server: server: no IPv4 address is known for fe80::1: give it a lab-address");
}

static void errors_of_the_file_are_told_by_place(void **state)
{
	struct bound b;

	(void)state;
	play(&b, NULL, "[machines]\nserver = 192.0.2.1 prt=1\nclient = 192.0.2.2 usr=2\n", NULL);
	assert_int_equal(b.status, -1);
	assert_non_null(strstr(b.told, "fleet.ini:2:20: error: prt is unknown"));
	assert_non_null(strstr(b.told, "fleet.ini:3:20: error: usr is unknown"));
	assert_non_null(strstr(b.err.text, "2 errors: nothing was run"));
	leave(&b);
}

static void a_fleet_is_bound_in_its_order(void **state)
{
	struct buf text = { 0 };
	struct bound b;

	(void)state;
	buf_str(&text, "[machines]\nserver = 192.0.2.1\nclient = 192.0.2.2\n");
	for (int i = 0; i < 300; i++)
		buf_printf(&text, "m%d = 10.0.%d.%d role=c\n", i, i / 200, i % 200 + 1);
	play(&b, "client =\nc = count=300", text.data, NULL);
	bound_to(&b, 2, "m0", "10.0.0.1");
	bound_to(&b, 301, "m299", "10.0.1.100");
	leave(&b);
	play(&b, "client =\nc = count=301", text.data, NULL);
	assert_int_equal(b.status, -1);
	assert_non_null(strstr(b.err.text, "no machine for c-301: "));
	leave(&b);
	buf_close(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_plays_the_host_of_its_name),
		cmocka_unit_test(roles_are_given_in_the_order_of_the_file),
		cmocka_unit_test(bind_is_stronger_than_name_and_role),
		cmocka_unit_test(what_is_wrong_is_said_before_anything_is_touched),
		cmocka_unit_test(errors_of_the_file_are_told_by_place),
		cmocka_unit_test(a_fleet_is_bound_in_its_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
