/* Faults, sockets and counters through the agent's own requests: a real agent on a stream, in our
 * namespace. */
#include "unit.h"

#include "agent_session.h"
#include "own_net.h"
#include "ruleset.h"

static void ask_firewall(struct session *session, const char *label, const char *match)
{
	struct event request;

	event_init(&request, "firewall");
	request.step = 4;
	request.label = label;
	event_text(&request, "hook", "input");
	event_text(&request, "action", "reset");
	event_text(&request, "match", match);
	session_ask(session, &request);
}

static void a_fault_is_set_proven_healed_and_counted(void **state)
{
	static struct session session;
	struct event request;
	int64_t before;

	(void)state;
	need_namespace();
	need_program("nft");
	setup(&session, "10.7.0.1", true);
	int listener = netspace_listen("127.0.0.1", 1234);
	event_init(&request, "counter");
	event_text(&request, "name", "TcpOutRsts");
	session_ask(&session, &request);
	before = event_num(kept_find(&session.kept, "counter", NULL, NULL), "value", -1);
	ask_firewall(&session, "cut", "tcp dport 1234");
	assert_string_equal(session.result, "ok");
	const struct event *fault = kept_find(&session.kept, "fault", NULL, NULL);
	assert_string_equal(event_get(fault, "of"), "cut");
	assert_string_equal(fault->label, "cut");
	assert_int_equal(fault->step, 4);
	assert_non_null(strstr(event_get(fault, "proof"), "reject with tcp reset"));
	assert_int_equal(netspace_connect("127.0.0.1", 1234), -ECONNREFUSED);
	event_init(&request, "counter");
	event_text(&request, "name", "TcpOutRsts");
	session_ask(&session, &request);
	char expected[24];
	snprintf(expected, sizeof expected, "%lld", (long long)before);
	assert_string_equal(session.result, expected); /* a firewall's reset is not counted */
	event_init(&request, "snapshot");
	event_int(&request, "snapshot", 1);
	event_text(&request, "ports", "1234");
	ask_ok(&session, &request);
	assert_non_null(event_get(kept_find(&session.kept, "ruleset", NULL, NULL), "json"));
	event_init(&request, "heal");
	request.label = "mend";
	request.step = 6;
	event_text(&request, "step", "cut");
	ask_ok(&session, &request);
	const struct event *mended = kept_find(&session.kept, "heal", NULL, NULL);
	assert_string_equal(event_get(mended, "proof"), "table gone");
	assert_string_equal(mended->label, "mend");
	assert_int_equal(event_num(mended, "packets", -1), 1);
	int fd = netspace_connect("127.0.0.1", 1234);
	assert_true(fd >= 0);
	close(fd);
	event_init(&request, "heal");
	event_text(&request, "of", "cut");
	session_ask(&session, &request); /* nothing is left to heal */
	assert_string_equal(session.result, "error");
	close(listener);
	session_end(&session);
}

static void the_end_of_the_stream_undoes_every_fault(void **state)
{
	static struct session session;
	struct err err = { 0 };

	(void)state;
	need_namespace();
	need_program("nft");
	setup(&session, "10.7.0.1", true);
	ask_firewall(&session, "one", "tcp dport 1");
	assert_string_equal(session.result, "ok");
	ask_firewall(&session, "two", "tcp dport 2");
	assert_string_equal(session.result, "ok");
	assert_int_equal(ruleset_tables(NULL, &err), 2);
	session_end(&session);
	assert_int_equal(ruleset_tables(NULL, &err), 0);
}

static void a_rule_that_nft_refuses_is_an_error_and_leaves_nothing(void **state)
{
	static struct session session;
	struct err err = { 0 };

	(void)state;
	need_namespace();
	need_program("nft");
	setup(&session, "10.7.0.1", true);
	ask_firewall(&session, "bad", "tcp dport banana");
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "banana"));
	ask_firewall(&session, "bad", "tcp dport 1\nflush ruleset");
	assert_string_equal(session.result, "error");
	ask_firewall(&session, "bad", "tcp dport 3"); /* the name is free again */
	assert_string_equal(session.result, "ok");
	session_end(&session);
	assert_int_equal(ruleset_tables(NULL, &err), 0);
}

static void a_foreign_stack_gets_no_firewall(void **state)
{
	static struct session session;

	(void)state;
	need_namespace();
	setup(&session, "127.0.0.2", false);
	ask_firewall(&session, "cut", "tcp dport 1234");
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "not the run's own"));
	session_end(&session);
}

static void sockets_of_other_hosts_on_a_shared_stack_are_not_ours(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	need_namespace();
	setup(&session, "127.0.0.2", true);
	int ours = netspace_listen("127.0.0.2", 1234), other = netspace_listen("127.0.0.3", 1234);
	event_init(&request, "sockets");
	request.label = "before";
	event_text(&request, "port", "1234");
	ask_ok(&session, &request);
	assert_int_equal(kept_count(&session.kept, "socket"), 1);
	const struct event *row = kept_find(&session.kept, "socket", NULL, NULL);
	assert_string_equal(event_get(row, "local"), "127.0.0.2:1234");
	assert_int_equal(event_num(row, "pid", 0), getpid());
	assert_string_equal(row->label, "before");
	assert_int_equal(event_num(row, "snapshot", -1), 0);
	close(ours);
	close(other);
	session_end(&session);
}

static void an_unknown_counter_names_near_ones(void **state)
{
	static struct session session;
	struct event request;

	(void)state;
	need_namespace();
	setup(&session, "10.7.0.1", true);
	event_init(&request, "counter");
	event_text(&request, "name", "TcpOutRst");
	session_ask(&session, &request);
	assert_string_equal(session.result, "error");
	assert_non_null(strstr(session.text, "TcpOutRsts"));
	session_end(&session);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_is_set_proven_healed_and_counted),
		cmocka_unit_test(the_end_of_the_stream_undoes_every_fault),
		cmocka_unit_test(a_rule_that_nft_refuses_is_an_error_and_leaves_nothing),
		cmocka_unit_test(a_foreign_stack_gets_no_firewall),
		cmocka_unit_test(sockets_of_other_hosts_on_a_shared_stack_are_not_ours),
		cmocka_unit_test(an_unknown_counter_names_near_ones),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
