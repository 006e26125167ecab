/* Rules set through nft(8), proven by what connections feel and the kernel lists, and healed. */
#include "unit.h"

#include "counters.h"
#include "firewall.h"
#include "own_net.h"
#include "ruleset.h"
#include "sockdiag.h"

static int64_t counter_now(const char *name)
{
	struct counters counters = COUNTERS_INIT;
	struct err err = { 0 };
	int64_t value;

	assert_int_equal(counters_read(&counters, &err), 0);
	assert_non_null(counters_find(&counters, name));
	value = counters_find(&counters, name)->value;
	counters_close(&counters);
	return value;
}

static struct firewall firewall; /* the one that a test has set */
static struct firewall refused;  /* one that is refused */

static void set_or_fail(struct firewall_spec spec, char proof[FIREWALL_PROOF])
{
	struct err err = { 0 };

	if (firewall_set(&firewall, &spec, proof, &err) < 0)
		fail_msg("%s", err.text);
}

static int64_t unset_or_fail(const char *label)
{
	struct err err = { 0 };
	int64_t packets = -1, bytes = -1;
	char table[FIREWALL_TABLE];

	firewall_table(NULL, label, table);
	assert_string_equal(firewall.table, table);
	if (firewall_unset(&firewall, &packets, &bytes, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(packets == 0 || bytes > 0);
	return packets;
}

static int tables(void)
{
	struct err err = { 0 };

	return ruleset_tables(NULL, &err);
}

static void reset_refuses_although_a_server_listens_and_no_rst_is_counted(void **state)
{
	char proof[FIREWALL_PROOF];

	(void)state;
	need_namespace();
	need_program("nft");
	int listener = netspace_listen("127.0.0.1", 1234);
	int fd = netspace_connect("127.0.0.1", 1234);
	assert_true(fd >= 0);
	close(fd);
	set_or_fail(
	    (struct firewall_spec){
		.label = "cut", .hook = "input", .action = "reset", .match = "tcp dport 1234" },
	    proof);
	assert_string_equal(proof,
			    "tcp dport 1234 counter packets 0 bytes 0 reject with tcp reset");
	int64_t before = counter_now("TcpOutRsts");
	assert_int_equal(netspace_connect("127.0.0.1", 1234), -ECONNREFUSED);
	assert_int_equal(counter_now("TcpOutRsts"), before);
	assert_int_equal(unset_or_fail("cut"), 1);
	assert_int_equal(tables(), 0);
	fd = netspace_connect("127.0.0.1", 1234);
	assert_true(fd >= 0);
	close(fd);
	close(listener);
}

static void drop_leaves_the_client_in_syn_sent(void **state)
{
	struct owners owners = { 0 };
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };
	struct sockaddr_in in = netspace_in("127.0.0.1", 1235);
	char proof[FIREWALL_PROOF];
	size_t syn_sent = 0, syn_recv = 0;

	(void)state;
	need_namespace();
	need_program("nft");
	int listener = netspace_listen("127.0.0.1", 1235);
	set_or_fail((struct firewall_spec){ .label = "drop-1",
					    .hook = "input",
					    .action = "drop",
					    .match = "tcp dport { 1235, 1236 }" },
		    proof);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), -1);
	assert_int_equal(errno, EINPROGRESS);
	const struct sockdiag_want want = { .ports = { 1235 }, .nport = 1, .snapshot = 1 };
	assert_int_equal(sockdiag_emit(&want, &owners, &sink, &err), 0);
	for (size_t i = 0; i < kept.count; i++) {
		const struct event *event = &kept.event[i];
		const char *text = event_get(event, "state");

		if (text == NULL)
			continue;
		syn_recv += streq(text, "SYN-RECV") ? 1 : 0;
		if (streq(text, "SYN-SENT")) {
			syn_sent++;
			assert_int_equal(event_num(event, "pid", 0), getpid());
			assert_string_equal(event_get(event, "peer"), "127.0.0.1:1235");
		}
	}
	assert_int_equal(syn_sent, 1);
	assert_int_equal(syn_recv, 0);
	assert_int_equal(unset_or_fail("drop-1"), 1);
	close(fd);
	close(listener);
	owners_close(&owners);
}

