/* Faults on a machine that is not ours (setup says so): rules live as long as the agent, spare its
 * controller, and are nobody else's to touch. All in a network namespace of this program's own. */
#include "own_net.h"

#include <jansson.h>

#include "agent_driver.h"
#include "firewall.h"
#include "lifeline.h"
#include "parse.h"
#include "proc.h"
#include "ruleset.h"

static const char away[] = "192.0.2.9 50000 127.0.0.3 22"; /* a controller that is not here */

static int tables(const char *name)
{
	struct err err = { 0 };

	return ruleset_tables(name, &err);
}

static void start(struct driver *driver, const char *ssh, const char *setup)
{
	driver_start_like(driver, &(struct driver){ .ssh = ssh });
	assert_int_equal(event_num(&driver->last, "can_firewall", 0), 1);
	assert_string_equal(driver_play(driver, 1, setup), "ok");
}

static const char setup_run[] = "setup - name=h address=127.0.0.3 run=ab12";

/* A byte through the connection from one end to the other. */
static bool passes(int from, int to)
{
	struct pollfd set = { .fd = to, .events = POLLIN };
	char byte;

	return write(from, "x", 1) == 1 && poll(&set, 1, 2000) == 1 && read(to, &byte, 1) == 1;
}

static void no_rule_touches_the_controllers_connection(void **state)
{
	struct driver driver;
	struct sockaddr_in in = { 0 };
	socklen_t len = sizeof in;
	char way[96];

	(void)state;
	need_namespace();
	need_program("nft");
	int listener = netspace_listen("127.0.0.3", 2222);
	int stranger = netspace_listen("127.0.0.3", 1234);
	int client = netspace_connect("127.0.0.3", 2222);
	int server = accept(listener, NULL, NULL);
	assert_true(client >= 0 && server >= 0);
	assert_int_equal(getsockname(client, (struct sockaddr *)&in, &len), 0);
	snprintf(way, sizeof way, "127.0.0.1 %d 127.0.0.3 2222", ntohs(in.sin_port));
	start(&driver, way, setup_run);
	/* All of TCP to our address, the controller's port too. */
	assert_string_equal(driver_drop(&driver, 2, "cut", "meta l4proto tcp"), "ok");
	assert_int_equal(tables("lab_ab12_cut"), 1);
	assert_true(passes(client, server) && passes(server, client));
	struct sockaddr_in to = netspace_in("127.0.0.3", 1234);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), -1);
	assert_int_equal(poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 200), 0);
	close(fd);
	assert_string_equal(driver_play(&driver, 3, "heal x step=cut"), "ok");
	assert_true(driver_saw(&driver, "\"proof\":\"table gone\""));
	assert_false(driver_saw(&driver, "\"packets\":0,"));
	assert_int_equal(tables(NULL), 0);
	fd = netspace_connect("127.0.0.3", 1234);
	assert_true(fd >= 0);
	close(fd);
	close(client);
	close(server);
	close(listener);
	close(stranger);
	assert_int_equal(driver_close(&driver), 0);
}

/* Nobody tells when a namespace's table goes with a process that is no child of ours. */
static bool soon_gone(void)
{
	for (int i = 0; i < 400 && tables(NULL) != 0; i++)
		(void)poll(NULL, 0, 5);
	return tables(NULL) == 0;
}

static void a_killed_agent_leaves_no_rule(void **state)
{
	struct driver driver;

	(void)state;
	need_namespace();
	need_program("nft");
	start(&driver, away, setup_run);
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "ok");
	assert_string_equal(driver_drop(&driver, 3, "cut-too", "udp dport 9"), "ok");
	assert_int_equal(tables(NULL), 2);
	kill(driver.pid, SIGKILL);
	assert_true(soon_gone());
	assert_int_equal(driver_close(&driver), -1);
}

static void the_end_of_the_stream_takes_the_rules_along(void **state)
{
	struct driver driver;

	(void)state;
	need_namespace();
	need_program("nft");
	start(&driver, away, setup_run);
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "ok");
	assert_int_equal(driver_close(&driver), 0);
	assert_int_equal(tables(NULL), 0);
}

