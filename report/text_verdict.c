/* After the last step: ladders, the verdict with its proof, what it was not, what to check on a
 * real system, and where the files are. */
#include "cite.h"
#include "judge.h"
#include "ladder.h"
#include "record.h"
#include "safe.h"
#include "text.h"

#include <ctype.h>

enum {
	KEY = 6,
	SAYS = 19,
	PROOFS_SHOWN = 7,
	RULED_OUT_SHOWN = 2,
	LINES_OF_ADVICE = 2
};

/* "refused.no-listener" as "REFUSED, no listener". */
static void verdict_words(char *out, size_t len, const char *code)
{
	bool is_cause = false;
	size_t used = 0;

	for (; *code && used + 3 < len; code++) {
		if (*code == '.') {
			out[used++] = ',';
			out[used++] = ' ';
			is_cause = true;
		} else if (is_cause) {
			out[used++] = *code == '-' ? ' ' : *code;
		} else {
			out[used++] = (char)toupper((unsigned char)*code);
		}
	}
	out[used] = '\0';
}

static const char *outcome_words(const struct result *result)
{
	if (result->exit_status == 1)
		return "NOT as expected";
	if (result->exit_status != 0)
		return "undecided";
	return "as expected";
}

static void verdict_line(FILE *out, const struct style *style, const struct result *result)
{
	struct line line = line_of(style);
	enum paint paint = result->exit_status == 0 ? PAINT_GOOD : PAINT_BAD;
	char words[128];

	verdict_words(words, sizeof words, result->verdict);
	line_text(&line, "    Verdict  ");
	line_paint(&line, PAINT_BOLD);
	line_fit(&line, words, 30);
	line_printf(&line, " (%s)", confidence_name(result->confidence));
	line_paint(&line, PAINT_NONE);
	line_paint(&line, paint);
	line_right(&line, outcome_words(result), TEXT_COLUMNS);
	line_end(&line, out);
	line_close(&line);
}

static void add_words(FILE *out, const struct style *style, size_t indent, const char *text)
{
	struct line line = line_of(style);

	line_to(&line, indent);
	line_words(&line, out, text, indent, TEXT_COLUMNS);
	line_end(&line, out);
	line_close(&line);
}

/* Key, words, and the citation at the right: on the same line where it fits. */
static void claim(FILE *out, const struct style *style, const char *key, const char *says,
		  const char *source)
{
	struct line line = line_of(style);

	line_to(&line, KEY);
	line_text(&line, key);
	line_to(&line, SAYS);
	line_words(&line, out, says, SAYS, TEXT_COLUMNS);
	if (*source && line.columns + 2 + utf8_columns(source) > TEXT_COLUMNS &&
	    SAYS + utf8_columns(source) <= TEXT_COLUMNS)
		line_end(&line, out);
	line_paint(&line, PAINT_DIM);
	line_right(&line, source, TEXT_COLUMNS);
	line_end(&line, out);
	line_close(&line);
}

/* Was it this look-alike that the scenario wants ruled out? */
static bool is_asked(const struct result *result, const char *code)
{
	const struct event *expect = record_next(result->record, result->nrecord, NULL, "expect");
	const char *at = record_text(expect, "not", "");
	char asked[64];

	for (; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
		snprintf(asked, sizeof asked, "%.*s", (int)strcspn(at, " "), at);
		if (code_matches(asked, code))
			return true;
	}
	return false;
}

static void one_ruled_out(FILE *out, const struct style *style, const struct result *result,
			  const struct ruled_out *ruled_out, bool is_first)
{
	const char *cause = strchr(ruled_out->code, '.');
	char words[64], says[256], source[160];

	snprintf(words, sizeof words, "%s", cause ? cause + 1 : ruled_out->code);
	for (char *at = words; *at; at++)
		*at = *at == '-' ? ' ' : *at;
	snprintf(says, sizeof says, "%s: %s", words, ruled_out->says);
	claim(
	    out, style, is_first ? "ruled out" : "", says,
	    cite(source, sizeof source, &result->analysis, ruled_out->source, ruled_out->nsource));
}

/* Those that were asked for come first. */
static void add_ruled_out(FILE *out, const struct style *style, const struct result *result,
			  size_t most)
{
	const struct finding *finding = result->finding;
	size_t shown = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < finding->nruled_out && shown < most; i++) {
			const struct ruled_out *ruled_out = &finding->ruled_out[i];

			if (is_asked(result, ruled_out->code) != (pass == 0))
				continue;
			one_ruled_out(out, style, result, ruled_out, shown++ == 0);
		}
	}
}

