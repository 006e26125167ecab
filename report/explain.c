/* Looks a text up among codes, words and parts of log lines; prints the lesson. */
#include "explain.h"

#include <ctype.h>

#include "json.h"
#include "paint.h"
#include "synclock.h"

enum {
	QUERY_MAX = 4096,
	KEY_COLUMNS = 15,
	TELLS = 46
};

static const struct lesson *lesson_of(const char *code)
{
	size_t len = strcspn(code, ".");

	for (const struct lesson *lesson = lessons; lesson->family; lesson++)
		if (strlen(lesson->family) == len && strncmp(lesson->family, code, len) == 0)
			return lesson;
	return NULL;
}

static bool find_code(struct explained *out, const char *text)
{
	const struct rule_info *rules;
	size_t count = rule_list(&rules);

	for (const struct lesson *lesson = lessons; lesson->family; lesson++)
		if (streq(lesson->family, text)) {
			out->lesson = lesson;
			out->code = lesson->family;
		}
	for (const struct cause *cause = causes; cause->code; cause++)
		if (streq(cause->code, text)) {
			out->cause = cause;
			out->code = cause->code;
			out->lesson = lesson_of(text);
		}
	for (size_t i = 0; i < count; i++)
		if (streq(rules[i].code, text)) {
			out->code = rules[i].code;
			out->says = rules[i].says;
			out->lesson = lesson_of(text);
		}
	return out->lesson != NULL;
}

static bool find_alias(struct explained *out, const char *text)
{
	for (const struct alias *alias = aliases; alias->text; alias++) {
		bool is_it = alias->kind == ALIAS_WORD ? streq(text, alias->text)
						       : strstr(text, alias->text) != NULL;

		if (!is_it)
			continue;
		out->note = alias->note;
		if (!alias->family)
			return false;
		out->lesson = lesson_of(alias->family);
		out->code = alias->family;
		return true;
	}
	return false;
}

bool explain_find(struct explained *out, const char *text)
{
	char query[QUERY_MAX] = "";
	size_t len = 0;

	*out = (struct explained){ 0 };
	text += strspn(text, " \t\n");
	while (text[len] && len + 1 < sizeof query) {
		query[len] = (char)tolower((unsigned char)text[len]);
		len++;
	}
	while (len > 0 && strchr(" \t\n", query[len - 1]))
		len--;
	query[len] = '\0';
	return find_code(out, query) || find_alias(out, query);
}

size_t explain_words(const char *const **out, struct arena *arena)
{
	const struct rule_info *rules;
	size_t nrule = rule_list(&rules), count = 0, cap = nrule;
	const char **words;

	for (const struct lesson *lesson = lessons; lesson->family; lesson++)
		cap++;
	for (const struct alias *alias = aliases; alias->text; alias++)
		cap++;
	words = arena_array(arena, cap, sizeof *words);
	for (const struct lesson *lesson = lessons; lesson->family; lesson++)
		words[count++] = lesson->family;
	for (size_t i = 0; i < nrule; i++)
		words[count++] = rules[i].code;
	for (const struct alias *alias = aliases; alias->text; alias++)
		if (alias->kind == ALIAS_WORD && alias->family)
			words[count++] = alias->text;
	*out = words;
	return count;
}

/* A cell of the table; what depends on this host is computed. */
static const char *cell(char *out, size_t len, const char *text, const struct syn_host *host)
{
	struct syn_schedule schedule;

	if (text[0] != '%')
		return text;
	if (!host->is_known)
		return "not known here";
	syn_schedule(&schedule, host->retries, host->linear, host->jiffy_us);
	if (streq(text, "%syns"))
		snprintf(out, len, "%zu on this host", schedule.nsyn);
	else if (schedule.likely_ms < 9950)
		snprintf(out, len, "%.1f s on this host", (double)schedule.likely_ms / 1e3);
	else
		snprintf(out, len, "%.0f s on this host", (double)schedule.likely_ms / 1e3);
	return out;
}

static void heading(FILE *out, struct line *line, const char *text)
{
	line_to(line, 2);
	line_paint(line, PAINT_BOLD);
	line_text(line, text);
	line_end(line, out);
}

/* `is_mine`: the column of the lesson shown is bold. */
static void add_cell(struct line *line, size_t column, const char *text, bool is_mine)
{
	line_to(line, column);
	if (is_mine)
		line_paint(line, PAINT_BOLD);
	line_text(line, text);
	line_paint(line, PAINT_NONE);
}

static void add_differences(FILE *out, struct line *line, const struct explained *explained,
			    const struct syn_host *host)
{
	bool is_refused = streq(explained->lesson->family, "refused");
	bool is_timeout = streq(explained->lesson->family, "timeout");
	bool is_reset = streq(explained->lesson->family, "reset");
	char text[64];

	heading(out, line, "How it differs");
	add_cell(line, 21, "REFUSED", is_refused);
	add_cell(line, 36, "TIMEOUT", is_timeout);
	add_cell(line, 57, "RESET LATER", is_reset);
	line_end(line, out);
	for (const struct difference *row = differences; row->name; row++) {
		line_to(line, 4);
		line_text(line, row->name);
		add_cell(line, 21, row->refused, is_refused);
		add_cell(line, 36, cell(text, sizeof text, row->timeout, host), is_timeout);
		add_cell(line, 57, row->reset, is_reset);
		line_end(line, out);
	}
	line_end(line, out);
}

static void add_pair(FILE *out, struct line *line, const char *name, const char *text,
		     size_t column)
{
	line_to(line, 4);
	line_text(line, name);
	line_to(line, column);
	line_words(line, out, text, column, TEXT_COLUMNS);
	line_end(line, out);
}