static void nobody_else_can_change_them(void **state)
{
	static const char *const flush[] = {
		"nft", "delete", "table", "inet", "lab_ab12_cut", NULL
	};
	struct driver driver;
	struct proc_result result;
	struct err err = { 0 };

	(void)state;
	need_namespace();
	need_program("nft");
	start(&driver, away, setup_run);
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "ok");
	assert_int_equal(proc_run(flush, NULL, 5000, &result, &err), 0);
	assert_true(WIFEXITED(result.status) && WEXITSTATUS(result.status) != 0);
	proc_result_close(&result);
	assert_int_equal(tables("lab_ab12_cut"), 1);
	assert_int_equal(driver_close(&driver), 0);
}

/* nft 1.0.6 writes freed memory where the flag of a table should be. */
static void a_snapshot_lists_our_rules_beside_others(void **state)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };
	static const char theirs[] =
	    "table ip f {\n chain c {\n type filter hook input priority 5;\n "
	    "tcp dport 7 counter\n }\n}\n";
	struct driver driver;
	struct proc_result result;
	struct err err = { 0 };
	size_t nrule = 0;

	(void)state;
	need_namespace();
	need_program("nft");
	start(&driver, away, setup_run);
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "ok");
	for (int snapshot = 1; snapshot <= 2; snapshot++) {
		driver_request(&driver, 2 + snapshot, "snapshot - ports=9");
		assert_true(driver_event(&driver, "ruleset"));
		assert_null(event_get(&driver.last, "error"));
		json_t *root = json_loads(event_get(&driver.last, "json"), 0, NULL);
		assert_non_null(root);
		const json_t *list = json_object_get(root, "nftables");
		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *rule = json_object_get(json_array_get(list, i), "rule");

			if (rule == NULL)
				continue;
			const char *chain = json_string_value(json_object_get(rule, "chain"));
			/* Ours: one that spares, one that drops; theirs, a whole table, before. */
			assert_string_equal(chain, nrule == 2 ? "c" : "lab_input");
			nrule++;
		}
		json_decref(root);
		assert_string_equal(driver_done(&driver, 2 + snapshot), "ok");
		if (snapshot == 1) {
			assert_int_equal(nrule, 2);
			assert_int_equal(proc_run(argv, theirs, 5000, &result, &err), 0);
			proc_result_close(&result);
		}
	}
	assert_int_equal(nrule, 5);
	static const char *const delete[] = { "nft", "delete", "table", "ip", "f", NULL };
	assert_int_equal(proc_run(delete, NULL, 5000, &result, &err), 0);
	proc_result_close(&result);
	assert_int_equal(driver_close(&driver), 0);
}

/* However many there are before it, and by whatever name. */
static void no_table_with_one_flag_is_missed(void **state)
{
	static const char *const nft_file[] = { "nft", "-f", "-", NULL };
	static const char *const flush[] = { "nft", "flush", "ruleset", NULL };
	static const char chain[] =
	    "{ flags dormant; chain c { type filter hook input priority 0; }";
	struct sink sink = kept_sink(&kept);
	struct proc_result result;
	struct err err = { 0 };

	(void)state;
	need_namespace();
	need_program("nft");
	for (int many = 0; many <= 1; many++) {
		struct buf text = { 0 };

		for (int i = 0; many && i < 70; i++)
			buf_printf(
			    &text,
			    "table ip t%d { chain c { type filter hook input priority 0; }; }\n",
			    i);
		buf_printf(&text, "table ip %s %s; }\n", many ? "last" : "a/b", chain);
		assert_int_equal(proc_run(nft_file, text.data, 5000, &result, &err), 0);
		assert_int_equal(result.status, 0);
		proc_result_close(&result);
		buf_close(&text);
		kept_clear(&kept);
		ruleset_emit(1, &sink);
		assert_int_equal(kept.count, 1);
		assert_null(event_get(&kept.event[0], "json"));
		assert_non_null(
		    strstr(event_get(&kept.event[0], "error"), "too many chains, or names"));
		assert_int_equal(proc_run(flush, NULL, 5000, &result, &err), 0);
		proc_result_close(&result);
	}
}

