/* analysis: never a proof that rests on a witness that was taken away, or on evidence that is not
 * what it was. */
#include "unit.h"

#include "analysis_run.h"

/* ---- what a witness is worth: take it away and look again ---- */

/* Rewrites events.ndjson without the lines that hold `without` and (if not NULL) `and`. */
static void events_without(const char *dir, const char *without, const char *and)
{
	struct buf text = { 0 }, out = { 0 };
	struct err err = { 0 };
	char path[96], *save, *line;
	snprintf(path, sizeof path, "%s/events.ndjson", dir);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &err), 0);
	save = text.data;
	while ((line = strsep(&save, "\n")))
		if (*line && !(strstr(line, without) && (!and || strstr(line, and))))
			buf_printf(&out, "%s\n", line);
	assert_true(out.len < text.len);
	assert_int_equal(file_write(AT_FDCWD, path, out.data, out.len, &err), 0);
	buf_close(&text);
	buf_close(&out);
}

/* The most that may be said of `trace` without that witness. */
struct loss {
	const char *trace, *without, *and; /* lines of events.ndjson, or a capture: "server.lan" */
	const char *code;                  /* what is still said */
	enum confidence confidence;
};

static const struct loss losses[] = {
	{ "refused", "client-1.lan", NULL, "refused.no-listener", LIKELY },
	{ "refused", "server.lan", NULL, "refused.no-listener", LIKELY },
	{ "refused", "\"kind\":\"sockets\"", NULL, "refused.unexplained", UNDECIDED },
	{ "refused", "\"kind\":\"sockets\"", "\"snapshot\":4", "refused.unexplained", UNDECIDED },
	{ "refused", "\"kind\":\"snapshot\"", NULL, "refused.unexplained", UNDECIDED },
	{ "refused", "\"kind\":\"counters\"", NULL, "refused.no-listener", LIKELY },
	{ "refused", "\"kind\":\"counter\"", NULL, "refused.no-listener", LIKELY },
	{ "refused", "\"kind\":\"hello\"", NULL, "refused.unexplained", UNDECIDED },
	{ "refused", "\"kind\":\"ruleset\"", NULL, "refused.no-listener", PROVEN },
	{ "refused-wrong-port", "client-1.lan", NULL, "refused.wrong-port", LIKELY },
	{ "refused-wrong-port", "server.lan", NULL, "refused.wrong-port", LIKELY },
	{ "refused-wrong-port", "\"kind\":\"socket", NULL, "refused.unexplained", UNDECIDED },
	{ "refused-wrong-port", "\"kind\":\"socket\"", NULL, "refused.unexplained", UNDECIDED },
	{ "refused-wrong-port", "\"kind\":\"counter", NULL, "refused.wrong-port", LIKELY },
	{ "refused-bound-localhost", "client-1.lan", NULL, "refused.bound-elsewhere", LIKELY },
	{ "refused-bound-localhost", "server.lan", NULL, "refused.bound-elsewhere", LIKELY },
	{ "refused-bound-localhost", "\"kind\":\"socket\"", NULL, "refused.unexplained",
	  UNDECIDED },
	{ "refused-bound-localhost", "\"kind\":\"counter", NULL, "refused.bound-elsewhere",
	  LIKELY },
	{ "refused-firewall-reset", "client-1.lan", NULL, "refused.firewall-reset", LIKELY },
	{ "refused-firewall-reset", "server.lan", NULL, "refused.firewall-reset", LIKELY },
	{ "refused-firewall-reset", "\"kind\":\"ruleset\"", NULL, "refused.unexplained",
	  UNDECIDED },
	{ "refused-firewall-reset", "\"kind\":\"counter", NULL, "refused.firewall-reset", LIKELY },
	{ "timeout-drop-input", "client-1.lan", NULL, "timeout.unexplained", UNDECIDED },
	{ "timeout-drop-input", "server.lan", NULL, "timeout.dropped", LIKELY },
	{ "timeout-drop-input", "\"kind\":\"ruleset\"", NULL, "timeout.dropped", LIKELY },
	{ "timeout-drop-input", "\"kind\":\"counter", NULL, "timeout.dropped", LIKELY },
	{ "ok-tcp", "client-1.lan", NULL, "ok", LIKELY },
	{ "ok-tcp", "server.lan", NULL, "ok", PROVEN },
};