static void add_proof(FILE *out, const struct style *style, const struct result *result)
{
	const struct finding *finding = result->finding;
	const struct analysis *analysis = &result->analysis;
	size_t shown = finding->nevidence, nout = finding->nruled_out;
	char source[160];

	if (style->verbose <= 0 && shown > PROOFS_SHOWN)
		shown = PROOFS_SHOWN;
	if (style->verbose <= 0 && nout > RULED_OUT_SHOWN)
		nout = RULED_OUT_SHOWN;
	for (size_t i = 0; i < shown; i++)
		claim(out, style, witness_name(finding->evidence[i].witness),
		      finding->evidence[i].says,
		      cite(source, sizeof source, analysis, finding->evidence[i].source,
			   finding->evidence[i].nsource));
	add_ruled_out(out, style, result, nout);
	if (shown < finding->nevidence || nout < finding->nruled_out)
		claim(out, style, "", "… more with -v and in result.json", "");
	for (size_t i = 0; i < finding->nmissing; i++) {
		char says[320];

		snprintf(says, sizeof says, "%s%s%s", finding->missing[i].what,
			 finding->missing[i].fetch ? "; to get it: " : "",
			 finding->missing[i].fetch ? finding->missing[i].fetch : "");
		claim(out, style, "missing", says, "");
	}
}

static void add_expected(FILE *out, const struct style *style, const struct result *result)
{
	struct line line = line_of(style);

	if (result->exit_status != 0 && result->expected)
		claim(out, style, "expected", result->expected, "");
	for (size_t i = 0; i < result->ncomplaint; i++) {
		line_to(&line, KEY - 2);
		line_paint(&line, result->exit_status ? PAINT_BAD : PAINT_NONE);
		line_sign(&line, result->exit_status ? SIGN_NO : SIGN_DOT);
		line_text(&line, " ");
		line_words(&line, out, result->complaint[i], KEY, TEXT_COLUMNS);
		line_end(&line, out);
	}
	line_close(&line);
}

static void add_ladders(FILE *out, const struct style *style, const struct result *result,
			bool at_server)
{
	const struct connection *judged = result->finding->connection;
	const struct event *step =
	    judged->label ? record_step(result->record, result->nrecord, judged->label) : NULL;
	char title[2][64];
	struct ladder first, second;

	snprintf(title[1], sizeof title[1], "%.20s: %.36s", record_text(step, "phase", "seen"),
		 judged->label ? judged->label : "a connection");
	second = ladder_of(judged, title[1], at_server);
	second.is_judged = true;
	if (!result->control || result->control == result->finding) {
		ladder_print(out, style, &second, NULL);
		return;
	}
	snprintf(title[0], sizeof title[0], "control: %.36s",
		 result->control->connection->label ? result->control->connection->label : "?");
	first = ladder_of(result->control->connection, title[0], at_server);
	ladder_compare(&first, &second);
	ladder_print(out, style, &first, &second);
}

static void add_advice(FILE *out, const struct style *style, const struct result *result)
{
	const struct finding *finding = result->finding;
	struct line line = line_of(style);
	char family[64];

	snprintf(family, sizeof family, "%.*s", (int)strcspn(result->verdict, "."),
		 result->verdict);
	for (size_t i = 0; i < finding->nnext; i++) {
		if (style->verbose <= 0 && i == LINES_OF_ADVICE)
			break;
		line_to(&line, 4);
		line_text(&line, i == 0 ? "On a real host" : "");
		line_to(&line, 20);
		line_words(&line, out, finding->next[i], 22, TEXT_COLUMNS);
		line_end(&line, out);
	}
	if (!streq(family, "none")) {
		line_to(&line, 4);
		line_text(&line, "Learn more");
		line_to(&line, 20);
		line_printf(&line, "lab explain %s", family);
		line_end(&line, out);
	}
	line_close(&line);
}