static void two_runs_on_one_machine_do_not_meet(void **state)
{
	struct driver one, two;

	(void)state;
	need_namespace();
	need_program("nft");
	start(&one, away, setup_run);
	start(&two, away, "setup - name=h address=127.0.0.3 run=cd34");
	assert_string_equal(driver_drop(&one, 2, "cut", "tcp dport 9"), "ok");
	assert_string_equal(driver_drop(&two, 2, "cut", "tcp dport 9"), "ok");
	assert_int_equal(tables(NULL), 2);
	assert_int_equal(driver_close(&one), 0);
	assert_int_equal(tables("lab_ab12_cut"), 0);
	assert_int_equal(tables("lab_cd34_cut"), 1);
	assert_string_equal(driver_play(&two, 3, "heal x step=cut"), "ok");
	assert_int_equal(driver_close(&two), 0);
}

static void what_is_not_known_is_no_fault(void **state)
{
	struct driver driver;

	(void)state;
	need_namespace();
	need_program("nft");
	start(&driver, NULL, setup_run); /* whose connection is the controller's? */
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "error");
	assert_non_null(strstr(event_get(&driver.last, "text"), "SSH_CONNECTION"));
	assert_int_equal(driver_close(&driver), 0);
	start(&driver, away, "setup - name=h address=127.0.0.3");
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "error");
	assert_int_equal(driver_close(&driver), 0);
	start(&driver, away, "setup - name=h address=192.0.2.1 run=ab12");
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "error");
	assert_non_null(strstr(event_get(&driver.last, "text"), "192.0.2.1"));
	assert_string_equal(driver_drop(&driver, 3, "cut", "tcp dport banana"), "error");
	assert_string_equal(driver_play(&driver, 4, "setup - name=h run=../x"), "error");
	assert_int_equal(driver_close(&driver), 0);
	assert_int_equal(tables(NULL), 0);
}

static void what_nft_refuses_is_told_in_its_words_and_undone(void **state)
{
	struct driver driver;

	(void)state;
	need_namespace();
	need_program("nft");
	start(&driver, away, setup_run);
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport banana"), "error");
	assert_non_null(strstr(event_get(&driver.last, "text"), "banana"));
	assert_int_equal(tables(NULL), 0);
	assert_string_equal(driver_drop(&driver, 3, "cut", "tcp dport 9"), "ok"); /* may be again */
	assert_int_equal(driver_close(&driver), 0);
}

static void a_rule_whose_holder_died_is_no_fault_any_more(void **state)
{
	struct driver driver;
	char path[64], pids[64] = "";
	int64_t holder;

	(void)state;
	need_namespace();
	need_program("nft");
	start(&driver, away, setup_run);
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "ok");
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)driver.pid, (int)driver.pid);
	FILE *file = fopen(path, "re");
	if (file == NULL || fgets(pids, sizeof pids, file) == NULL)
		SKIP("this kernel does not tell the children of a process");
	fclose(file);
	assert_true(parse_digits(pids, &holder) > 0);
	assert_int_equal(kill((pid_t)holder, SIGKILL), 0);
	assert_true(soon_gone());
	assert_string_equal(driver_play(&driver, 3, "heal x step=cut"), "error");
	assert_non_null(strstr(event_get(&driver.last, "text"), "gone already"));
	assert_int_equal(driver_close(&driver), 0); /* nothing is left */
}

static void nft_leaves_no_history(void **state)
{
	char home[] = "/tmp/lab-home.XXXXXX";
	char *old = kept_variable("HOME");
	struct driver driver;

	(void)state;
	need_namespace();
	need_program("nft");
	assert_non_null(mkdtemp(home));
	setenv("HOME", home, 1);
	start(&driver, away, setup_run);
	setenv("HOME", old, 1);
	free(old);
	assert_string_equal(driver_drop(&driver, 2, "cut", "tcp dport 9"), "ok");
	assert_int_equal(driver_close(&driver), 0);
	assert_int_equal(rmdir(home), 0); /* empty */
}