static void no_proof_outlives_a_witness_that_its_rule_needs(void **state)
{
	for (size_t i = 0; i < COUNT(losses); i++) {
		const struct loss *loss = &losses[i];
		struct scratch scratch;
		char path[128];
		scratch_make(&scratch, *state, loss->trace);
		snprintf(path, sizeof path, "%s/capture/%s.pcap", scratch.dir, loss->without);
		if (access(path, F_OK) == 0)
			assert_int_equal(unlink(path), 0);
		else
			events_without(scratch.dir, loss->without, loss->and);
		print_message("# %s without %s\n", loss->trace, loss->without);
		check_verdict(scratch.dir, loss->code, loss->confidence);
	}
}

static void without_the_application_nothing_is_proven(void **state)
{
	for (size_t i = 0; i < COUNT(traces); i++) {
		struct scratch scratch;
		struct arena arena = { 0 };
		struct analysis analysis;
		scratch_make(&scratch, *state, traces[i]);
		events_without(scratch.dir, "\"kind\":\"connect", NULL);
		load(&analysis, scratch.dir, &arena);
		assert_true(analysis.nfinding > 0);
		for (size_t f = 0; f < analysis.nfinding; f++)
			assert_int_not_equal(analysis.finding[f].confidence, PROVEN);
		arena_close(&arena);
	}
}

static void a_capture_by_itself_is_never_a_proof(void **state)
{
	static const struct {
		const char *trace, *code;
		enum confidence confidence;
	} files[] = {
		{ "ok-tcp", "ok", LIKELY },
		{ "refused-wrong-port", "refused.unexplained", UNDECIDED },
		{ "refused-firewall-reset", "refused.unexplained", UNDECIDED },
		{ "timeout-drop-input", "timeout.unexplained", UNDECIDED },
		{ "reject-icmp", "failed.unexplained", UNDECIDED },
	};
	for (size_t i = 0; i < COUNT(files); i++) {
		struct scratch scratch;
		struct arena arena = { 0 };
		struct analysis analysis;
		char path[128];
		scratch_make(&scratch, *state, files[i].trace);
		snprintf(path, sizeof path, "%s/capture/client-1.lan.pcap", scratch.dir);
		load(&analysis, path, &arena);
		assert_int_equal(analysis.nfinding, 1);
		assert_string_equal(analysis.finding[0].code, files[i].code);
		assert_int_equal(analysis.finding[0].confidence, files[i].confidence);
		assert_true(analysis.finding[0].nmissing > 0);
		assert_string_equal(analysis.trace_hash, "");
		arena_close(&arena);
	}
}

/* ---- what is wrong with the evidence is said, not guessed over ---- */

