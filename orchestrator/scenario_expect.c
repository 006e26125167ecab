/* [expect]: the verdict that the blind diagnosis must reach, against the table of rules. */
#include "finding.h"
#include "scenario_load.h"

struct piece { /* a blank-separated word of a value */
	const char *text;
	int column;
};

enum {
	PIECES = 32
};

/* Pieces keep their columns: what is judged is text, no step. */
static size_t split(struct loader *l, const struct ini_entry *e, const char *value,
		    struct piece piece[PIECES])
{
	size_t count = 0;

	for (const char *at = value; *at && count < PIECES;) {
		size_t len = strcspn(at, " \t");
		if (len)
			piece[count++] = (struct piece){
				.text = arena_ndup(l->arena, at, len),
				.column = e->column + (int)(at - value),
			};
		at += len + (at[len] != 0);
	}
	return count;
}

/* A code of the rules, or what stands before its dot. */
static bool code_matches(const char *prefix, const char *code)
{
	size_t len = strlen(prefix);

	return starts_with(code, prefix) && (code[len] == 0 || code[len] == '.');
}

static bool check_code(struct loader *l, const struct ini_entry *e, const struct piece *piece)
{
	const struct rule_info *rule;
	size_t count = rule_list(&rule);
	const char **known = arena_array(l->arena, count + 1, sizeof(*known));

	for (size_t i = 0; i < count; i++) {
		if (code_matches(piece->text, rule[i].code))
			return true;
		known[i] = rule[i].code;
	}
	COMPLAIN_AT(l, e, piece->column, "%s is no verdict%s", piece->text,
		    did_you_mean(l->arena, piece->text, known, count));
	return false;
}

static void load_verdict(struct loader *l, const struct ini_entry *e, const char *value)
{
	struct piece piece[PIECES];
	size_t count = split(l, e, value, piece);

	if (count != 3 || !streq(piece[1].text, "on")) {
		COMPLAIN_AT(l, e, e->column,
			    "verdict: CODE on STEP, such as refused.no-listener on carol");
		return;
	}
	check_code(l, e, &piece[0]);
	l->out->expect.verdict = piece[0].text;
	size_t step = step_check(l, e, piece[2].column, piece[2].text);
	if (step == SIZE_MAX)
		return;
	l->out->expect.on = step;
	if (l->step[step].kind && !(l->step[step].kind->flags & STEP_CONNECTS))
		COMPLAIN_AT(l, e, piece[2].column, "%s opens no connection that could be judged",
			    piece[2].text);
	if (step_times(&l->step[step]) > 1)
		COMPLAIN_AT(l, e, piece[2].column,
			    "%s connects %lld times: the step judged connects once", piece[2].text,
			    (long long)step_times(&l->step[step]));
}

static void load_not(struct loader *l, const struct ini_entry *e, const char *value)
{
	struct piece piece[PIECES];
	size_t count = split(l, e, value, piece);
	struct buf codes = { 0 };

	if (count == 0)
		COMPLAIN_AT(l, e, e->column, "not: which look-alikes?");
	for (size_t i = 0; i < count; i++) {
		buf_printf(&codes, "%s%s", i ? " " : "", piece[i].text);
		if (!check_code(l, e, &piece[i]) || !l->out->expect.verdict)
			continue;
		if (code_matches(piece[i].text, l->out->expect.verdict) ||
		    code_matches(l->out->expect.verdict, piece[i].text))
			COMPLAIN_AT(l, e, piece[i].column, "%s is the verdict itself",
				    piece[i].text);
	}
	l->out->expect.not = arena_dup(l->arena, codes.data ? codes.data : "");
	buf_close(&codes);
}

static bool is_captured(const struct loader *l, size_t host)
{
	for (size_t i = 0; i < l->out->ncapture; i++)
		if (l->out->capture[i].host == host)
			return true;
	return false;
}

static void load_wire(struct loader *l, const struct ini_entry *e, const char *value)
{
	const char *at = strchr(e->key, '@');
	struct err why = { 0 };

	if (!*value || wire_match(value, "", &why) < 0)
		COMPLAIN_AT(l, e, e->column, "%s", *value ? why.text : "wire: a pattern is needed");
	if (!at) {
		const struct scenario_expect *expect = &l->out->expect;
		l->out->expect.wire = value;
		/* A step of an unknown host was complained about; its index is none. */
		size_t on = expect->verdict && expect->on < l->out->nstep ? l->step[expect->on].host
									  : SIZE_MAX;
		if (on < l->out->nhost && !is_captured(l, on))
			COMPLAIN_AT(l, e, e->key_column,
				    "wire: nothing is captured on %s: capture there, or remove "
				    "this line",
				    l->host[on].name);
		return;
	}
	size_t host = host_check(l, e, e->key_column + (int)(at - e->key) + 1, at + 1);
	if (host == SIZE_MAX)
		return;
	if (l->out->expect.wire_at_value) {
		COMPLAIN_AT(l, e, e->key_column, "wire@HOST is known once only");
		return;
	}
	if (!is_captured(l, host))
		COMPLAIN_AT(l, e, e->key_column,
			    "%s: nothing is captured on %s: capture there, or remove this line",
			    e->key, at + 1);
	l->out->expect.wire_at_value = value;
	l->out->expect.wire_at = host;
}

void load_expect(struct loader *l)
{
	const struct schema_section *section = schema_section_find("expect");
	const struct ini_entry *verdict = ini_find(&l->flat, "expect", "verdict");
	const char *value;

	l->out->expect.on = SIZE_MAX;
	if (!verdict)
		complaint_add(
		    l->complaints, l->path, 1, 1,
		    "[expect] verdict is missing: a run that asserts nothing proves nothing");
	else if (!verdict->is_bad && (value = value_expand(l, verdict)))
		load_verdict(l, verdict, value);
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "expect") || e == verdict || e->is_bad)
			continue;
		value = value_expand(l, e);
		if (!value)
			continue;
		if (streq(e->key, "wire") || starts_with(e->key, "wire@")) {
			load_wire(l, e, value);
		} else if (streq(e->key, "not")) {
			load_not(l, e, value);
		} else if (streq(e->key, "confidence")) {
			l->out->expect.confidence = value_check(
			    l, e, e->column, &schema_row_find(section, "confidence")->param, value);
		} else {
			static const char *const known[] = { "verdict", "wire", "not",
							     "confidence" };
			COMPLAIN_AT(l, e, e->key_column, "unknown key %s%s", e->key,
				    did_you_mean(l->arena, e->key, known, COUNT(known)));
		}
	}
}
