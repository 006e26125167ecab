/* The plan: addresses, routes, names, captures, ports; the same from the same scenario. */
#include "planned.h"

#include <jansson.h>

#include "util.h"

static const char *sysctl_of(const struct plan_host *host, const char *name)
{
	for (size_t i = 0; i < host->nsysctl; i++)
		if (streq(host->sysctl[i].name, name))
			return host->sysctl[i].value;
	return "";
}

static void hosts_of_netns_follow_the_order_of_the_link(void **state)
{
	struct planned p;

	(void)state;
	plan_with(&p, 3, "title = t", "netns");
	assert_int_equal(p.status, 0);
	assert_string_equal(p.plan.link[0].subnet, "10.7.0.0/24");
	assert_int_equal(p.plan.link[0].mtu, 1500);
	assert_string_equal(p.plan.host[0].port[0].address, "10.7.0.1");
	assert_string_equal(p.plan.host[1].port[0].address, "10.7.0.2");
	assert_string_equal(p.plan.host[1].port[0].mac, "02:00:0a:07:00:02");
	assert_string_equal(p.plan.host[1].port[0].iface, "eth0");
	assert_string_equal(p.plan.host[0].hosts_file, "127.0.0.1 localhost\n10.7.0.1 server\n"
						       "10.7.0.2 client\n10.7.0.1 server.lan\n"
						       "10.7.0.2 client.lan\n");
	assert_string_equal(p.plan.ports, "1234");
	assert_int_equal(p.plan.ncapture, 2);
	assert_string_equal(p.plan.capture[0].filter, "");
	assert_true(p.plan.capture[0].snaplen >= 1514);
	unload(&p.loaded);
}

static void hosts_of_loopback_have_addresses_in_file_order(void **state)
{
	struct planned p;

	(void)state;
	plan_with(&p, 3, "title = t", "loopback");
	assert_string_equal(p.plan.host[0].port[0].address, "127.0.0.2");
	assert_string_equal(p.plan.host[1].port[0].address, "127.0.0.3");
	assert_string_equal(p.plan.host[1].port[0].iface, "lo");
	assert_true(p.plan.link[0].is_private);
	assert_string_equal(p.plan.capture[1].filter, "host 127.0.0.3");
	assert_true(p.plan.capture[1].snaplen >= 65550);
	unload(&p.loaded);
}

static void routers_are_gateways_of_those_who_do_not_forward(void **state)
{
	struct planned p;

	(void)state;
	plan_with(
	    &p, 8,
	    "client =\nrouter = forward\n[links]\nfront = client router\nback = router server",
	    "netns");
	const struct plan_host *server = &p.plan.host[0], *router = &p.plan.host[2];
	assert_string_equal(server->port[0].address, "10.7.1.2");
	assert_string_equal(server->gateway, "10.7.1.1");
	assert_string_equal(p.plan.host[1].gateway, "10.7.0.2");
	assert_null(router->gateway);
	assert_int_equal(router->nport, 2);
	assert_string_equal(router->port[1].iface, "eth1");
	assert_string_equal(router->port[1].address, "10.7.1.1");
	assert_string_equal(sysctl_of(router, "net.ipv4.ip_forward"), "1");
	assert_string_equal(sysctl_of(server, "net.ipv4.ip_forward"), "0");
	assert_int_equal(p.plan.ncapture, 4); /* every host on every link */
	assert_non_null(strstr(server->hosts_file, "10.7.1.1 router.back\n"));
	unload(&p.loaded);
}

static void written_addresses_are_kept_and_move_no_other(void **state)
{
	struct planned p;

	(void)state;
	plan_with(&p, 7, "server = 10.7.0.77", "netns");
	assert_string_equal(p.plan.host[0].port[0].address, "10.7.0.77");
	assert_string_equal(p.plan.host[1].port[0].address, "10.7.0.2");
	unload(&p.loaded);
	plan_with(&p, 8,
		  "client = 192.0.2.9\n[links]\nlan = server client subnet=192.0.2.0/28 mtu=1400",
		  "netns");
	assert_string_equal(p.plan.host[0].port[0].address, "192.0.2.1");
	assert_string_equal(p.plan.host[1].port[0].address, "192.0.2.9");
	assert_int_equal(p.plan.link[0].mtu, 1400);
	unload(&p.loaded);
}