static void changed_evidence_changes_the_verdict(void **state)
{
	static const struct {
		const char *trace, *from, *to, *code;
		enum confidence confidence;
	} changes[] = {
		/* a capture that lost packets proves no absence and accounts for no counter */
		{ "refused", "\"dropped\":0", "\"dropped\":2", "refused.no-listener", LIKELY },
		{ "timeout-drop-input", "\"dropped\":0", "\"dropped\":2", "timeout.unexplained",
		  UNDECIDED },
		/* one whose own filter kept things out, and one that lost its last packets */
		{ "refused", "\"filter\":\"\"", "\"filter\":\"port 1234\"", "refused.no-listener",
		  LIKELY },
		{ "refused", "\"filter\":\"\"", "\"filter\":\"host 10.7.0.1\"",
		  "refused.no-listener", PROVEN },
		{ "refused", "\"packets\":12,", "\"packets\":13,", "refused.no-listener", LIKELY },
		/* counters that others move */
		{ "refused", "\"is_private\":1", "\"is_private\":0", "refused.no-listener",
		  LIKELY },
		/* on a machine that others use, a listener next to the port is a stranger */
		{ "refused-wrong-port", "\"is_private\":1", "\"is_private\":0",
		  "refused.no-listener", LIKELY },
		{ "refused-firewall-reset", "\"is_private\":1", "\"is_private\":0",
		  "refused.firewall-reset", LIKELY },
		/* a counter that moved by more than was seen */
		{ "refused", "\"TcpOutRsts\",\"value\":1", "\"TcpOutRsts\",\"value\":2",
		  "refused.no-listener", LIKELY },
		/* RST on the wire, closed port, and the counter stands still: not its TCP */
		{ "refused", "\"TcpOutRsts\",\"value\":1", "\"TcpOutRsts\",\"value\":0",
		  "refused.unexplained", UNDECIDED },
		/* the rule is for another port, for another protocol, or cannot be judged */
		{ "refused-firewall-reset", "\\\"right\\\":1234", "\\\"right\\\":1236",
		  "refused.unexplained", UNDECIDED },
		{ "refused-firewall-reset", "\\\"protocol\\\":\\\"tcp\\\"",
		  "\\\"protocol\\\":\\\"udp\\\"", "refused.unexplained", UNDECIDED },
		{ "refused-firewall-reset", "\\\"field\\\":\\\"dport\\\"",
		  "\\\"field\\\":\\\"flags\\\"", "refused.unexplained", UNDECIDED },
		{ "refused-firewall-reset", "\\\"hook\\\":\\\"input\\\"",
		  "\\\"hook\\\":\\\"output\\\"", "refused.unexplained", UNDECIDED },
		/* counters that no kernel has */
		{ "refused", "\"TcpOutRsts\",\"value\":1",
		  "\"TcpOutRsts\",\"value\":-9223372036854775808", "refused.unexplained",
		  UNDECIDED },
		{ "refused-firewall-reset", "{\\\"packets\\\":1,",
		  "{\\\"packets\\\":-9223372036854775808,", "refused.unexplained", UNDECIDED },
		/* the listener is on all addresses after all */
		{ "refused-bound-localhost", "127.0.0.1:1234", "0.0.0.0:1234",
		  "refused.unexplained", UNDECIDED },
		/* too far away, or nobody knows whose it is */
		{ "refused-wrong-port", "0.0.0.0:1235", "0.0.0.0:1299", "refused.no-listener",
		  PROVEN },
		{ "refused-wrong-port", "\"pid\":212,", "", "refused.no-listener", PROVEN },
		/* the table did not look at this port */
		{ "refused", "\"ports\":\"1234,1235\"", "\"ports\":\"22\"", "refused.unexplained",
		  UNDECIDED },
		{ "refused", "\"left_out\":0", "\"left_out\":3", "refused.unexplained", UNDECIDED },
		/* the connection hung in the server's kernel: not dropped at its door */
		{ "timeout-drop-input", "\"label\":\"none\",\"rows\":0,",
		  "\"label\":\"hangs\",\"rows\":0,", "timeout.dropped", PROVEN },
	};
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct scratch scratch;
		scratch_make(&scratch, *state, changes[i].trace);
		rewrite_events(scratch.dir, changes[i].from, changes[i].to);
		print_message("# %s: %s\n", changes[i].trace, changes[i].to);
		check_verdict(scratch.dir, changes[i].code, changes[i].confidence);
	}
}

static bool is_ruled_out(const struct finding *finding, const char *code)
{
	for (size_t i = 0; i < finding->nruled_out; i++)
		if (streq(finding->ruled_out[i].code, code))
			return true;
	return false;
}

