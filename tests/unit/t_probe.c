/* lab probe without machines: what is a SERVER:PORT, the scenario that is made of it, and which
 * packets its captures keep. Never those by which an agent is led. */
#include "inventory_text.h"

#include <pcap/pcap.h>

#include "filter.h"
#include "plan.h"
#include "probe.h"

enum {
	SNAPLEN = 128,
	FIN = 1,
	SYN = 2,
	ACK = 16,
};

static void a_server_is_a_name_or_an_address_with_a_port(void **state)
{
	static const struct {
		const char *target, *server, *port; /* server NULL: refused */
	} rows[] = {
		{ "web-1:8080", "web-1", "8080" },
		{ "db.example.com:1", "db.example.com", "1" },
		{ "10.9.0.1:65535", "10.9.0.1", "65535" },
		{ "[2001:db8::1]:443", "2001:db8::1", "443" },
		{ "2001:db8::1:443", NULL, NULL },
		{ "web-1", NULL, NULL },
		{ "web-1:", NULL, NULL },
		{ ":80", NULL, NULL },
		{ "web-1:0", NULL, NULL },
		{ "web-1:65536", NULL, NULL },
		{ "web-1:http", NULL, NULL },
		{ "-oProxyCommand=x:80", NULL, NULL },
		{ "a b:80", NULL, NULL },
		{ "a\nb:80", NULL, NULL },
		{ "http://web-1:80", NULL, NULL },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct probe probe = { 0 };
		struct err err = { 0 };
		int status = probe_split(&probe, rows[i].target, &arena, &err);

		if ((status == 0) != (rows[i].server != NULL))
			fail_msg("%s: %d %s", rows[i].target, status, err.text);
		if (status < 0) {
			assert_int_equal(err.kind, ERR_USAGE);
			continue;
		}
		assert_string_equal(probe.server, rows[i].server);
		assert_string_equal(probe.port, rows[i].port);
	}
	arena_close(&arena);
}

static struct probe probe_of(size_t nhost, const char *port)
{
	static const struct target client = { .name = "web-2" }, server = { .name = "web-1" };

	return (struct probe){
		.target = "web-1:8080",
		.server = "web-1",
		.port = port,
		.nhost = nhost,
		.machine = { &client, &server },
		.address = { "10.9.0.2", "10.9.0.1" },
		.peer = "10.9.0.1",
		.toward = { "10.9.0.1", "10.9.0.2" },
		.patience_ns = 1500000000,
	};
}

static void it_is_one_step_that_expects_nothing(void **state)
{
	(void)state;
	for (size_t nhost = 1; nhost <= PROBE_HOSTS; nhost++) {
		struct probe probe = probe_of(nhost, "8080");
		struct arena arena = { 0 };
		struct scenario scenario;
		struct plan plan;
		struct err err;

		probe_scenario(&scenario, &probe, &arena);
		assert_int_equal(scenario.nstep, 1);
		assert_string_equal(step_arg(scenario.step, "to"), "web-1:8080");
		assert_string_equal(step_arg(scenario.step, "timeout"), "1500000000");
		assert_null(scenario.step->expect.text);
		assert_null(scenario.expect.verdict);
		assert_true(scenario.time_limit_ns > probe.patience_ns);
		assert_int_equal(plan_make(&plan, &scenario, "ssh", &arena, &err), 0);
		assert_int_equal(plan.nhost, nhost);
		assert_int_equal(plan.ncapture, nhost);
		assert_string_equal(plan.ports, "8080");
		assert_string_equal(plan.host[0].port[0].address, "10.9.0.2");
		arena_close(&arena);
	}
}

/* Ethernet, IPv4, TCP: "10.9.0.2:40000" to "10.9.0.1:8080". */
static bool keeps(const char *filter, const char *from, const char *to, int flags)
{
	uint8_t frame[54] = { [12] = 8, [14] = 0x45, [17] = 40, [22] = 64, [23] = 6, [46] = 0x50 };
	struct pcap_pkthdr header = { .caplen = sizeof frame, .len = sizeof frame };
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct bpf_program program;
	struct addr source, destination;

	assert_int_equal(addr_parse_text(&source, from), 0);
	assert_int_equal(addr_parse_text(&destination, to), 0);
	memcpy(frame + 26, source.ip, 4);
	memcpy(frame + 30, destination.ip, 4);
	frame[34] = (uint8_t)(source.port >> 8);
	frame[35] = (uint8_t)source.port;
	frame[36] = (uint8_t)(destination.port >> 8);
	frame[37] = (uint8_t)destination.port;
	frame[47] = (uint8_t)flags;
	if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
		fail_msg("%s: %s", filter, pcap_geterr(pcap));
	bool is_kept = pcap_offline_filter(&program, &header, frame) > 0;
	pcap_freecode(&program);
	pcap_close(pcap);
	return is_kept;
}

