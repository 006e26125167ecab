/* Expectation against verdict: when a run is 0, when 1, when 3, and that nothing asserted is never
 * 0. Each test changes one thing in a run that is right. */
#include "t_report_fixture.h"

/* A copy of `lines` without those that hold `drop` (NULL: none), each `from` replaced by `to`. */
static char *edited(struct arena *arena, const char *lines, const char *drop, const char *from,
		    const char *to)
{
	struct buf out = { 0 };
	char *text;

	while (*lines) {
		size_t len = strcspn(lines, "\n") + 1;
		char *line = arena_ndup(arena, lines, len), *hit;

		lines += len;
		if (drop && strstr(line, drop))
			continue;
		while (from && (hit = strstr(line, from))) {
			buf_add(&out, line, (size_t)(hit - line));
			buf_str(&out, to);
			line = hit + strlen(from);
		}
		buf_str(&out, line);
	}
	text = arena_dup(arena, out.len ? out.data : "");
	buf_close(&out);
	return text;
}

struct trial {
	struct arena arena;
	struct analysis analysis;
	const char *require;
	struct judgement judgement;
};

static void try_record(struct trial *trial, const char *lines)
{
	struct judge_input input = { .analysis = &trial->analysis, .require = trial->require };

	lines_load(lines, &input.record, &input.nrecord, &trial->arena);
	judge(&trial->judgement, &input, &trial->arena);
}

static struct trial trial_of(void)
{
	struct trial trial = { 0 };

	trial.analysis = refused_analysis(&trial.arena);
	return trial;
}

static bool complains(const struct trial *trial, const char *part)
{
	for (size_t i = 0; i < trial->judgement.nobjection; i++)
		if (strstr(trial->judgement.objection[i].text, part))
			return true;
	for (size_t i = 0; i < trial->judgement.nobjection; i++)
		print_message("# complaint: %s\n", trial->judgement.objection[i].text);
	return false;
}

static void assert_trial(const struct trial *trial, int status, const char *complaint)
{
	assert_int_equal(trial->judgement.exit_status, status);
	if (complaint)
		assert_true(complains(trial, complaint));
	else
		assert_int_equal(trial->judgement.nobjection, 0);
}

/* The record of the run that is right, each `from` of it replaced. */
static char *steps_with(struct trial *trial, const char *from, const char *to)
{
	return edited(&trial->arena, golden_lines("steps", &trial->arena), NULL, from, to);
}

/* A run that is right but for this: it ends so, with this complaint (NULL: none). */
static void one_change(const char *from, const char *to, int status, const char *complaint)
{
	struct trial trial = trial_of();

	try_record(&trial, steps_with(&trial, from, to));
	assert_trial(&trial, status, complaint);
	arena_close(&trial.arena);
}

/* The second finding with something else in it. */
static void change_finding(struct trial *trial, const struct finding *finding)
{
	struct finding *both = arena_array(&trial->arena, 2, sizeof *both);

	both[0] = trial->analysis.finding[0];
	both[1] = *finding;
	trial->analysis.finding = both;
}

static void a_code_matches_its_family_on_dot_borders(void **state)
{
	(void)state;
	assert_true(code_matches("timeout", "timeout"));
	assert_true(code_matches("timeout", "timeout.dropped"));
	assert_true(code_matches("timeout.dropped", "timeout.dropped"));
	assert_false(code_matches("timeout", "timeouts"));
	assert_false(code_matches("timeout.drop", "timeout.dropped"));
	assert_false(code_matches("timeout.dropped", "timeout"));
}

static void all_as_expected_is_0(void **state)
{
	struct trial trial = trial_of();

	(void)state;
	try_record(&trial, golden_lines("steps", &trial.arena));
	assert_trial(&trial, 0, NULL);
	assert_string_equal(trial.judgement.expected, "refused.no-listener on carol");
	assert_string_equal(trial.judgement.verdict, "refused.no-listener");
	assert_int_equal(trial.judgement.confidence, PROVEN);
	arena_close(&trial.arena);
}