static void add_sentence(FILE *out, struct line *line, const char *text)
{
	line_to(line, 4);
	line_words(line, out, text, 4, TEXT_COLUMNS);
	line_end(line, out);
}

static void add_cause(FILE *out, struct line *line, const struct explained *explained)
{
	if (!explained->cause && !explained->says)
		return;
	heading(out, line, explained->code);
	if (explained->says)
		add_sentence(out, line, explained->says);
	if (explained->cause) {
		add_pair(out, line, "told by", explained->cause->told_by, KEY_COLUMNS + 2);
		add_pair(out, line, "mend", explained->cause->mend, KEY_COLUMNS + 2);
	}
	line_end(line, out);
}

static void add_checks(FILE *out, struct line *line, const struct lesson *lesson)
{
	heading(out, line, "Check, most likely first");
	for (const struct check *check = lesson->checks; check->command; check++) {
		bool is_tried = streq(check->platform, "linux");

		line_to(line, 4);
		line_text(line, check->where);
		line_to(line, 19);
		line_text(line, check->command);
		if (line->columns > TELLS - 2) {
			line_end(line, out);
			line_to(line, 21);
		} else {
			line_to(line, TELLS);
		}
		line_paint(line, PAINT_DIM);
		line_words(line, out, check->tells, TELLS, TEXT_COLUMNS);
		if (!is_tried)
			line_text(line, " (not tried here)");
		line_end(line, out);
	}
	line_end(line, out);
}

void explain_text(FILE *out, const struct style *style, const struct explained *explained,
		  const struct syn_host *host)
{
	const struct lesson *lesson = explained->lesson;
	struct line line = line_of(style);
	char title[160];

	snprintf(title, sizeof title, "%s in one sentence", lesson->title);
	heading(out, &line, title);
	add_sentence(out, &line, lesson->sentence);
	if (explained->note)
		add_sentence(out, &line, explained->note);
	line_end(&line, out);
	add_cause(out, &line, explained);
	add_differences(out, &line, explained, host);
	heading(out, &line, "What looks the same and is not");
	for (const struct pair *alike = lesson->alike; alike->name; alike++)
		add_pair(out, &line, alike->name, alike->text, 36);
	line_end(&line, out);
	add_checks(out, &line, lesson);
	heading(out, &line, "How programs say it");
	for (const struct pair *said = lesson->said; said->name; said++)
		add_pair(out, &line, said->name, said->text, 13);
	line_end(&line, out);
	snprintf(title, sizeof title, "%s. Try it: %s", lesson->reference, lesson->try);
	line_to(&line, 2);
	line_words(&line, out, title, 4, TEXT_COLUMNS);
	line_end(&line, out);
	line_close(&line);
}

static void json_pairs(struct json *json, const char *key, const struct pair *pairs)
{
	json_array_begin(json, key);
	for (; pairs->name; pairs++) {
		json_object_begin(json, NULL);
		json_text(json, "name", pairs->name);
		json_text(json, "text", pairs->text);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_host(struct json *json, const struct syn_host *host)
{
	struct syn_schedule schedule;

	if (!host->is_known) {
		json_nil(json, "this_host");
		return;
	}
	syn_schedule(&schedule, host->retries, host->linear, host->jiffy_us);
	json_object_begin(json, "this_host");
	json_int(json, "tcp_syn_retries", host->retries);
	json_int(json, "tcp_syn_linear_timeouts", host->linear);
	json_int(json, "syns", (int64_t)schedule.nsyn);
	json_int(json, "gives_up_ms", schedule.likely_ms);
	json_int(json, "gives_up_least_ms", schedule.least_ms);
	json_int(json, "gives_up_most_ms", schedule.most_ms);
	json_array_begin(json, "syn_at_ms");
	for (size_t i = 0; i < schedule.nsyn; i++)
		json_int(json, NULL, schedule.at_ms[i]);
	json_array_end(json);
	json_object_end(json);
}

void explain_json(struct buf *out, const struct explained *explained, const struct syn_host *host)
{
	const struct lesson *lesson = explained->lesson;
	struct json json = json_to(out);
	char text[64];

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.explain/1");
	json_text(&json, "code", explained->code);
	json_text(&json, "family", lesson->family);
	json_text(&json, "sentence", lesson->sentence);
	json_text(&json, "says", explained->says);
	json_text(&json, "told_by", explained->cause ? explained->cause->told_by : NULL);
	json_text(&json, "mend", explained->cause ? explained->cause->mend : NULL);
	json_text(&json, "note", explained->note);
	json_host(&json, host);
	json_array_begin(&json, "differences");
	for (const struct difference *row = differences; row->name; row++) {
		json_object_begin(&json, NULL);
		json_text(&json, "name", row->name);
		json_text(&json, "refused", row->refused);
		json_text(&json, "timeout", cell(text, sizeof text, row->timeout, host));
		json_text(&json, "reset_later", row->reset);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_pairs(&json, "looks_the_same", lesson->alike);
	json_array_begin(&json, "checks");
	for (const struct check *check = lesson->checks; check->command; check++) {
		json_object_begin(&json, NULL);
		json_text(&json, "where", check->where);
		json_text(&json, "command", check->command);
		json_text(&json, "tells", check->tells);
		json_text(&json, "platform", check->platform);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_pairs(&json, "said", lesson->said);
	json_text(&json, "reference", lesson->reference);
	json_text(&json, "try", lesson->try);
	json_object_end(&json);
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_char(out, '\n');
}
