/* analysis: whole runs as text (tests/golden/NAME.trace) give exactly the findings beside them
 * (NAME.json; GOLDEN=write writes them), whatever things are called and wherever a file ends. */
#include "unit.h"

#include "analysis_run.h"
#include "json.h"

static void sources(struct json *json, const struct source *source, size_t count)
{
	char text[128];
	json_array_begin(json, "sources");
	for (size_t i = 0; i < count; i++) {
		if (source[i].kind == SOURCE_PACKET)
			snprintf(text, sizeof text, "%s #%u", source[i].file, source[i].first);
		else
			snprintf(text, sizeof text, "event %u", source[i].first);
		json_text(json, NULL, text);
	}
	json_array_end(json);
}

static void finding_json(struct json *json, const struct finding *finding)
{
	const struct connection *connection = finding->connection;
	json_object_begin(json, NULL);
	json_text(json, "label", connection->label);
	json_text(json, "code", finding->code);
	json_text(json, "confidence", confidence_name(finding->confidence));
	json_text(json, "from", connection->client_host);
	json_text(json, "to", connection->server_host);
	json_text(json, "folded", connection->folded);
	json_text(json, "server_folded", connection->server_folded);
	json_array_begin(json, "evidence");
	for (size_t i = 0; i < finding->nevidence; i++) {
		json_object_begin(json, NULL);
		json_text(json, "witness", witness_name(finding->evidence[i].witness));
		json_text(json, "fact", finding->evidence[i].fact);
		json_text(json, "says", finding->evidence[i].says);
		sources(json, finding->evidence[i].source, finding->evidence[i].nsource);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "ruled_out");
	for (size_t i = 0; i < finding->nruled_out; i++) {
		json_object_begin(json, NULL);
		json_text(json, "code", finding->ruled_out[i].code);
		json_text(json, "says", finding->ruled_out[i].says);
		sources(json, finding->ruled_out[i].source, finding->ruled_out[i].nsource);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "missing");
	for (size_t i = 0; i < finding->nmissing; i++) {
		json_object_begin(json, NULL);
		json_text(json, "what", finding->missing[i].what);
		json_text(json, "fetch", finding->missing[i].fetch);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void analysis_json(struct buf *out, const struct analysis *analysis)
{
	struct json json = json_to(out);
	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "trace_hash", analysis->trace_hash);
	json_array_begin(&json, "findings");
	for (size_t i = 0; i < analysis->nfinding; i++)
		finding_json(&json, &analysis->finding[i]);
	json_array_end(&json);
	json_object_end(&json);
	buf_char(out, '\n');
}

static void each_golden_trace_gives_the_findings_beside_it(void **state)
{
	for (size_t i = 0; i < COUNT(traces); i++) {
		struct scratch scratch;
		struct arena arena = { 0 };
		struct analysis analysis;
		struct buf got = { 0 }, want = { 0 };
		struct err err = { 0 };
		char path[96];
		scratch_make(&scratch, *state, traces[i]);
		load(&analysis, scratch.dir, &arena);
		analysis_json(&got, &analysis);
		snprintf(path, sizeof path, "tests/golden/%s.json", traces[i]);
		if (golden_anew())
			assert_int_equal(file_write(AT_FDCWD, path, got.data, got.len, &err), 0);
		assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &want, &err), 0);
		assert_string_equal(got.data, want.data);
		buf_close(&got);
		buf_close(&want);
		arena_close(&arena);
	}
}

static void rename_all(const char *dir)
{
	static const char *const names[][2] = {
		{ "\"server\"", "\"x1\"" }, { "client-1", "x2" },  { "server.lan", "x1.lan" },
		{ "alice", "x3" },          { "carol", "x4" },     { "server:", "x1:" },
		{ "hangs", "x5" },          { "lab-agent", "x6" },
	};
	struct buf text = { 0 };
	struct err err = { 0 };
	char from[128], to[128];
	snprintf(from, sizeof from, "%s/events.ndjson", dir);
	assert_int_equal(file_read(AT_FDCWD, from, 1 << 20, &text, &err), 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf next = { 0 };
		replace_all(&next, text.data, names[i][0], names[i][1]);
		buf_close(&text);
		text = next;
	}
	assert_int_equal(file_write(AT_FDCWD, from, text.data, text.len, &err), 0);
	buf_close(&text);
	for (int i = 0; i < 2; i++) {
		snprintf(from, sizeof from, "%s/capture/%s.lan.pcap", dir,
			 i ? "client-1" : "server");
		snprintf(to, sizeof to, "%s/capture/x%d.lan.pcap", dir, i + 1);
		assert_int_equal(rename(from, to), 0);
	}
}

static void other_names_give_the_same_verdicts_and_the_same_hash(void **state)
{
	for (size_t i = 0; i < COUNT(traces); i++) {
		struct scratch one, two;
		struct arena arena = { 0 };
		struct analysis before, after;
		scratch_make(&one, *state, traces[i]);
		scratch_make(&two, *state, traces[i]);
		rename_all(two.dir);
		load(&before, one.dir, &arena);
		load(&after, two.dir, &arena);
		assert_string_equal(before.trace_hash, after.trace_hash);
		assert_int_equal(before.nfinding, after.nfinding);
		for (size_t f = 0; f < before.nfinding; f++) {
			assert_string_equal(before.finding[f].code, after.finding[f].code);
			assert_int_equal(before.finding[f].confidence, after.finding[f].confidence);
			assert_int_equal(before.finding[f].nevidence, after.finding[f].nevidence);
		}
		arena_close(&arena);
	}
}