static void every_action_is_taken_by_the_kernel(void **state)
{
	static const struct {
		const char *action, *proof;
	} cases[] = {
		{ "drop", "drop" },
		{ "reset", "tcp reset" },
		{ "reject-port", "reject" }, /* the default, so nft does not print it */
		{ "reject-admin", "admin-prohibited" },
		{ "reject-host", "host-unreachable" },
		{ "reject-net", "no-route" },
		{ "reject-proto", "prot-unreachable" },
	};
	char proof[FIREWALL_PROOF], all[256] = "";
	size_t len = 0;

	(void)state;
	need_namespace();
	need_program("nft");
	for (size_t i = 0; i < COUNT(cases); i++) {
		set_or_fail((struct firewall_spec){ .label = "x",
						    .hook = i % 2 == 0 ? "input" : "output",
						    .action = cases[i].action,
						    .match = "tcp dport 7" },
			    proof);
		assert_non_null(strstr(proof, cases[i].proof));
		unset_or_fail("x");
		len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i > 0 ? " " : "",
					cases[i].action);
	}
	assert_string_equal(all, firewall_actions); /* none is forgotten here */
}

static void a_match_can_hold_nothing_but_a_match(void **state)
{
	static const char *const bad[] = {
		"",
		"tcp dport 1 accept",
		"tcp dport 1; flush ruleset",
		"tcp dport 1\nadd table inet evil",
		"tcp dport 1\radd",
		"tcp dport 1 }",
		"} add table x {",
		"{ {",
		"tcp dport { 1",
		"tcp dport 1 counter",
		"tcp dport 1 log prefix x",
		"tcp dport 1 jump y",
		"meta mark set 1",
		"tcp dport vmap { 1 : drop }",
		"tcp dport 1 # rest",
		"tcp dport $x",
		"iifname \"lo\"",
		"tcp dport 1 \\",
		"tcp dport `id`",
		"tcp dport 1 'x'",
		"tcp dport \xc3\xa9",
		"update @x { ip saddr }",
		"tcp dport 80log", /* nft ends a number where it ends */
		"tcp dport 0x50log",
		"tcp dport 80notrack",
		"ct expiration 5slog",
		"tcp dport 80 reset tcp option window",
	};
	static const char *const good[] = {
		"tcp dport 1234",
		"tcp dport { 1234, 1235 }",
		"ip saddr 10.0.0.0/8 tcp dport 1-1024",
		"ip6 daddr fe80::1 tcp flags syn",
		"tcp flags & (syn | ack) == syn",
		"meta length > 100 tcp dport != 22",
		"tcp dport 1234 numgen random mod 100 < 20",
		"ct state new",
		"iifname eth*",
		"ip6 saddr 2001:1add::1",
	};
	struct err err = { 0 };
	char proof[FIREWALL_PROOF];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (firewall_match_check(bad[i], &err) == 0)
			fail_msg("accepted: %s", bad[i]);
	for (size_t i = 0; i < COUNT(good); i++)
		if (firewall_match_check(good[i], &err) < 0)
			fail_msg("refused: %s: %s", good[i], err.text);
	need_namespace();
	need_program("nft");
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct firewall_spec spec = {
			.label = "x", .hook = "input", .action = "drop", .match = bad[i]
		};

		assert_int_equal(firewall_set(&refused, &spec, proof, &err), -1);
	}
	assert_int_equal(tables(), 0);
}

static void what_nft_refuses_is_an_error_with_its_words(void **state)
{
	const struct firewall_spec spec = {
		.label = "bad", .hook = "input", .action = "drop", .match = "tcp dport banana"
	};
	struct err err = { 0 };
	char proof[FIREWALL_PROOF];

	(void)state;
	need_namespace();
	need_program("nft");
	assert_int_equal(firewall_set(&refused, &spec, proof, &err), -1);
	assert_non_null(strstr(err.text, "banana"));
	assert_null(strchr(err.text, '\n'));
	assert_int_equal(tables(), 0);
}