static void an_old_nft_is_told_by_hello(void **state)
{
	static const char script[] = "#!/bin/sh\necho 'nftables v0.9.8 (E.D.S.)'\n";
	char dir[] = "/tmp/lab-nft.XXXXXX", nft[64], path[4096];
	char *old = kept_variable("PATH");
	struct driver driver;

	(void)state;
	need_namespace();
	assert_non_null(mkdtemp(dir));
	snprintf(nft, sizeof nft, "%s/nft", dir);
	snprintf(path, sizeof path, "%s:%s", dir, old);
	int fd = open(nft, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
	setenv("PATH", path, 1);
	driver_start_like(&driver, &(struct driver){ .ssh = away });
	setenv("PATH", old, 1);
	free(old);
	assert_int_equal(event_num(&driver.last, "can_firewall", -1), 0);
	assert_non_null(strstr(event_get(&driver.last, "firewall_why"), "v0.9.8"));
	assert_int_equal(driver_close(&driver), 0);
	unlink(nft);
	rmdir(dir);
}

static void either_direction_and_family_can_be_spared(void **state)
{
	static const char *const hooks[] = { "input", "output" };
	static const char *const ways[] = { away, "fe80::9%eth0 50000 fe80::3%eth0 22" };
	struct firewall firewall;
	struct lifeline way;
	struct addr address;
	char proof[FIREWALL_PROOF];
	int64_t packets, bytes;
	struct err err = { 0 };

	(void)state;
	need_namespace();
	need_program("nft");
	assert_int_equal(addr_parse(&address, "127.0.0.3", 0), 0);
	for (size_t i = 0; i < COUNT(ways) * COUNT(hooks); i++) {
		const struct firewall_spec spec = {
			.label = "cut",
			.run = "ab12",
			.hook = hooks[i / COUNT(ways)],
			.action = "reset",
			.match = "tcp dport { 9, 10 }",
			.address = &address,
			.spared = &way,
		};

		assert_int_equal(lifeline_parse(&way, ways[i % COUNT(ways)]), 0);
		if (firewall_set(&firewall, &spec, proof, &err) < 0)
			fail_msg("%s", err.text);
		assert_non_null(strstr(proof, "{ 9, 10 } counter packets 0"));
		assert_int_equal(firewall_unset(&firewall, &packets, &bytes, &err), 0);
		assert_int_equal(packets, 0);
	}
}

static void a_way_is_read_as_sshd_writes_it(void **state)
{
	static const char *const bad[] = {
		"",
		"10.0.0.1 1 10.0.0.2",
		"10.0.0.1 1 10.0.0.2 22 3",
		"10.0.0.1 0 10.0.0.2 22",
		"10.0.0.1 1 ::1 22",
		"a 1 b 2",
		"10.0.0.1 1; 10.0.0.2 22",
	};
	struct lifeline way;
	char text[ADDR_TEXT];

	(void)state;
	assert_int_equal(lifeline_parse(&way, "10.0.0.1 50000 10.0.0.2 22"), 0);
	assert_string_equal(addr_text(&way.client, text), "10.0.0.1:50000");
	assert_string_equal(addr_text(&way.server, text), "10.0.0.2:22");
	/* A rule for the IPv6 form would spare nothing. */
	assert_int_equal(lifeline_parse(&way, "::ffff:10.0.0.1 50000 ::ffff:10.0.0.2 22"), 0);
	assert_string_equal(addr_text(&way.client, text), "10.0.0.1:50000");
	assert_string_equal(addr_text(&way.server, text), "10.0.0.2:22");
	assert_int_equal(lifeline_parse(&way, "fe80::1%eth0 50000 fe80::2%eth0 22"), 0);
	assert_string_equal(addr_text(&way.client, text), "[fe80::1]:50000");
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(lifeline_parse(&way, bad[i]), -1);
		assert_false(lifeline_is_known(&way));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rule_touches_the_controllers_connection),
		cmocka_unit_test(a_killed_agent_leaves_no_rule),
		cmocka_unit_test(the_end_of_the_stream_takes_the_rules_along),
		cmocka_unit_test(nobody_else_can_change_them),
		cmocka_unit_test(a_snapshot_lists_our_rules_beside_others),
		cmocka_unit_test(no_table_with_one_flag_is_missed),
		cmocka_unit_test(two_runs_on_one_machine_do_not_meet),
		cmocka_unit_test(what_is_not_known_is_no_fault),
		cmocka_unit_test(what_nft_refuses_is_told_in_its_words_and_undone),
		cmocka_unit_test(a_rule_whose_holder_died_is_no_fault_any_more),
		cmocka_unit_test(nft_leaves_no_history),
		cmocka_unit_test(an_old_nft_is_told_by_hello),
		cmocka_unit_test(either_direction_and_family_can_be_spared),
		cmocka_unit_test(a_way_is_read_as_sshd_writes_it),
	};

	unsetenv("SSH_CONNECTION"); /* who runs the tests may be there by SSH */
	return cmocka_run_group_tests(tests, own_machine_setup, NULL);
}