static void another_result_of_a_step_is_1(void **state)
{
	(void)state;
	one_change("\"result\":\"LISTEN 0\",\"is_ok\":1", "\"result\":\"LISTEN 1\",\"is_ok\":0", 1,
		   "after: expected LISTEN 0, got LISTEN 1");
}

static void what_came_instead_is_said_once(void **state)
{
	(void)state;
	one_change("\"result\":\"LISTEN 0\",\"is_ok\":1",
		   "\"result\":\"7\",\"is_ok\":0,\"why\":\"got 7, not a table\"", 1,
		   "after: expected LISTEN 0, got 7, not a table (step");
}

static void another_result_without_an_expectation_is_1_too(void **state)
{
	(void)state;
	one_change("1234\",\"result\":\"ok\",\"is_ok\":1,\"took_ns\":1010000",
		   "1234\",\"result\":\"EADDRINUSE\",\"is_ok\":0", 1,
		   "serve: expected ok, got EADDRINUSE");
}

static void a_step_that_could_not_be_found_out_is_3(void **state)
{
	(void)state;
	one_change("\"result\":\"LISTEN 0\",\"is_ok\":1",
		   "\"result\":\"error\",\"text\":\"no netlink\",\"is_ok\":0", 3,
		   "after: could not be found out: no netlink");
}

static void another_verdict_is_1_and_says_by_what(void **state)
{
	(void)state;
	one_change("\"verdict\":\"refused.no-listener\"", "\"verdict\":\"refused.wrong-port\"", 1,
		   "expected refused.wrong-port on carol, found refused.no-listener (proven: "
		   "event 19, client-1.lan #14");
}

static void a_family_is_enough_when_asked_for(void **state)
{
	(void)state;
	one_change("\"verdict\":\"refused.no-listener\"", "\"verdict\":\"refused\"", 0, NULL);
}

static void right_but_less_sure_than_asked_is_3(void **state)
{
	static const struct missing missing = { WITNESS_KERNEL, "no ruleset of the server", NULL };
	struct trial trial = trial_of();
	struct finding finding = trial.analysis.finding[1];

	(void)state;
	finding.confidence = LIKELY;
	finding.nmissing = 1;
	finding.missing = &missing;
	change_finding(&trial, &finding);
	try_record(&trial, golden_lines("steps", &trial.arena));
	assert_trial(&trial, 3, "only likely, proven was asked; missing: no ruleset of the server");
	arena_close(&trial.arena);
}

static void likely_is_enough_where_likely_is_asked_until_proven_is_required(void **state)
{
	struct trial trial = trial_of();
	struct finding finding = trial.analysis.finding[1];
	char *record = steps_with(&trial, "\"ask\":\"proven\"", "\"ask\":\"likely\"");

	(void)state;
	finding.confidence = LIKELY;
	change_finding(&trial, &finding);
	try_record(&trial, record);
	assert_trial(&trial, 0, NULL);
	trial.require = "likely";
	try_record(&trial, record);
	assert_trial(&trial, 0, NULL);
	trial.require = "proven";
	try_record(&trial, record);
	assert_trial(&trial, 3, "proven was asked");
	arena_close(&trial.arena);
}

static void the_same_failure_without_its_cause_is_3(void **state)
{
	struct trial trial = trial_of();
	struct finding finding = trial.analysis.finding[1];

	(void)state;
	finding.code = "refused.unexplained";
	finding.confidence = LIKELY;
	change_finding(&trial, &finding);
	try_record(&trial, golden_lines("steps", &trial.arena));
	assert_trial(&trial, 3, "undecided: refused.unexplained");
	finding.code = "timeout.unexplained";
	change_finding(&trial, &finding);
	try_record(&trial, golden_lines("steps", &trial.arena));
	assert_trial(&trial, 1, "found timeout.unexplained");
	arena_close(&trial.arena);
}

