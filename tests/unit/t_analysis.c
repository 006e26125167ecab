/* analysis: whole runs as text (tests/golden/NAME.trace) give exactly the findings beside them
 * (NAME.json; GOLDEN=write writes them), whatever things are called, and never a proof that rests
 * on a witness that was taken away. */
#include "unit.h"

#include <ftw.h>

#include "finding.h"
#include "golden.h"
#include "json.h"

static const char *const traces[] = {
	"ok-tcp",
	"refused",
	"refused-wrong-port",
	"refused-bound-localhost",
	"refused-firewall-reset",
	"timeout-drop-input",
	"reject-icmp",
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

struct scratch {
	char dir[64];
};

static void scratch_make(struct scratch *scratch, const char *name)
{
	char path[96];
	snprintf(scratch->dir, sizeof scratch->dir, "/tmp/t_analysis.XXXXXX");
	assert_non_null(mkdtemp(scratch->dir));
	snprintf(path, sizeof path, "tests/golden/%s.trace", name);
	assert_int_equal(golden_make(path, scratch->dir), 0);
}

static void scratch_end(const struct scratch *scratch)
{
	assert_int_equal(nftw(scratch->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void load(struct analysis *analysis, const char *path, struct arena *arena)
{
	struct err err = { 0 };
	if (analysis_load(analysis, path, arena, &err) < 0)
		fail_msg("%s", err.text);
}

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
	(void)state;
	for (size_t i = 0; i < COUNT(traces); i++) {
		struct scratch scratch;
		struct arena arena = { 0 };
		struct analysis analysis;
		struct buf got = { 0 }, want = { 0 };
		struct err err = { 0 };
		char path[96];
		scratch_make(&scratch, traces[i]);
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
		scratch_end(&scratch);
	}
}

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

static void check_verdict(const char *dir, const char *code, enum confidence confidence)
{
	struct arena arena = { 0 };
	struct analysis analysis;
	load(&analysis, dir, &arena);
	const struct finding *finding = analysis_of(&analysis, "carol");
	assert_non_null(finding);
	if (code)
		assert_string_equal(finding->code, code);
	if (finding->confidence != confidence)
		fail_msg("%s: %s, not %s", finding->code, confidence_name(finding->confidence),
			 confidence_name(confidence));
	arena_close(&arena);
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
	(void)state;
	for (size_t i = 0; i < COUNT(losses); i++) {
		const struct loss *loss = &losses[i];
		struct scratch scratch;
		char path[128];
		scratch_make(&scratch, loss->trace);
		snprintf(path, sizeof path, "%s/capture/%s.pcap", scratch.dir, loss->without);
		if (access(path, F_OK) == 0)
			assert_int_equal(unlink(path), 0);
		else
			events_without(scratch.dir, loss->without, loss->and);
		print_message("# %s without %s\n", loss->trace, loss->without);
		check_verdict(scratch.dir, loss->code, loss->confidence);
		scratch_end(&scratch);
	}
}

static void without_the_application_nothing_is_proven(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(traces); i++) {
		struct scratch scratch;
		struct arena arena = { 0 };
		struct analysis analysis;
		scratch_make(&scratch, traces[i]);
		events_without(scratch.dir, "\"kind\":\"connect", NULL);
		load(&analysis, scratch.dir, &arena);
		assert_true(analysis.nfinding > 0);
		for (size_t f = 0; f < analysis.nfinding; f++)
			assert_int_not_equal(analysis.finding[f].confidence, PROVEN);
		arena_close(&arena);
		scratch_end(&scratch);
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
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct scratch scratch;
		struct arena arena = { 0 };
		struct analysis analysis;
		char path[128];
		scratch_make(&scratch, files[i].trace);
		snprintf(path, sizeof path, "%s/capture/client-1.lan.pcap", scratch.dir);
		load(&analysis, path, &arena);
		assert_int_equal(analysis.nfinding, 1);
		assert_string_equal(analysis.finding[0].code, files[i].code);
		assert_int_equal(analysis.finding[0].confidence, files[i].confidence);
		assert_true(analysis.finding[0].nmissing > 0);
		assert_string_equal(analysis.trace_hash, "");
		arena_close(&arena);
		scratch_end(&scratch);
	}
}

/* ---- blindness ---- */

static void replace_all(struct buf *out, const char *text, const char *from, const char *to)
{
	const char *at;
	while ((at = strstr(text, from))) {
		buf_add(out, text, (size_t)(at - text));
		buf_str(out, to);
		text = at + strlen(from);
	}
	buf_str(out, text);
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
	(void)state;
	for (size_t i = 0; i < COUNT(traces); i++) {
		struct scratch one, two;
		struct arena arena = { 0 };
		struct analysis before, after;
		scratch_make(&one, traces[i]);
		scratch_make(&two, traces[i]);
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
		scratch_end(&one);
		scratch_end(&two);
	}
}

static void what_lab_asked_for_and_recorded_is_never_opened(void **state)
{
	static const char *const files[] = { "scenario.ini", "plan.json", "steps.ndjson" };
	struct scratch scratch;
	(void)state;
	scratch_make(&scratch, "refused");
	for (size_t i = 0; i < COUNT(files); i++) {
		char path[128];
		struct err err = { 0 };
		snprintf(path, sizeof path, "%s/%s", scratch.dir, files[i]);
		assert_int_equal(file_write(AT_FDCWD, path, "\1 broken", 8, &err), 0);
	}
	check_verdict(scratch.dir, "refused.no-listener", PROVEN);
	scratch_end(&scratch);
}

/* ---- what is wrong with the evidence is said, not guessed over ---- */

static void rewrite_events(const char *dir, const char *from, const char *to)
{
	struct buf text = { 0 }, out = { 0 };
	struct err err = { 0 };
	char path[128];
	snprintf(path, sizeof path, "%s/events.ndjson", dir);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &err), 0);
	assert_non_null(strstr(text.data, from));
	replace_all(&out, text.data, from, to);
	assert_int_equal(file_write(AT_FDCWD, path, out.data, out.len, &err), 0);
	buf_close(&text);
	buf_close(&out);
}

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
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct scratch scratch;
		scratch_make(&scratch, changes[i].trace);
		rewrite_events(scratch.dir, changes[i].from, changes[i].to);
		print_message("# %s: %s\n", changes[i].trace, changes[i].to);
		check_verdict(scratch.dir, changes[i].code, changes[i].confidence);
		scratch_end(&scratch);
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
	(void)state;
	scratch_make(&scratch, "refused-firewall-reset");
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
	scratch_end(&scratch);
}

