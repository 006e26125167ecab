/* Counters, and the snapshot that holds them, against a kernel whose packets are all ours. */
#include "unit.h"

#include "counters.h"
#include "own_net.h"
#include "snapshot.h"

static int64_t now(struct counters *counters, const char *name)
{
	struct err err = { 0 };

	if (counters_read(counters, &err) < 0)
		fail_msg("%s", err.text);
	const struct counter *counter = counters_find(counters, name);
	assert_non_null(counter);
	return counter->value;
}

static void one_refused_connect_moves_out_rsts_by_one(void **state)
{
	struct counters counters = COUNTERS_INIT;

	(void)state;
	need_namespace();
	int64_t before = now(&counters, "TcpOutRsts");
	int64_t opens = now(&counters, "TcpActiveOpens");
	int64_t received = now(&counters, "IpInReceives");
	assert_int_equal(netspace_connect("127.0.0.1", 1234), -ECONNREFUSED);
	assert_int_equal(now(&counters, "TcpOutRsts"), before + 1);
	assert_int_equal(now(&counters, "TcpActiveOpens"), opens + 1);
	assert_int_equal(now(&counters, "IpInReceives"), received + 2); /* the SYN and the RST */
	counters_close(&counters);
}

static void later_snapshots_have_only_what_changed(void **state)
{
	struct counters counters = COUNTERS_INIT;
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };

	(void)state;
	need_namespace();
	assert_int_equal(counters_emit(&counters, 1, &sink, &err), 0);
	assert_non_null(kept_find(&kept, "counter", "name", "IpDefaultTTL"));
	assert_int_equal(event_num(kept_find(&kept, "counters", NULL, NULL), "rows", -1),
			 kept_count(&kept, "counter"));
	kept_clear(&kept);
	assert_int_equal(counters_emit(&counters, 2, &sink, &err), 0);
	assert_int_equal(kept_count(&kept, "counter"), 0);
	assert_int_equal(event_num(kept_find(&kept, "counters", NULL, NULL), "rows", -1), 0);
	kept_clear(&kept);
	assert_int_equal(netspace_connect("127.0.0.1", 1234), -ECONNREFUSED);
	assert_int_equal(counters_emit(&counters, 3, &sink, &err), 0);
	const struct event *event = kept_find(&kept, "counter", "name", "TcpOutRsts");
	assert_non_null(event);
	assert_int_equal(event_num(event, "snapshot", 0), 3);
	assert_null(kept_find(&kept, "counter", "name", "IpDefaultTTL"));
	counters_close(&counters);
}

/* The same pairs in the file of nstat's source: its names are prefix plus column. */
static void names_are_those_of_nstat(void **state)
{
	static const char *const names[] = {
		"IpInReceives",      "IcmpInMsgs",    "TcpActiveOpens",    "TcpEstabResets",
		"TcpOutRsts",        "UdpNoPorts",    "TcpExtListenDrops", "TcpExtListenOverflows",
		"TcpExtTCPTimeouts", "IpExtInOctets",
	};
	struct counters counters = COUNTERS_INIT;

	(void)state;
	need_namespace();
	for (size_t i = 0; i < COUNT(names); i++)
		now(&counters, names[i]);
	counters_close(&counters);
}

static void a_wrong_name_is_answered_with_near_ones(void **state)
{
	struct counters counters = COUNTERS_INIT;
	char near[200];

	(void)state;
	need_namespace();
	now(&counters, "TcpOutRsts");
	assert_null(counters_find(&counters, "TcpOutRst"));
	counters_near(&counters, "TcpOutRst", near, sizeof near);
	assert_non_null(strstr(near, "TcpOutRsts"));
	counters_near(&counters, "OutRsts", near, sizeof near);
	assert_non_null(strstr(near, "TcpOutRsts"));
	counters_near(&counters, "xyzzyxyzzyxyzzy", near, sizeof near);
	assert_string_equal(near, "");
	counters_close(&counters);
}

static void a_snapshot_is_complete_and_bounded_in_time(void **state)
{
	struct snapshots snapshots = SNAPSHOTS_INIT;
	struct sink sink = kept_sink(&kept);
	struct sockdiag_want want = { .snapshot = 1 };
	struct err err = { 0 };

	(void)state;
	need_namespace();
	assert_int_equal(snapshot_ports(&want, "1234,1235", &err), 0);
	assert_int_equal(want.nport, 2);
	snapshot_emit(&snapshots, &want, &sink);
	static const char *const kinds[] = { "sockets", "counters", "ruleset",
					     "routes",  "sysctl",   "snapshot" };
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kept_find(&kept, kinds[i], NULL, NULL) == NULL)
			fail_msg("no %s", kinds[i]);
	const struct event *ruleset = kept_find(&kept, "ruleset", NULL, NULL);
	assert_int_equal(event_num(ruleset, "tables", -1), 0);
	assert_null(event_get(ruleset, "error"));
	assert_null(event_get(ruleset, "json"));
	assert_non_null(kept_find(&kept, "sysctl", "name", "net.ipv4.tcp_syn_retries"));
	const struct event *end = &kept.event[kept.count - 1];
	assert_string_equal(end->kind, "snapshot");
	assert_null(event_get(end, "error"));
	for (size_t i = 0; i < kept.count; i++)
		assert_true(kept.event[i].t_ns >= event_num(end, "start_ns", INT64_MAX) &&
			    kept.event[i].t_ns <= end->t_ns);
	kept_clear(&kept);
	want.snapshot = 2;
	snapshot_emit(&snapshots, &want, &sink);
	assert_null(kept_find(&kept, "sysctl", NULL, NULL));
	snapshots_close(&snapshots);
}

static void ports_are_checked(void **state)
{
	static const char *const bad[] = { "0", "65536", "12a", "1,,2", "1 2", "999999999999" };
	struct sockdiag_want want = { 0 };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(snapshot_ports(&want, bad[i], &err), -1);
	assert_int_equal(snapshot_ports(&want, "", &err), 0);
	assert_int_equal(want.nport, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_refused_connect_moves_out_rsts_by_one),
		cmocka_unit_test(later_snapshots_have_only_what_changed),
		cmocka_unit_test(names_are_those_of_nstat),
		cmocka_unit_test(a_wrong_name_is_answered_with_near_ones),
		cmocka_unit_test(a_snapshot_is_complete_and_bounded_in_time),
		cmocka_unit_test(ports_are_checked),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