static void a_look_alike_that_stands_is_3_and_a_remark_where_likely_is_asked(void **state)
{
	struct trial trial = trial_of();
	struct finding finding = trial.analysis.finding[1];

	(void)state;
	finding.nruled_out = 1;
	change_finding(&trial, &finding);
	try_record(&trial, golden_lines("steps", &trial.arena));
	assert_trial(&trial, 3, "refused.firewall-reset is not ruled out");
	try_record(&trial, steps_with(&trial, "\"ask\":\"proven\"", "\"ask\":\"likely\""));
	assert_trial(&trial, 0, "refused.firewall-reset is not ruled out");
	arena_close(&trial.arena);
}

static void another_wire_is_1(void **state)
{
	(void)state;
	one_change("S>C [R.]\"", "S>C [S.]\"", 1, "wire: expected C>S [S], S>C [S.] at the client");
	one_change("S>C [R.]\"", "S>C [S.]\",\"wire_at\":\"server\"", 1,
		   "wire: expected C>S [S], S>C [S.] at server");
}

static void each_vantage_point_has_its_own_wire(void **state)
{
	static const char more[] =
	    "{\"t_ns\":1,\"host\":\"lab\",\"kind\":\"expect\",\"verdict\":\"refused.no-listener\","
	    "\"on\":\"carol\",\"wire\":\"nothing\",\"wire_at\":\"server\"}\n";
	struct trial trial = trial_of();

	(void)state;
	try_record(&trial,
		   arena_printf(&trial.arena, "%s%s", golden_lines("steps", &trial.arena), more));
	assert_trial(&trial, 1, "wire: expected nothing at server");
	arena_close(&trial.arena);
}

static void a_wire_that_was_not_captured_is_3_unless_not_asked(void **state)
{
	struct trial trial = trial_of();
	struct connection *connection = arena_alloc(&trial.arena, sizeof *connection);
	struct finding finding = trial.analysis.finding[1];
	char *not_asked = steps_with(&trial, "\"ask_wire\":1", "\"ask_wire\":0");

	(void)state;
	*connection = *finding.connection;
	connection->folded = NULL;
	connection->client_file = NULL;
	finding.connection = connection;
	change_finding(&trial, &finding);
	trial.analysis.ncapture = 0;
	try_record(&trial, golden_lines("steps", &trial.arena));
	assert_trial(&trial, 3, "no capture at the client");
	try_record(&trial, not_asked);
	assert_trial(&trial, 0, "no capture at the client holds this connection, not asked here");
	trial.require = "wire";
	try_record(&trial, not_asked);
	assert_trial(&trial, 3, "no capture at the client");
	try_record(&trial,
		   edited(&trial.arena, not_asked, NULL, "\"wire\":\"C>S [S], S>C [R.]\",", ""));
	assert_trial(&trial, 3, "the wire was asked for");
	arena_close(&trial.arena);
}

static void a_capture_that_lost_packets_contradicts_nothing(void **state)
{
	struct trial trial = trial_of();
	struct capture_info *capture = arena_array(&trial.arena, 2, sizeof *capture);

	(void)state;
	capture[0] = trial.analysis.capture[0];
	capture[1] = trial.analysis.capture[1];
	capture[0].dropped = 3;
	trial.analysis.capture = capture;
	try_record(&trial, steps_with(&trial, "S>C [R.]\"", "S>C [S.]\""));
	assert_trial(&trial, 3, "the capture at the client lost packets, or may have");
	arena_close(&trial.arena);
}

static void a_run_that_did_not_end_is_3(void **state)
{
	struct trial trial = trial_of();

	(void)state;
	try_record(&trial, edited(&trial.arena, golden_lines("steps", &trial.arena),
				  "\"kind\":\"end\"", NULL, NULL));
	assert_trial(&trial, 3, "did not end");
	try_record(&trial, steps_with(&trial, "\"why\":\"done\"", "\"why\":\"interrupted\""));
	assert_trial(&trial, 3, "interrupted");
	trial.analysis.is_interrupted = true;
	try_record(&trial, golden_lines("steps", &trial.arena));
	assert_trial(&trial, 3, "before its manifest was written");
	arena_close(&trial.arena);
}