/* The second link of a server, whose file was lost: what passed there moved the counters too. */
static void a_capture_whose_file_is_gone_accounts_for_nothing(void **state)
{
	struct scratch scratch;
	(void)state;
	scratch_make(&scratch, "refused");
	check_verdict(scratch.dir, "refused.no-listener", PROVEN);
	rewrite_events(scratch.dir, "{\"seq\":1,",
		       "{\"seq\":1,\"t_ns\":1,\"host\":\"server\",\"kind\":\"capture\","
		       "\"file\":\"server.wan\"}\n{\"seq\":2,");
	check_verdict(scratch.dir, "refused.no-listener", LIKELY);
	scratch_end(&scratch);
}

static void a_run_cut_by_a_crash_is_read_as_far_as_it_goes(void **state)
{
	struct scratch scratch;
	char path[128];
	struct stat st;
	(void)state;
	scratch_make(&scratch, "refused");
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
	scratch_end(&scratch);
}

static void broken_events_are_an_error_with_their_line(void **state)
{
	struct scratch scratch;
	struct arena arena = { 0 };
	struct analysis analysis;
	struct err err = { 0 };
	(void)state;
	scratch_make(&scratch, "refused");
	rewrite_events(scratch.dir, "{\"seq\":3,", "{\"seq\":3,,");
	assert_int_equal(analysis_load(&analysis, scratch.dir, &arena, &err), -1);
	assert_non_null(strstr(err.text, "events.ndjson:3: column"));
	arena_close(&arena);
	scratch_end(&scratch);
}

static void the_hash_is_of_the_trace_and_of_nothing_else(void **state)
{
	struct scratch one, two;
	struct arena arena = { 0 };
	struct analysis before, after;
	(void)state;
	scratch_make(&one, "refused");
	scratch_make(&two, "refused-wrong-port");
	load(&before, one.dir, &arena);
	load(&after, two.dir, &arena);
	assert_int_equal(strlen(before.trace_hash), 64);
	assert_string_not_equal(before.trace_hash, after.trace_hash); /* alice is missing */
	scratch_end(&one);
	scratch_make(&one, "refused-firewall-reset"); /* the same packets, another truth */
	load(&before, one.dir, &arena);
	assert_string_equal(before.trace_hash, after.trace_hash);
	arena_close(&arena);
	scratch_end(&one);
	scratch_end(&two);
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

	(void)state;
	snprintf(scratch.dir, sizeof scratch.dir, "/tmp/t_analysis.XXXXXX");
	assert_non_null(mkdtemp(scratch.dir));
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
	scratch_end(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_golden_trace_gives_the_findings_beside_it),
		cmocka_unit_test(no_proof_outlives_a_witness_that_its_rule_needs),
		cmocka_unit_test(without_the_application_nothing_is_proven),
		cmocka_unit_test(a_capture_by_itself_is_never_a_proof),
		cmocka_unit_test(other_names_give_the_same_verdicts_and_the_same_hash),
		cmocka_unit_test(what_lab_asked_for_and_recorded_is_never_opened),
		cmocka_unit_test(changed_evidence_changes_the_verdict),
		cmocka_unit_test(a_rule_that_was_removed_is_not_ruled_out),
		cmocka_unit_test(a_capture_whose_file_is_gone_accounts_for_nothing),
		cmocka_unit_test(a_run_cut_by_a_crash_is_read_as_far_as_it_goes),
		cmocka_unit_test(broken_events_are_an_error_with_their_line),
		cmocka_unit_test(the_hash_is_of_the_trace_and_of_nothing_else),
		cmocka_unit_test(each_connect_of_a_step_is_a_connection_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