static void captures_keep_the_port_and_no_more(void **state)
{
	struct probe probe = probe_of(2, "8080");
	struct arena arena = { 0 };
	const char *client = probe_filter(&probe, PROBE_CLIENT, &arena);
	const char *server = probe_filter(&probe, PROBE_SERVER, &arena);

	(void)state;
	assert_int_equal(filter_compile(NULL, client, SNAPLEN, &(struct err){ 0 }), 0);
	assert_true(keeps(client, "10.9.0.2:40000", "10.9.0.1:8080", SYN));
	assert_true(keeps(client, "10.9.0.1:8080", "10.9.0.2:40000", ACK));
	assert_true(keeps(client, "10.9.0.2:40000", "192.0.2.9:8080", SYN)); /* by another name */
	assert_false(
	    keeps(client, "192.0.2.9:40000", "10.9.0.2:8080", SYN)); /* of its own server */
	assert_false(keeps(client, "10.9.0.2:40000", "10.9.0.1:8081", SYN));
	assert_true(keeps(client, "192.168.1.5:40000", "10.9.0.1:8080", SYN)); /* behind NAT */
	assert_true(keeps(server, "10.9.0.2:40000", "10.9.0.1:8080", SYN));
	assert_true(keeps(server, "10.9.0.1:8080", "10.9.0.2:40000", ACK));
	assert_false(keeps(server, "192.0.2.9:40000", "10.9.0.1:8080", SYN)); /* somebody else's */
	arena_close(&arena);
}

static void what_leads_the_agents_is_not_kept(void **state)
{
	struct probe probe = probe_of(2, "22");
	struct arena arena = { 0 };

	(void)state;
	probe.is_agents_port = true;
	const char *client = probe_filter(&probe, PROBE_CLIENT, &arena);
	const char *server = probe_filter(&probe, PROBE_SERVER, &arena);
	assert_false(keeps(client, "10.9.0.254:40000", "10.9.0.2:22", ACK));
	assert_false(keeps(client, "10.9.0.2:22", "10.9.0.254:40000", ACK));
	assert_true(keeps(client, "10.9.0.2:40000", "10.9.0.1:22", ACK));
	/* The controller may be the client, or sit where the client is. */
	assert_false(keeps(server, "10.9.0.2:39999", "10.9.0.1:22", ACK));
	assert_true(keeps(server, "10.9.0.2:40000", "10.9.0.1:22", SYN));
	assert_true(keeps(server, "10.9.0.1:22", "10.9.0.2:40000", SYN | ACK));
	assert_true(keeps(server, "10.9.0.2:40000", "10.9.0.1:22", FIN | ACK));
	probe.is_local = true;
	client = probe_filter(&probe, PROBE_CLIENT, &arena);
	assert_false(keeps(client, "10.9.0.2:39999", "10.9.0.1:22", ACK));
	assert_true(keeps(client, "10.9.0.2:40000", "10.9.0.1:22", SYN));
	arena_close(&arena);
}

static void a_machine_of_its_own_is_on_lo(void **state)
{
	struct probe probe = probe_of(1, "8080");
	struct arena arena = { 0 };
	struct scenario scenario;
	struct plan plan;
	struct err err;

	(void)state;
	probe.is_self = true;
	probe.peer = "127.0.0.1";
	probe_scenario(&scenario, &probe, &arena);
	assert_int_equal(plan_make(&plan, &scenario, "ssh", &arena, &err), 0);
	assert_string_equal(plan.host[0].port[0].iface, "lo");
	assert_true(keeps(plan.capture[0].filter, "127.0.0.1:40000", "127.0.0.1:8080", SYN));
	assert_int_equal(filter_compile(NULL, plan.capture[0].filter, SNAPLEN, &err), 0);
	arena_close(&arena);
}

static void a_machine_is_known_by_its_name_and_by_its_addresses(void **state)
{
	static const struct {
		const char *name, *machine;
	} rows[] = {
		{ "a", "a" },         { "192.0.2.1", "a" },  { "10.0.0.1", "a" },
		{ "192.0.2.2", "b" }, { "db.example", "c" },
	};
	struct fleet fleet;

	(void)state;
	fleet_read(&fleet,
		   "[machines]\na = 192.0.2.1 lab-address=10.0.0.1\nb = 192.0.2.2\n"
		   "c = db.example\n",
		   NULL);
	assert_int_equal(fleet.status, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct target *target =
		    targets_known(&fleet.targets, rows[i].name, &fleet.err);
		assert_string_equal(target ? target->name : fleet.err.text, rows[i].machine);
	}
	assert_null(targets_known(&fleet.targets, "2001:db8::1", &fleet.err));
	fleet_close(&fleet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_a_name_or_an_address_with_a_port),
		cmocka_unit_test(it_is_one_step_that_expects_nothing),
		cmocka_unit_test(captures_keep_the_port_and_no_more),
		cmocka_unit_test(what_leads_the_agents_is_not_kept),
		cmocka_unit_test(a_machine_of_its_own_is_on_lo),
		cmocka_unit_test(a_machine_is_known_by_its_name_and_by_its_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