static void a_fault_phase_that_asserts_nothing_is_3(void **state)
{
	struct trial trial = trial_of();
	char *record = steps_with(&trial, "\"expected\":\"ECONNREFUSED within 50ms\",", "");

	(void)state;
	record = edited(&trial.arena, record, NULL, "\"expected\":\"LISTEN 0\",", "");
	try_record(&trial, record);
	assert_trial(&trial, 0, NULL); /* the verdict is on carol, of that phase */
	try_record(&trial,
		   edited(&trial.arena, record, NULL, "\"on\":\"carol\"", "\"on\":\"alice\""));
	assert_int_equal(trial.judgement.exit_status, 1); /* alice is ok, not refused */
	assert_true(complains(&trial, "the fault phase asserted nothing"));
	try_record(&trial, edited(&trial.arena, record, "\"kind\":\"expect\"", NULL, NULL));
	assert_trial(&trial, 3, "the fault phase asserted nothing");
	arena_close(&trial.arena);
}

static void nothing_asserted_is_3(void **state)
{
	static const char empty[] =
	    "{\"t_ns\":1,\"host\":\"lab\",\"kind\":\"run\",\"scenario\":\"x\"}\n"
	    "{\"t_ns\":1,\"host\":\"lab\",\"kind\":\"end\",\"why\":\"done\"}\n";
	struct trial trial = trial_of();

	(void)state;
	try_record(&trial, empty);
	assert_trial(&trial, 3, "nothing was asserted");
	try_record(&trial, "");
	assert_trial(&trial, 3, "nothing was asserted");
	arena_close(&trial.arena);
}

static void a_step_without_a_connection_is_3(void **state)
{
	struct trial trial = trial_of();

	(void)state;
	trial.analysis.nfinding = 0;
	trial.analysis.nconnection = 0;
	try_record(&trial, golden_lines("steps", &trial.arena));
	assert_trial(&trial, 3, "no connection of carol was observed");
	assert_string_equal(trial.judgement.verdict, "none");
	arena_close(&trial.arena);
}

static void a_step_in_the_background_is_judged_by_its_wait(void **state)
{
	(void)state;
	one_change("\"result\":\"ECONNREFUSED\",\"is_ok\":1", "\"background\":1", 0, NULL);
}

/* The run that is right as a probe: a record without an expectation. */
static char *probe_record(struct trial *trial)
{
	char *lines = steps_with(trial, "\"kind\":\"run\"", "\"kind\":\"run\",\"probe\":1");

	lines = edited(&trial->arena, lines, NULL, "\"verdict\":", "\"was\":");
	return edited(&trial->arena, lines, NULL, "\"not\":", "\"was_not\":");
}

