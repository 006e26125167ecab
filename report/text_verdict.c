/* After the last step: ladders, the verdict with its proof, what it was not, what to check on a
 * real system, and where the files are. */
#include "env.h"
#include "ladder.h"
#include "record.h"
#include "text.h"

#include <ctype.h>

enum {
	KEY = 6,
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
			out[used] = *code;
			if (*code == '-')
				out[used] = ' ';
			used++;
		} else {
			out[used++] = (char)toupper((unsigned char)*code);
		}
	}
	out[used] = '\0';
}

static const char *outcome_words(const struct result *result)
{
	if (result->exit_status == 1)
		return result->is_probe ? "fails" : "NOT as expected";
	if (result->exit_status != 0)
		return "undecided";
	return result->is_probe ? "works" : "as expected";
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

static void add_expected(FILE *out, const struct style *style, const struct result *result)
{
	struct line line = line_of(style);

	if (result->exit_status != 0 && result->expected)
		text_claim(out, style, "expected", result->expected, "");
	for (size_t i = 0; i < result->nobjection; i++) {
		bool is_bad = !result->objection[i].is_remark;

		line_to(&line, KEY - 2);
		line_paint(&line, is_bad ? PAINT_BAD : PAINT_NONE);
		line_sign(&line, is_bad ? SIGN_NO : SIGN_DOT);
		line_text(&line, " ");
		line_words(&line, out, result->objection[i].text, KEY, TEXT_COLUMNS);
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
		 result->is_probe && judged->target ? judged->target
		 : judged->label                    ? judged->label
						    : "a connection");
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

/* What to do on a real system; the lesson at the right of the first line where it fits. */
static void add_advice(FILE *out, const struct style *style, const struct result *result)
{
	const struct finding *finding = result->finding;
	struct line line = line_of(style);
	char lesson[80];
	bool is_told = false;

	snprintf(lesson, sizeof lesson, "lab explain %.*s", (int)strcspn(result->verdict, "."),
		 result->verdict);
	for (size_t i = 0; i < finding->nnext; i++) {
		if (style->verbose <= 0 && i == LINES_OF_ADVICE)
			break;
		if (streq(finding->next[i], lesson))
			continue;
		line_to(&line, 4);
		line_text(&line, i == 0 ? "On a real host" : "");
		line_to(&line, 20);
		line_words(&line, out, finding->next[i], 22, TEXT_COLUMNS);
		if (!is_told && line.columns + 3 + strlen(lesson) <= TEXT_COLUMNS) {
			line_right(&line, lesson, TEXT_COLUMNS);
			is_told = true;
		}
		line_end(&line, out);
	}
	if (!is_told) {
		line_to(&line, 4);
		line_text(&line, "Learn more");
		line_to(&line, 20);
		line_text(&line, lesson);
		line_end(&line, out);
	}
	line_close(&line);
}

static bool is_bare_word(const char *text)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_./:+,@%";

	return strspn(text, bare) == strlen(text);
}

/* "wireshark DIR/run.pcapng". A command to paste is never cut, and its path is one word. */
static void add_command(struct line *line, const char *dir)
{
	const char *home = env_get(VAR_HOME);
	size_t len = home ? strlen(home) : 0;
	bool is_bare = is_bare_word(dir);
	struct buf path = { 0 };

	line_text(line, is_bare ? "wireshark " : "wireshark '");
	/* Shown as a shell reads it; report.txt names no folder and is the same anywhere. */
	if (is_bare && len > 1 && starts_with(dir, home) && dir[len] == '/') {
		line_text(line, "~");
		dir += len;
	}
	for (const char *at = dir; *at; at++)
		if (*at == '\'')
			buf_str(&path, "'\\''");
		else
			buf_char(&path, *at);
	if (path.len)
		line_text(line, path.data);
	buf_close(&path);
	if (*dir && dir[strlen(dir) - 1] != '/')
		line_text(line, "/");
	line_text(line, is_bare ? "run.pcapng" : "run.pcapng'");
}

/* What was captured, what was lost, and where it is: two lines, whatever the path's length. */
static void add_captures(FILE *out, const struct style *style, const struct result *result)
{
	const struct analysis *analysis = &result->analysis;
	struct line line = line_of(style), command = line_of(style);
	int64_t packets = 0, dropped = 0;
	const char *cut = NULL; /* the first of those that are */
	size_t ncut = 0;
	bool is_known = true, fits;

	for (size_t i = 0; i < analysis->ncapture; i++) {
		packets += analysis->capture[i].packets;
		dropped += analysis->capture[i].dropped > 0 ? analysis->capture[i].dropped : 0;
		is_known = is_known && analysis->capture[i].dropped >= 0;
		if (analysis->capture[i].is_cut && ncut++ == 0)
			cut = analysis->capture[i].file;
	}
	add_command(&command, result->dir);
	fits = 20 + command.columns <= COLUMNS;
	line_to(&line, 4);
	line_text(&line, "Captured");
	line_to(&line, 20);
	if (analysis->ncapture == 0) {
		line_text(&line, "nothing: this run has no capture");
		line_end(&line, out);
		line_close(&line);
		line_close(&command);
		return;
	}
	line_printf(&line, "%lld packets in %zu file%s, ", (long long)packets, analysis->ncapture,
		    analysis->ncapture == 1 ? "" : "s");
	if (is_known)
		line_printf(&line, "dropped by kernel %lld", (long long)dropped);
	else
		line_text(&line, "drops not known");
	if (cut) {
		line_text(&line, " (cut: ");
		line_fit(&line, cut, 16);
		if (ncut > 1)
			line_printf(&line, " + %zu", ncut - 1);
		line_text(&line, ")");
	}
	if (!fits)
		line_text(&line, "; open it:");
	line_end(&line, out);
	line_to(&line, 4);
	if (fits) {
		line_text(&line, "Open it");
		line_to(&line, 20);
	}
	add_command(&line, result->dir);
	line_end(&line, out);
	line_close(&line);
	line_close(&command);
}

/* One value of the last line: no blank, so that it splits at blanks. */
static void add_value(struct line *line, const char *name, const char *value)
{
	struct buf one = { 0 };

	buf_str(&one, value && *value ? value : "-");
	for (size_t i = 0; i < one.len; i++)
		if (one.data[i] == ' ')
			one.data[i] = '_';
	line_printf(line, "%s%s=", line->columns ? " " : "", name);
	line_text(line, one.data);
	buf_close(&one);
}

/* An exit status in a word. */
static const char *outcome_name(int status)
{
	switch (status) {
	case 0:
		return "as-expected";
	case 1:
		return "not-as-expected";
	case ERR_UNDECIDED:
		return "undecided";
	case ERR_SIGINT:
	case ERR_SIGTERM:
		return "interrupted";
	default:
		return "broke";
	}
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
		  result->is_probe && result->exit_status <= 1 ? outcome_words(result)
							       : outcome_name(result->exit_status));
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
		const struct connection *judged = result->finding->connection;
		bool has_server = judged->nserver_rung > 0;
		bool has_client = judged->nrung > 0;

		if (!has_client && !has_server)
			add_words(out, style, KEY, "no capture holds this connection: no ladder");
		if (has_client)
			add_ladders(out, style, result, false);
		if (has_client && has_server && style->verbose > 0)
			fputc('\n', out);
		if (has_server && (style->verbose > 0 || !has_client))
			add_ladders(out, style, result, true);
		fputc('\n', out);
	}
	verdict_line(out, style, result);
	if (result->finding) {
		add_words(out, style, KEY, result->finding->says);
		text_proof(out, style, result);
	}
	add_expected(out, style, result);
	neighbours_words(words, sizeof words, result);
	if (*words)
		add_words(out, style, KEY, words);
	if (!style->is_plain)
		fputc('\n', out);
	if (result->finding)
		add_advice(out, style, result);
	add_captures(out, style, result);
	if (style->is_plain)
		text_verdict_plain(out, style, result);
}
