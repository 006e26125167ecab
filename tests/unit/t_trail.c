/* What names the rule or the route on a machine with others on it: routes to the run's hosts,
 * connections tracked, tables of old iptables. */
#include "own_net.h"

#include <sys/stat.h>

#include "agent_driver.h"
#include "conntrack.h"
#include "hooks.h"
#include "iptables.h"
#include "routes.h"

static const char table[] =
    "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=50000 dport=1234 "
    "src=10.0.0.2 dst=10.0.0.1 sport=1234 dport=50000 [ASSURED] mark=0 zone=0 use=2\n"
    "ipv4     2 tcp      6 117 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=12345 dport=22 "
    "[UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=22 dport=12345 mark=0 zone=0 use=2\n"
    "ipv4     2 tcp      6 117 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80 "
    "[UNREPLIED] src=10.0.0.3 dst=10.0.0.1 sport=1234 dport=40000 mark=0 zone=0 use=2\n";

static void only_entries_of_the_runs_ports_are_told(void **state)
{
	static const uint16_t ports[] = { 1234, 9 };
	struct sink sink = kept_sink(&kept);

	(void)state;
	kept_clear(&kept);
	conntrack_emit_text(3, table, ports, COUNT(ports), &sink);
	assert_int_equal(kept.count, 3); /* 12345 is not 1234; a translated one is */
	assert_true(starts_with(event_get(&kept.event[0], "entry"),
				"ipv4 2 tcp 6 431999 ESTABLISHED src=10.0.0.1 "));
	assert_non_null(strstr(event_get(&kept.event[1], "entry"), "src=10.0.0.3"));
	assert_null(strchr(event_get(&kept.event[0], "entry"), '\n'));
	assert_string_equal(kept.event[2].kind, "conntracks");
	assert_int_equal(event_num(&kept.event[2], "rows", -1), 2);
	kept_clear(&kept);
	conntrack_emit_text(3, "", ports, COUNT(ports), &sink);
	assert_int_equal(kept.count, 1);
	assert_int_equal(event_num(&kept.event[0], "rows", -1), 0);
}

static void more_entries_than_fit_are_counted(void **state)
{
	static const uint16_t ports[] = { 1234 };
	struct sink sink = kept_sink(&kept);
	struct buf text = { 0 };

	(void)state;
	for (int i = 0; i < CONNTRACK_ROWS + 5; i++)
		buf_str(&text, "tcp 6 1 CLOSE src=1 dst=2 sport=1234 dport=1\n");
	kept_clear(&kept);
	conntrack_emit_text(1, text.data, ports, 1, &sink);
	const struct event *end = &kept.event[kept.count - 1];
	assert_int_equal(event_num(end, "rows", -1), CONNTRACK_ROWS);
	assert_int_equal(event_num(end, "left_out", -1), 5);
	assert_null(event_get(end, "error"));
	/* Of conntrack(8) no more is kept: what is missing has not been seen. */
	while (text.len < PROC_KEPT)
		buf_printf(&text, "tcp 6 1 CLOSE src=1 dst=2 sport=7 dport=1%500s\n", "");
	text.data[PROC_KEPT] = '\0';
	kept_clear(&kept);
	conntrack_emit_text(1, text.data, ports, 1, &sink);
	buf_close(&text);
	assert_non_null(event_get(&kept.event[kept.count - 1], "error"));
}

static const char *hooks_found(void)
{
	struct sink sink = kept_sink(&kept);

	kept_clear(&kept);
	hooks_emit(1, &sink);
	assert_int_equal(kept.count, 1);
	assert_null(event_get(&kept.event[0], "error"));
	return event_get(&kept.event[0], "found");
}

static void ip_rule(const char *const *words)
{
	const char *argv[16] = { "ip", "rule" };
	struct proc_result result;
	struct err err = { 0 };
	size_t n = 2;

	for (; words[n - 2] != NULL; n++)
		argv[n] = words[n - 2];
	assert_int_equal(proc_run(argv, NULL, 5000, &result, &err), 0);
	assert_int_equal(result.status, 0);
	proc_result_close(&result);
}

#define RULE(...) ip_rule((const char *const[]){ __VA_ARGS__, NULL })