static void on_a_shared_stack_only_our_address_is_cut(void **state)
{
	char proof[FIREWALL_PROOF];
	struct addr address;

	(void)state;
	need_namespace();
	need_program("nft");
	assert_int_equal(addr_parse(&address, "127.0.0.2", 0), 0);
	int ours = netspace_listen("127.0.0.2", 1237), other = netspace_listen("127.0.0.3", 1237);
	set_or_fail((struct firewall_spec){ .label = "cut",
					    .hook = "input",
					    .action = "reset",
					    .match = "tcp dport 1237",
					    .address = &address },
		    proof);
	assert_int_equal(netspace_connect("127.0.0.2", 1237), -ECONNREFUSED);
	int fd = netspace_connect("127.0.0.3", 1237);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unset_or_fail("cut"), 1);
	const struct firewall_spec forward = { .label = "f",
					       .hook = "forward",
					       .action = "drop",
					       .match = "tcp dport 1",
					       .address = &address };
	struct err err = { 0 };
	assert_int_equal(firewall_set(&refused, &forward, proof, &err), -1);
	close(ours);
	close(other);
}

static void a_table_that_exists_is_not_ours_to_change(void **state)
{
	const struct firewall_spec spec = {
		.label = "a-b", .hook = "input", .action = "drop", .match = "tcp dport 9"
	};
	char proof[FIREWALL_PROOF], table[FIREWALL_TABLE];
	struct err err = { 0 };

	(void)state;
	need_namespace();
	need_program("nft");
	firewall_table("", "a-b;c", table);
	assert_string_equal(table, "lab_a_b_c");
	set_or_fail(spec, proof);
	assert_int_equal(firewall_set(&refused, &spec, proof, &err), -1);
	assert_int_equal(tables(), 1);
	unset_or_fail("a-b");
	assert_int_equal(tables(), 0);
}

static void healing_what_is_not_set_is_an_error(void **state)
{
	struct err err = { 0 };
	int64_t packets, bytes;
	struct firewall never = { .table = "lab_never" };

	(void)state;
	need_namespace();
	need_program("nft");
	assert_int_equal(firewall_unset(&never, &packets, &bytes, &err), -1);
	assert_true(err.text[0] != '\0');
}

static void the_ruleset_of_a_snapshot_is_what_nft_lists(void **state)
{
	struct sink sink = kept_sink(&kept);
	char proof[FIREWALL_PROOF];

	(void)state;
	need_namespace();
	need_program("nft");
	set_or_fail(
	    (struct firewall_spec){
		.label = "cut", .hook = "input", .action = "drop", .match = "tcp dport 1238" },
	    proof);
	ruleset_emit(4, &sink);
	const struct event *event = kept_find(&kept, "ruleset", NULL, NULL);
	assert_int_equal(event_num(event, "tables", -1), 1);
	assert_int_equal(event_num(event, "snapshot", -1), 4);
	const char *json = event_get(event, "json");
	assert_non_null(json);
	assert_non_null(strstr(json, "lab_cut"));
	assert_non_null(strstr(json, "1238"));
	assert_non_null(strstr(json, "\"packets\": 0"));
	assert_null(strchr(json, '\n'));
	unset_or_fail("cut");
	kept_clear(&kept);
	ruleset_emit(5, &sink);
	event = kept_find(&kept, "ruleset", NULL, NULL);
	assert_int_equal(event_num(event, "tables", -1), 0);
	assert_null(event_get(event, "json"));
}

static void without_the_right_the_ruleset_says_so(void **state)
{
	int status;

	(void)state;
	need_namespace();
	need_program("nft");
	pid_t child = fork();
	if (child == 0) {
		struct sink sink = kept_sink(&kept);

		if (netspace_no_rights() < 0)
			_exit(2);
		ruleset_emit(1, &sink);
		const struct event *event = kept_find(&kept, "ruleset", NULL, NULL);
		_exit(event != NULL && event_get(event, "error") != NULL &&
			      event_num(event, "tables", -1) == -1
			  ? 0
			  : 3);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_refuses_although_a_server_listens_and_no_rst_is_counted),
		cmocka_unit_test(drop_leaves_the_client_in_syn_sent),
		cmocka_unit_test(every_action_is_taken_by_the_kernel),
		cmocka_unit_test(a_match_can_hold_nothing_but_a_match),
		cmocka_unit_test(what_nft_refuses_is_an_error_with_its_words),
		cmocka_unit_test(on_a_shared_stack_only_our_address_is_cut),
		cmocka_unit_test(a_table_that_exists_is_not_ours_to_change),
		cmocka_unit_test(healing_what_is_not_set_is_an_error),
		cmocka_unit_test(the_ruleset_of_a_snapshot_is_what_nft_lists),
		cmocka_unit_test(without_the_right_the_ruleset_says_so),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