static void a_host_with_a_resolver_knows_itself_and_asks(void **state)
{
	struct planned p;

	(void)state;
	plan_with(&p, 8,
		  "client = resolver=dns\ndns =\n[names]\nserver = server ttl=7\nwww = server",
		  "netns");
	assert_int_equal(p.status, 0);
	assert_string_equal(p.plan.host[1].hosts_file, "127.0.0.1 localhost\n10.7.0.2 client\n");
	assert_string_equal(p.plan.host[1].resolv_conf,
			    "nameserver 10.7.0.3\noptions timeout:1 attempts:2\n");
	assert_null(p.plan.host[1].names);
	assert_string_equal(p.plan.host[2].names,
			    "server 10.7.0.1 7\nwww 10.7.0.1 60\nserver.lan 10.7.0.1 60\n"
			    "client.lan 10.7.0.2 60\ndns.lan 10.7.0.3 60\n");
	assert_null(p.plan.host[0].names);
	assert_null(p.plan.host[0].resolv_conf);
	assert_non_null(strstr(p.plan.host[0].hosts_file, "10.7.0.3 dns.lan\n"));
	assert_true(p.loaded.scenario.needs & NEED_PORTS);
	unload(&p.loaded);
}

static void addresses_that_cannot_be_are_refused(void **state)
{
	(void)state;
	refused(7, "server = 10.9.0.1", 1, "in the subnet of none");
	refused(7, "server = 10.7.0.255", 1, "the network's own address");
	refused(8, "client = 10.7.0.9\nthird = 10.7.0.9", 1, "another host's already");
	refused(8, "client =\n[links]\nlan = server client subnet=10.7.0.1/24", 28,
		"no IPv4 subnet");
	refused(8, "client =\n[links]\na = server client\nb = client server subnet=10.0.0.0/8", 1,
		"overlaps");
	refused(8, "client =\n[links]\na = server", 1, "client is on no link");
	refused(8, "client = via=server", 10, "does not forward");
	refused(8, "client = resolver=sever", 10, "did you mean server?");
	refused(8, "client =\n[names]\nserver = server ttl=5\nclient = client", 21,
		"no host has resolver=");
	refused(8, "client = 10.7.0.9 10.7.0.8", 19, "unknown in [hosts]");
	refused(8, "client = sysctl.kernel.x=1", 10, "only net.");
	refused(8, "client =\n[links]\na = server client mtu=100", 23, "576 to 65535");
	refused(8, "client =\n[links]\na = server client rate=10", 24, "kbit, mbit or gbit");
	refused(8, "client =\n[links]\na = server client rate=1.5mbit", 24, "a whole number");
	refused(8, "client =\n[links]\na = server client rate=0kbit", 24, "1kbit to 32gbit");
	refused(8, "client =\n[links]\na = server client rate=33gbit", 24, "1kbit to 32gbit");
	refused(8, "client =\n[links]\na = server client loss=5", 24, "0% to 100%");
	refused(8, "client =\n[links]\na = server client loss=0.25%", 24, "one digit");
	refused(8, "client =\n[links]\na = server client loss=100.1%", 24, "0% to 100%");
	refused(0, "[captures]\nserver = filter=\"host server\"", 17, "no word of it");
	refused(0, "[captures]\nserver = snaplen=1", 18, "64 to 256k");
}

static void links_can_be_slow_and_lossy(void **state)
{
	struct planned p;
	struct buf json = { 0 };

	(void)state;
	plan_with(&p, 8, "client =\n[links]\nlan = server client rate=10mbit loss=2.5%", "netns");
	assert_int_equal(p.plan.link[0].rate_bps, 10000000);
	assert_int_equal(p.plan.link[0].loss_permille, 25);
	assert_true(p.loaded.scenario.needs & NEED_FIREWALL);
	plan_json(&json, &p.plan);
	assert_non_null(strstr(json.data, "\"rate_bps\": 10000000"));
	assert_non_null(strstr(json.data, "\"loss_permille\": 25"));
	buf_close(&json);
	unload(&p.loaded);
	plan_with(&p, 8, "client =\n[links]\nlan = server client loss=0%", "loopback");
	assert_int_equal(p.status, 0);
	assert_int_equal(p.plan.link[0].rate_bps, 0);
	assert_int_equal(p.plan.link[0].loss_permille, 0);
	assert_false(p.loaded.scenario.needs & NEED_FIREWALL);
	unload(&p.loaded);
}