static void what_lab_asked_for_and_recorded_is_never_opened(void **state)
{
	static const char *const files[] = { "scenario.ini", "plan.json", "steps.ndjson" };
	struct scratch scratch;
	scratch_make(&scratch, *state, "refused");
	for (size_t i = 0; i < COUNT(files); i++) {
		char path[128];
		struct err err = { 0 };
		snprintf(path, sizeof path, "%s/%s", scratch.dir, files[i]);
		assert_int_equal(file_write(AT_FDCWD, path, "\1 broken", 8, &err), 0);
	}
	check_verdict(scratch.dir, "refused.no-listener", PROVEN);
}

static void a_run_cut_by_a_crash_is_read_as_far_as_it_goes(void **state)
{
	struct scratch scratch;
	char path[128];
	struct stat st;
	scratch_make(&scratch, *state, "refused");
	snprintf(path, sizeof path, "%s/manifest.json", scratch.dir);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "%s/events.ndjson", scratch.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 9), 0);
	snprintf(path, sizeof path, "%s/capture/server.lan.pcap", scratch.dir);
	assert_int_equal(stat(path, &st), 0);
	for (off_t size = st.st_size - 3; size >= 0; size -= 7) {
		struct arena arena = { 0 };
		struct analysis analysis;
		assert_int_equal(truncate(path, size), 0);
		load(&analysis, scratch.dir, &arena);
		assert_true(analysis.is_interrupted);
		assert_int_equal(analysis.ncapture, 2);
		if ((size - 24) % 70)
			assert_true(analysis.capture[1].is_cut || size == 0 || size > 24);
		assert_int_not_equal(analysis_of(&analysis, "carol")->confidence, PROVEN);
		arena_close(&arena);
	}
}

static void broken_events_are_an_error_with_their_line(void **state)
{
	struct scratch scratch;
	struct arena arena = { 0 };
	struct analysis analysis;
	struct err err = { 0 };
	scratch_make(&scratch, *state, "refused");
	rewrite_events(scratch.dir, "{\"seq\":3,", "{\"seq\":3,,");
	assert_int_equal(analysis_load(&analysis, scratch.dir, &arena, &err), -1);
	assert_non_null(strstr(err.text, "events.ndjson:3: column"));
	arena_close(&arena);
}

static void the_hash_is_of_the_trace_and_of_nothing_else(void **state)
{
	struct scratch one, two;
	struct arena arena = { 0 };
	struct analysis before, after;
	scratch_make(&one, *state, "refused");
	scratch_make(&two, *state, "refused-wrong-port");
	load(&before, one.dir, &arena);
	load(&after, two.dir, &arena);
	assert_int_equal(strlen(before.trace_hash), 64);
	assert_string_not_equal(before.trace_hash, after.trace_hash); /* alice is missing */
	scratch_make(&one, *state, "refused-firewall-reset"); /* the same packets, another truth */
	load(&before, one.dir, &arena);
	assert_string_equal(before.trace_hash, after.trace_hash);
	arena_close(&arena);
}

static void each_connect_of_a_step_is_a_connection_of_its_own(void **state)
{
	static const char events[] =
	    "{\"t_ns\":1,\"host\":\"c\",\"kind\":\"connecting\",\"step\":2,\"label\":\"many\","
	    "\"local\":\"10.7.0.2:40000\",\"peer\":\"10.7.0.1:1\"}\n"
	    "{\"t_ns\":2,\"host\":\"c\",\"kind\":\"connect\",\"step\":2,\"label\":\"many\","
	    "\"peer\":\"10.7.0.1:1\",\"result\":\"ok\",\"took_ns\":1,\"start_ns\":1}\n"
	    "{\"t_ns\":3,\"host\":\"c\",\"kind\":\"connect\",\"step\":2,\"label\":\"many\","
	    "\"peer\":\"10.7.0.1:1\",\"result\":\"ENETUNREACH\",\"took_ns\":1,\"start_ns\":2}\n"
	    "{\"t_ns\":9,\"host\":\"c\",\"kind\":\"connecting\",\"step\":2,\"label\":\"many\","
	    "\"local\":\"10.7.0.2:40001\",\"peer\":\"10.7.0.1:1\"}\n";
	struct scratch scratch;
	struct arena arena = { 0 };
	struct analysis analysis;
	struct err err = { 0 };
	char path[96];

	folder_inside(*state, scratch.dir);
	snprintf(path, sizeof path, "%s/events.ndjson", scratch.dir);
	assert_int_equal(file_write(AT_FDCWD, path, events, strlen(events), &err), 0);
	load(&analysis, scratch.dir, &arena);
	assert_int_equal(analysis.nconnection, 3);
	assert_string_equal(analysis.connection[0].client, "10.7.0.2:40000");
	assert_string_equal(analysis.connection[1].result, "ENETUNREACH");
	assert_null(analysis.connection[1].client); /* the first one's port is not its own */
	assert_string_equal(analysis.connection[2].client, "10.7.0.2:40001");
	assert_null(analysis.connection[2].result); /* not decided when the run ended */
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_golden_trace_gives_the_findings_beside_it),
		cmocka_unit_test(other_names_give_the_same_verdicts_and_the_same_hash),
		cmocka_unit_test(what_lab_asked_for_and_recorded_is_never_opened),
		cmocka_unit_test(a_run_cut_by_a_crash_is_read_as_far_as_it_goes),
		cmocka_unit_test(broken_events_are_an_error_with_their_line),
		cmocka_unit_test(the_hash_is_of_the_trace_and_of_nothing_else),
		cmocka_unit_test(each_connect_of_a_step_is_a_connection_of_its_own),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