/* Healed between the connect and the second look: what the rule did is not known. */
static void a_rule_that_was_removed_is_not_ruled_out(void **state)
{
	struct scratch scratch;
	struct analysis analysis;
	struct arena arena = { 0 };
	scratch_make(&scratch, *state, "refused-firewall-reset");
	rewrite_events(scratch.dir,
		       "\\\"handle\\\":2,\\\"expr\\\":[{\\\"match\\\":{\\\"op\\\":\\\"==\\\","
		       "\\\"left\\\":{\\\"payload\\\":{\\\"protocol\\\":\\\"tcp\\\",\\\"field\\\":"
		       "\\\"dport\\\"}},"
		       "\\\"right\\\":1234}},{\\\"counter\\\":{\\\"packets\\\":1,",
		       "\\\"handle\\\":3,\\\"expr\\\":[{\\\"match\\\":{\\\"op\\\":\\\"==\\\","
		       "\\\"left\\\":{\\\"payload\\\":{\\\"protocol\\\":\\\"udp\\\",\\\"field\\\":"
		       "\\\"dport\\\"}},"
		       "\\\"right\\\":1234}},{\\\"counter\\\":{\\\"packets\\\":1,");
	load(&analysis, scratch.dir, &arena);
	for (size_t i = 0; i < analysis.nfinding; i++)
		if (streq(analysis.finding[i].connection->label, "carol")) {
			assert_string_equal(analysis.finding[i].code, "refused.unexplained");
			assert_false(is_ruled_out(&analysis.finding[i], "refused.firewall-reset"));
		}
	arena_close(&arena);
}

#define FIRST_RULE                                                                                 \
	"\\\"handle\\\":2,\\\"expr\\\":[{\\\"match\\\":{\\\"op\\\":\\\"==\\\",\\\"left\\\":{"      \
	"\\\"payload\\\":{\\\"protocol\\\":\\\"tcp\\\",\\\"field\\\":\\\"dport\\\"}},"             \
	"\\\"right\\\":1234}},{\\\"counter\\\":{\\\"packets\\\":0,"

/* It stood in front of the one that counted, and may have taken the SYN. */
static void a_rule_that_was_removed_may_have_taken_the_packet(void **state)
{
	static const char rule[] = "{\\\"rule\\\":{\\\"family\\\":\\\"inet\\\",\\\"table\\\":"
				   "\\\"lab\\\",\\\"chain\\\":\\\"input\\\",";
	struct scratch scratch;
	char to[1024];

	scratch_make(&scratch, *state, "refused-firewall-reset");
	snprintf(to, sizeof to,
		 "\\\"handle\\\":9,\\\"expr\\\":[{\\\"accept\\\":null}]}},%s" FIRST_RULE, rule);
	rewrite_events(scratch.dir, FIRST_RULE, to);
	check_verdict(scratch.dir, "refused.unexplained", UNDECIDED);
	/* One that does nothing takes nothing; behind the other it would not have met it. */
	scratch_make(&scratch, *state, "refused-firewall-reset");
	snprintf(to, sizeof to,
		 "\\\"handle\\\":9,\\\"expr\\\":[{\\\"counter\\\":null}]}},%s" FIRST_RULE, rule);
	rewrite_events(scratch.dir, FIRST_RULE, to);
	check_verdict(scratch.dir, "refused.firewall-reset", PROVEN);
}

/* The second link of a server, whose file was lost: what passed there moved the counters too. */
static void a_capture_whose_file_is_gone_accounts_for_nothing(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch, *state, "refused");
	check_verdict(scratch.dir, "refused.no-listener", PROVEN);
	rewrite_events(scratch.dir, "{\"seq\":1,",
		       "{\"seq\":1,\"t_ns\":1,\"host\":\"server\",\"kind\":\"capture\","
		       "\"file\":\"server.wan\"}\n{\"seq\":2,");
	check_verdict(scratch.dir, "refused.no-listener", LIKELY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_proof_outlives_a_witness_that_its_rule_needs),
		cmocka_unit_test(without_the_application_nothing_is_proven),
		cmocka_unit_test(a_capture_by_itself_is_never_a_proof),
		cmocka_unit_test(changed_evidence_changes_the_verdict),
		cmocka_unit_test(a_rule_that_was_removed_is_not_ruled_out),
		cmocka_unit_test(a_rule_that_was_removed_may_have_taken_the_packet),
		cmocka_unit_test(a_capture_whose_file_is_gone_accounts_for_nothing),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