static void a_probe_is_1_where_it_fails_and_3_where_that_is_not_known(void **state)
{
	static const struct {
		const char *code;
		enum confidence confidence;
		const char *require;
		int status;
	} rows[] = {
		{ "ok", PROVEN, NULL, 0 },
		{ "ok", LIKELY, NULL, 0 },
		{ "ok", LIKELY, "proven", 3 },
		{ "refused.no-listener", PROVEN, NULL, 1 },
		{ "refused.no-listener", PROVEN, "proven", 1 },
		{ "refused.no-listener", LIKELY, "proven", 3 },
		{ "refused.unexplained", UNDECIDED, NULL, 1 },
		{ "refused.unexplained", UNDECIDED, "likely", 3 },
		{ "timeout.unexplained", UNDECIDED, NULL, 1 },
		{ "failed.unexplained", UNDECIDED, NULL, 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct trial trial = trial_of();
		struct finding finding = trial.analysis.finding[1];

		finding.code = rows[i].code;
		finding.confidence = rows[i].confidence;
		change_finding(&trial, &finding);
		trial.require = rows[i].require;
		try_record(&trial, probe_record(&trial));
		if (trial.judgement.exit_status != rows[i].status)
			fail_msg("%s %s: %d", rows[i].code, rows[i].require ? rows[i].require : "-",
				 trial.judgement.exit_status);
		assert_null(trial.judgement.expected);
		assert_string_equal(trial.judgement.verdict, rows[i].code);
		arena_close(&trial.arena);
	}
}

static void a_remark_is_none_of_what_is_wrong(void **state)
{
	struct trial trial = trial_of();
	struct finding finding = trial.analysis.finding[1];
	struct connection connection = *finding.connection;

	(void)state;
	connection.resolved_by = "machines";
	finding.connection = &connection;
	finding.confidence = LIKELY;
	change_finding(&trial, &finding);
	trial.require = "proven";
	try_record(&trial, probe_record(&trial));
	assert_trial(&trial, 3, "is only likely");
	assert_int_equal(trial.judgement.nobjection, 2);
	assert_true(trial.judgement.objection[0].is_remark);
	assert_false(trial.judgement.objection[1].is_remark);
	arena_close(&trial.arena);
}

static void a_probe_without_a_connection_is_3(void **state)
{
	struct trial trial = trial_of();

	(void)state;
	trial.analysis.nfinding = 0;
	try_record(&trial, probe_record(&trial));
	assert_trial(&trial, 3, "no connection was observed");
	arena_close(&trial.arena);
}

static void result_json_is_whole_and_its_head_is_stable(void **state)
{
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	struct buf out = { 0 }, again = { 0 };

	(void)state;
	result_json(&out, &result);
	result_json(&again, &result);
	assert_string_equal(out.data, again.data);
	assert_true(starts_with(out.data, "{\n  \"schema\": \"lab.result/1\",\n"
					  "  \"scenario\": \"refused\",\n"));
	assert_non_null(strstr(out.data, "\"as_expected\": true"));
	assert_non_null(strstr(out.data, "\"wire\": \"C>S [S], S>C [R.]\""));
	assert_null(strstr(out.data, result.dir)); /* the same bytes anywhere */
	buf_close(&out);
	buf_close(&again);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_matches_its_family_on_dot_borders),
		cmocka_unit_test(all_as_expected_is_0),
		cmocka_unit_test(another_result_of_a_step_is_1),
		cmocka_unit_test(what_came_instead_is_said_once),
		cmocka_unit_test(another_result_without_an_expectation_is_1_too),
		cmocka_unit_test(a_step_that_could_not_be_found_out_is_3),
		cmocka_unit_test(another_verdict_is_1_and_says_by_what),
		cmocka_unit_test(a_family_is_enough_when_asked_for),
		cmocka_unit_test(right_but_less_sure_than_asked_is_3),
		cmocka_unit_test(likely_is_enough_where_likely_is_asked_until_proven_is_required),
		cmocka_unit_test(the_same_failure_without_its_cause_is_3),
		cmocka_unit_test(a_look_alike_that_stands_is_3_and_a_remark_where_likely_is_asked),
		cmocka_unit_test(another_wire_is_1),
		cmocka_unit_test(each_vantage_point_has_its_own_wire),
		cmocka_unit_test(a_wire_that_was_not_captured_is_3_unless_not_asked),
		cmocka_unit_test(a_capture_that_lost_packets_contradicts_nothing),
		cmocka_unit_test(a_run_that_did_not_end_is_3),
		cmocka_unit_test(a_fault_phase_that_asserts_nothing_is_3),
		cmocka_unit_test(nothing_asserted_is_3),
		cmocka_unit_test(a_step_without_a_connection_is_3),
		cmocka_unit_test(a_step_in_the_background_is_judged_by_its_wait),
		cmocka_unit_test(a_probe_is_1_where_it_fails_and_3_where_that_is_not_known),
		cmocka_unit_test(a_remark_is_none_of_what_is_wrong),
		cmocka_unit_test(a_probe_without_a_connection_is_3),
		cmocka_unit_test(result_json_is_whole_and_its_head_is_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