/* Behind it packets to the host itself might go elsewhere, whatever it selects. */
static void a_rule_before_that_of_local_addresses_is_told(void **state)
{
	static const char *const only[][2] = {
		{ "iif", "lo" },  { "oif", "lo" },        { "fwmark", "7" },
		{ "dport", "9" }, { "suppress_p", "31" }, { "not", "from" },
	};
	const char *found;

	(void)state;
	need_namespace();
	need_program("ip");
	found = hooks_found();
	if (found != NULL && strstr(found, "routing rule") != NULL)
		fail_msg("%s", found);
	RULE("add", "pref", "7", "lookup", "local");
	RULE("del", "pref", "0");
	found = hooks_found();
	if (found != NULL && strstr(found, "routing rule") != NULL)
		fail_msg("%s", found);
	for (size_t i = 0; i < COUNT(only); i++) {
		const char *last = streq(only[i][1], "from") ? "all" : NULL;

		ip_rule((const char *const[]){ "add", "pref", "3", "lookup", "local", only[i][0],
					       only[i][1], last, NULL });
		found = hooks_found();
		if (found == NULL || strstr(found, "routing rule") == NULL)
			fail_msg("%s %s: %s", only[i][0], only[i][1], found ? found : "nothing");
		RULE("del", "pref", "3");
	}
	RULE("add", "pref", "0", "lookup", "local");
	RULE("del", "pref", "7");
}

static void the_old_program_is_asked_before_the_new(void **state)
{
	static const char *const names[] = { "iptables-save", "iptables-legacy-save" };
	char dir[] = "/tmp/lab-trail.XXXXXX", path[4096];
	char *old = kept_variable("PATH");
	struct sink sink = kept_sink(&kept);

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("PATH", dir, 1);
	for (size_t i = 0; i < COUNT(names); i++) {
		char script[64];

		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		snprintf(script, sizeof script, "#!/bin/sh\necho %zu $1; echo COMMIT\n", i);
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
		assert_int_equal(write(fd, script, strlen(script)), strlen(script));
		close(fd);
		kept_clear(&kept);
		iptables_emit_family(2, 4, &sink);
		assert_int_equal(kept.count, 1);
		assert_int_equal(event_num(&kept.event[0], "family", 0), 4);
		assert_string_equal(event_get(&kept.event[0], "text"),
				    i == 0 ? "0 -c\nCOMMIT\n" : "1 -c\nCOMMIT\n");
	}
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	setenv("PATH", old, 1);
	free(old);
}

static void routes_to_the_other_hosts_are_told(void **state)
{
	struct sink sink = kept_sink(&kept);
	const struct event *event;

	(void)state;
	need_namespace();
	routes_get_emit(4, "127.0.0.3,192.0.2.1,nobody,::1", &sink);
	assert_int_equal(kept.count, 4);
	event = kept_find(&kept, "route.get", "destination", "127.0.0.3");
	assert_string_equal(event_get(event, "type"), "local");
	assert_string_equal(event_get(event, "iface"), "lo");
	assert_string_equal(event_get(event, "source"), "127.0.0.1");
	assert_null(event_get(event, "gateway"));
	event = kept_find(&kept, "route.get", "destination", "192.0.2.1");
	assert_non_null(strstr(event_get(event, "error"), "unreachable"));
	event = kept_find(&kept, "route.get", "destination", "nobody");
	assert_non_null(event_get(event, "error"));
	kept_clear(&kept);
	routes_get_emit(5, NULL, &sink);
	assert_int_equal(kept.count, 0);
}

static void a_snapshot_asks_for_the_peers_that_it_is_given(void **state)
{
	struct driver driver;

	(void)state;
	driver_host(&driver);
	assert_string_equal(driver_play(&driver, 2, "snapshot - snapshot=1 ports=1234"), "ok");
	assert_false(driver_saw(&driver, "route.get"));
	assert_string_equal(
	    driver_play(&driver, 3, "snapshot - snapshot=2 ports=1234 peers=127.0.0.4"), "ok");
	assert_true(driver_saw(&driver, "\"destination\":\"127.0.0.4\",\"type\":\"local\""));
	assert_int_equal(driver_close(&driver), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_entries_of_the_runs_ports_are_told),
		cmocka_unit_test(more_entries_than_fit_are_counted),
		cmocka_unit_test(a_rule_before_that_of_local_addresses_is_told),
		cmocka_unit_test(the_old_program_is_asked_before_the_new),
		cmocka_unit_test(routes_to_the_other_hosts_are_told),
		cmocka_unit_test(a_snapshot_asks_for_the_peers_that_it_is_given),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