static void add_captures(FILE *out, const struct style *style, const struct analysis *analysis)
{
	struct line line = line_of(style);
	int64_t packets = 0, dropped = 0;
	bool is_known = true, is_cut = false;

	for (size_t i = 0; i < analysis->ncapture; i++) {
		packets += analysis->capture[i].packets;
		dropped += analysis->capture[i].dropped > 0 ? analysis->capture[i].dropped : 0;
		is_known = is_known && analysis->capture[i].dropped >= 0;
		is_cut = is_cut || analysis->capture[i].is_cut;
	}
	line_to(&line, 4);
	if (analysis->ncapture == 0)
		line_text(&line, "Captured        nothing: this run has no capture");
	else if (is_known)
		line_printf(&line,
			    "Captured        %lld packets in %zu file%s, dropped by kernel %lld",
			    (long long)packets, analysis->ncapture,
			    analysis->ncapture == 1 ? "" : "s", (long long)dropped);
	else
		line_printf(&line, "Captured        %lld packets in %zu file%s, drops not known",
			    (long long)packets, analysis->ncapture,
			    analysis->ncapture == 1 ? "" : "s");
	if (is_cut)
		line_text(&line, " (cut)");
	line_end(&line, out);
	line_close(&line);
}

/* A command to paste is never cut: a long path gets a line of its own. */
static void add_files(FILE *out, const struct style *style, const struct result *result)
{
	struct line line = line_of(style), path = line_of(style);

	if (result->analysis.ncapture == 0)
		return;
	line_text(&path, "wireshark ");
	if (*result->dir) {
		line_text(&path, result->dir);
		if (result->dir[strlen(result->dir) - 1] != '/')
			line_text(&path, "/");
	}
	line_text(&path, "run.pcapng");
	line_to(&line, 4);
	line_text(&line, "Open it");
	if (20 + path.columns > COLUMNS)
		line_end(&line, out);
	line_to(&line, 20 + path.columns > COLUMNS ? 4 : 20);
	buf_add(&line.buf, path.buf.data, path.buf.len);
	line_end(&line, out);
	line_close(&line);
	line_close(&path);
}

/* One value of the last line: no blank, so that it splits at blanks. */
static void add_value(struct line *line, const char *name, const char *value)
{
	struct buf one = { 0 };

	for (const char *at = value && *value ? value : "-"; *at; at++)
		buf_char(&one, *at == ' ' ? '_' : *at);
	line_printf(line, "%s%s=", line->columns ? " " : "", name);
	line_text(line, one.data);
	buf_close(&one);
}

void text_verdict_plain(FILE *out, const struct style *style, const struct result *result)
{
	const struct event *expect = record_next(result->record, result->nrecord, NULL, "expect");
	struct line line = line_of(style);
	char trace[13] = "", status[12];

	snprintf(trace, sizeof trace, "%s", result->analysis.trace_hash);
	snprintf(status, sizeof status, "%d", result->exit_status);
	add_value(&line, "verdict", result->verdict);
	add_value(&line, "confidence", confidence_name(result->confidence));
	add_value(&line, "expected", record_text(expect, "verdict", NULL));
	add_value(&line, "on", record_text(expect, "on", NULL));
	add_value(&line, "outcome",
		  result->exit_status == 0   ? "as-expected"
		  : result->exit_status == 1 ? "not-as-expected"
					     : "undecided");
	add_value(&line, "exit", status);
	add_value(&line, "trace", trace);
	add_value(&line, "scenario", result->scenario);
	add_value(&line, "backend", result->backend);
	add_value(&line, "run", result->run);
	line_end(&line, out);
	line_close(&line);
}

void text_verdict(FILE *out, const struct style *style, const struct result *result)
{
	char words[320];

	if (style->verbose < 0) {
		text_quiet(out, result);
		return;
	}
	fputc('\n', out);
	if (result->finding) {
		add_ladders(out, style, result, false);
		if (style->verbose > 0 && result->finding->connection->nserver_rung > 0)
			add_ladders(out, style, result, true);
		fputc('\n', out);
	}
	verdict_line(out, style, result);
	if (result->finding) {
		add_words(out, style, KEY, result->finding->says);
		add_proof(out, style, result);
	}
	add_expected(out, style, result);
	neighbours_words(words, sizeof words, result);
	if (*words)
		add_words(out, style, KEY, words);
	if (!style->is_plain)
		fputc('\n', out);
	if (result->finding)
		add_advice(out, style, result);
	add_captures(out, style, &result->analysis);
	add_files(out, style, result);
	if (style->is_plain)
		text_verdict_plain(out, style, result);
}