static void what_needs_a_cable_does_not_run_on_loopback(void **state)
{
	static const char *const words[] = { "mtu=1400", "rate=10mbit", "loss=5%" };
	struct planned p;
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		snprintf(text, sizeof text, "client =\n[links]\nlan = server client %s", words[i]);
		plan_with(&p, 8, text, "loopback");
		assert_int_equal(p.status, -1);
		assert_int_equal(p.loaded.err.kind, ERR_CANNOT);
		snprintf(text, sizeof text, "does not run on loopback: %.*s of link lan",
			 (int)strcspn(words[i], "=") + 1, words[i]);
		assert_non_null(strstr(p.loaded.err.text, text));
		assert_null(plan_hindrance(&p.loaded.scenario, "netns", &p.loaded.arena));
		unload(&p.loaded);
	}
}

static void a_host_overrides_the_sysctls_of_the_lab(void **state)
{
	struct planned p;

	(void)state;
	plan_with(&p, 8,
		  "client = sysctl.net.ipv4.tcp_syn_retries=1 sysctl.net.ipv4.tcp_rmem=\"4096 8192 "
		  "16384\"",
		  "netns");
	assert_string_equal(sysctl_of(&p.plan.host[1], "net.ipv4.tcp_syn_retries"), "1");
	assert_string_equal(sysctl_of(&p.plan.host[1], "net.ipv4.tcp_rmem"), "4096 8192 16384");
	assert_string_equal(sysctl_of(&p.plan.host[0], "net.ipv4.tcp_syn_retries"), "6");
	assert_true(p.loaded.scenario.needs & NEED_SYSCTL);
	assert_true(plan_sysctl_is_optional("net.ipv4.tcp_syn_linear_timeouts"));
	assert_false(plan_sysctl_is_optional("net.ipv4.tcp_rmem"));
	unload(&p.loaded);
}

static void what_does_not_run_on_a_backend_says_why(void **state)
{
	struct planned p;

	(void)state;
	plan_with(&p, 3, "title = t\nnot-on = loopback: one stack for all | aws: too dear",
		  "loopback");
	assert_int_equal(p.status, -1);
	assert_int_equal(p.loaded.err.kind, ERR_CANNOT);
	assert_non_null(strstr(p.loaded.err.text, "one stack for all"));
	unload(&p.loaded);
}

static void the_json_parses_and_is_the_same_each_time(void **state)
{
	struct planned p;
	struct buf first = { 0 }, again = { 0 };

	(void)state;
	plan_with(&p, 3, "title = t", "netns");
	plan_json(&first, &p.plan);
	unload(&p.loaded);
	plan_with(&p, 3, "title = t", "netns");
	plan_json(&again, &p.plan);
	assert_string_equal(first.data, again.data);
	json_t *root = json_loads(first.data, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "lab.plan/1");
	assert_int_equal(json_array_size(json_object_get(root, "steps")), 4);
	json_decref(root);
	buf_close(&first);
	buf_close(&again);
	unload(&p.loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_of_netns_follow_the_order_of_the_link),
		cmocka_unit_test(hosts_of_loopback_have_addresses_in_file_order),
		cmocka_unit_test(routers_are_gateways_of_those_who_do_not_forward),
		cmocka_unit_test(written_addresses_are_kept_and_move_no_other),
		cmocka_unit_test(a_host_with_a_resolver_knows_itself_and_asks),
		cmocka_unit_test(addresses_that_cannot_be_are_refused),
		cmocka_unit_test(links_can_be_slow_and_lossy),
		cmocka_unit_test(what_needs_a_cable_does_not_run_on_loopback),
		cmocka_unit_test(a_host_overrides_the_sysctls_of_the_lab),
		cmocka_unit_test(what_does_not_run_on_a_backend_says_why),
		cmocka_unit_test(the_json_parses_and_is_the_same_each_time),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
