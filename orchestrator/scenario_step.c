/* A step: NAME = SUBJECT VERB WORD... [key=value...] [-> RESULT [within TIME]] [&]. The table of
 * verbs says what may stand where. */
#include "cloud_fault.h"
#include "scenario_load.h"

enum {
	PARAMS = 32
};

struct line { /* one step while it is read */
	const struct ini_entry *entry;
	struct words words;
	size_t action_end; /* words before -> */
	size_t result_at;  /* first word behind ->; SIZE_MAX: none */
	bool is_good;
};

#define FAIL(l, line, column, ...)                                                                 \
	do {                                                                                       \
		COMPLAIN_AT(l, (line)->entry, column, __VA_ARGS__);                                \
		(line)->is_good = false;                                                           \
	} while (0)

static bool is_sign(const struct word *word, const char *sign)
{
	return !word->is_quoted && streq(word->text, sign);
}

static void find_parts(struct loader *l, struct line *line, struct scenario_step *step)
{
	size_t end = line->words.count;

	if (end > 0 && is_sign(&line->words.at[end - 1], "&")) {
		step->is_background = true;
		end--;
	}
	line->action_end = end;
	line->result_at = SIZE_MAX;
	for (size_t i = 0; i < end; i++) {
		if (is_sign(&line->words.at[i], "&"))
			FAIL(l, line, line->words.at[i].column, "& stands at the end of a step");
		if (!is_sign(&line->words.at[i], "->") || line->result_at != SIZE_MAX)
			continue;
		line->action_end = i;
		line->result_at = i + 1;
	}
	line->words.count = end;
	if (step->is_background && line->result_at != SIZE_MAX)
		FAIL(l, line, line->words.at[line->result_at - 1].column,
		     "a step in the background has no result of its own: wait %s -> ...",
		     step->name);
}

static const struct step_kind *find_kind(struct loader *l, struct line *line,
					 const struct word *word)
{
	const struct step_kind *kind = step_kind_find(word->text);
	const char *known[64];
	size_t count = 0;

	if (kind)
		return kind;
	for (size_t i = 0; step_kinds[i] && count < COUNT(known); i++)
		known[count++] = step_kinds[i]->name;
	FAIL(l, line, word->column, "unknown verb %s%s", word->text,
	     did_you_mean(l->arena, word->text, known, count));
	return NULL;
}

/* The subject of a verb that takes a host, or an earlier step. */
static void find_subject(struct loader *l, struct line *line, struct scenario_step *step)
{
	const struct word *word = &line->words.at[0];
	const struct step_kind *kind = step->kind;
	size_t at;

	if (kind->subject == SUBJECT_HOST) {
		at = scenario_host_find(l->out, word->text);
		if (at == SIZE_MAX && scenario_step_find(l->out, word->text) != SIZE_MAX) {
			FAIL(l, line, word->column, "%s: the subject is a host, %s is a step",
			     kind->name, word->text);
			return;
		}
		at = host_check(l, line->entry, word->column, word->text);
		step->host = at == SIZE_MAX ? 0 : at;
		line->is_good &= at != SIZE_MAX;
		return;
	}
	if (scenario_host_find(l->out, word->text) != SIZE_MAX) {
		FAIL(l, line, word->column, "%s: the subject is an earlier step, %s is a host",
		     kind->name, word->text);
		return;
	}
	at = step_check(l, line->entry, word->column, word->text);
	if (at == SIZE_MAX) {
		line->is_good = false;
		return;
	}
	const struct scenario_step *subject = &l->step[at];
	step->subject = at;
	step->host = subject->host;
	if (!subject->kind)
		return;
	const char *keep = step_arg(subject, "keep");
	if (!(subject->kind->flags & (STEP_CONNECTS | STEP_SERVES)))
		FAIL(l, line, word->column, "%s is a %s: it holds no connection", word->text,
		     subject->kind->name);
	else if (keep && streq(keep, "no"))
		FAIL(l, line, word->column, "%s does not keep its connection: give it keep=yes",
		     word->text);
}

/* What a step named by a parameter must be. */
static void check_target(struct loader *l, struct line *line, struct scenario_step *step,
			 int column, size_t at)
{
	const struct scenario_step *target = &l->step[at];

	if (step->kind->subject == SUBJECT_NONE)
		step->host = target->host;
	if (!target->kind) { /* complained about already */
		l->is_waited[at] = true;
		return;
	}
	if (streq(step->kind->name, "heal")) {
		if (!(target->kind->flags & STEP_FAULT))
			FAIL(l, line, column, "%s breaks nothing that could be healed",
			     target->name);
		else if (l->is_healed[at])
			FAIL(l, line, column, "%s is healed already", target->name);
		l->is_healed[at] = true;
	} else if (streq(step->kind->name, "wait")) {
		if (!target->is_background)
			FAIL(l, line, column, "%s is not in the background: it ends in no &",
			     target->name);
		else if (l->is_waited[at])
			FAIL(l, line, column, "%s was waited for already", target->name);
		l->is_waited[at] = true;
	} else if (target->host != step->host) {
		FAIL(l, line, column, "%s runs on %s, not on %s", target->name,
		     l->host[target->host].name, l->host[step->host].name);
	} else if (streq(step->kind->name, "tcp.stop") && !(target->kind->flags & STEP_SERVES)) {
		FAIL(l, line, column, "%s is no server", target->name);
	}
}

static void set_arg(struct loader *l, struct line *line, struct scenario_step *step,
		    const char **value, size_t i, const char *text, int column)
{
	const struct param *param = &step->kind->params[i];
	size_t at;

	if (value[i]) {
		FAIL(l, line, column, "%s is given twice", param->name);
		return;
	}
	value[i] = value_check(l, line->entry, column, param, text);
	if (!value[i]) {
		value[i] = "";
		line->is_good = false;
		return;
	}
	if (param->kind != PARAM_STEP)
		return;
	at = step_check(l, line->entry, column, text);
	if (at == SIZE_MAX) {
		line->is_good = false;
		return;
	}
	step->subject = at;
	check_target(l, line, step, column, at);
}

/* NAME=VALUE of a parameter that is not positional: its index; SIZE_MAX otherwise. */
static size_t named_param(const struct step_kind *kind, const struct word *word)
{
	const char *equals = word->is_quoted ? NULL : strchr(word->text, '=');

	for (size_t i = 0; equals && kind->params && kind->params[i].name; i++) {
		size_t len = strlen(kind->params[i].name);
		if (!kind->params[i].is_positional && len == (size_t)(equals - word->text) &&
		    memcmp(word->text, kind->params[i].name, len) == 0)
			return i;
	}
	return SIZE_MAX;
}

static void complain_extra(struct loader *l, struct line *line, const struct step_kind *kind,
			   const struct word *word)
{
	const char *known[PARAMS], *equals = word->is_quoted ? NULL : strchr(word->text, '=');
	size_t count = 0;

	for (size_t i = 0; kind->params && kind->params[i].name && count < PARAMS; i++)
		if (!kind->params[i].is_positional)
			known[count++] = kind->params[i].name;
	if (!equals) {
		FAIL(l, line, word->column, "%s: %s is one word too many", kind->name, word->text);
		return;
	}
	const char *name = arena_ndup(l->arena, word->text, (size_t)(equals - word->text));
	FAIL(l, line, word->column, "%s has no parameter %s%s", kind->name, name,
	     did_you_mean(l->arena, name, known, count));
}

static void read_args(struct loader *l, struct line *line, struct scenario_step *step, size_t at)
{
	const struct step_kind *kind = step->kind;
	const char *value[PARAMS] = { NULL };
	size_t nparam = 0, next = 0;
	bool was_good = line->is_good;

	while (kind->params && kind->params[nparam].name && nparam < PARAMS)
		nparam++;
	for (; at < line->action_end; at++) {
		const struct word *word = &line->words.at[at];
		size_t named = named_param(kind, word);
		if (named != SIZE_MAX) {
			size_t len = strlen(kind->params[named].name) + 1;
			set_arg(l, line, step, value, named, word->text + len,
				word->column + (int)len);
			continue;
		}
		while (next < nparam && !kind->params[next].is_positional)
			next++;
		if (next == nparam) {
			complain_extra(l, line, kind, word);
			continue;
		}
		const char *text = word->text;
		if (kind->params[next].kind == PARAM_REST)
			for (; at + 1 < line->action_end; at++)
				text = arena_printf(l->arena, "%s %s", text,
						    line->words.at[at + 1].text);
		set_arg(l, line, step, value, next++, text, word->column);
	}
	struct name_value *arg = arena_array(l->arena, nparam + 1, sizeof(*arg));
	step->arg = arg;
	for (size_t i = 0; i < nparam; i++) {
		const struct param *param = &kind->params[i];
		if (!value[i] && param->fallback)
			value[i] = value_check(l, line->entry, line->entry->column, param,
					       param->fallback);
		if (value[i])
			arg[step->narg++] =
			    (struct name_value){ .name = param->name, .value = value[i] };
		else if (param->is_required && was_good)
			FAIL(l, line, line->entry->column, "%s needs %s: %s", kind->name,
			     param->name, param->text);
	}
}

/* Only one connection can be kept: a subject names one. */
static void check_times(struct loader *l, struct line *line, const struct scenario_step *step)
{
	const char *keep = step_arg(step, "keep");

	if (step_times(step) < 2 || !keep || !streq(keep, "yes"))
		return;
	for (size_t i = 0; i < line->action_end; i++)
		if (starts_with(line->words.at[i].text, "keep="))
			FAIL(l, line, line->words.at[i].column,
			     "keep=yes holds one connection, and times= makes %lld",
			     (long long)step_times(step));
}

static void check_cloud(struct loader *l, struct line *line, const struct scenario_step *step)
{
	const char *what = step_arg(step, "what"), *how = step_arg(step, "how");
	const char *from = step_arg(step, "from");
	size_t at = from ? scenario_host_find(l->out, from) : SIZE_MAX;
	enum cloud_kind kind;
	struct err err;

	if (!streq(step->kind->name, "cloud") || !line->is_good)
		return;
	if (what && how && cloud_kind_of(what, how, &kind, &err) < 0)
		FAIL(l, line, line->entry->column, "%s", err.text);
	if (from && (at == SIZE_MAX || at == step->host))
		FAIL(l, line, line->entry->column, "from=%s is no other host", from);
	if (!from && l->out->nhost < 2)
		FAIL(l, line, line->entry->column, "cloud needs another host, which tries");
}

static void read_result(struct loader *l, struct line *line, struct scenario_step *step)
{
	const struct step_kind *kind = step->kind;
	const struct scenario_step *played = step;

	if (streq(kind->name, "wait")) { /* the result is that of the step waited for */
		played = step->subject == SIZE_MAX ? NULL : &l->step[step->subject];
		kind = played ? played->kind : NULL;
	}
	if (kind)
		step->expect.times = step_times(played);
	if (kind && line->result_at != SIZE_MAX)
		load_result(l, line->entry, &line->words, line->result_at, kind, &step->expect);
}

void load_step(struct loader *l, const struct ini_entry *e, struct scenario_step *step)
{
	struct line line = { .entry = e, .is_good = true };
	size_t at = 1;

	if (!words_split(l, e, &line.words))
		return;
	step->words = line.words.folded;
	find_parts(l, &line, step);
	if (!line.is_good)
		return;
	if (line.action_end == 0) {
		COMPLAIN_AT(l, e, e->column,
			    "a step is SUBJECT VERB ..., or heal STEP, or wait STEP");
		return;
	}
	const struct step_kind *kind = step_kind_find(line.words.at[0].text);
	if (kind && kind->subject != SUBJECT_NONE) {
		COMPLAIN_AT(l, e, line.words.at[0].column, "%s needs a subject in front: %s %s ...",
			    kind->name, kind->subject == SUBJECT_HOST ? "HOST" : "STEP",
			    kind->name);
		return;
	}
	if (!kind) {
		if (line.action_end < 2) {
			COMPLAIN_AT(l, e, line.words.at[0].column,
				    "%s does what? A verb is missing", line.words.at[0].text);
			return;
		}
		kind = find_kind(l, &line, &line.words.at[1]);
		if (kind && kind->subject == SUBJECT_NONE) {
			COMPLAIN_AT(l, e, line.words.at[0].column, "%s takes no subject: %s STEP",
				    kind->name, kind->name);
			return;
		}
		at = 2;
	}
	if (!kind) { /* the subject is checked all the same: all complaints in one pass */
		if (scenario_step_find(l->out, line.words.at[0].text) == SIZE_MAX)
			host_check(l, e, line.words.at[0].column, line.words.at[0].text);
		return;
	}
	step->kind = kind;
	if (kind->subject != SUBJECT_NONE)
		find_subject(l, &line, step);
	read_args(l, &line, step, at);
	check_times(l, &line, step);
	check_cloud(l, &line, step);
	if (step->is_background && !(kind->flags & STEP_ACTOR))
		COMPLAIN_AT(l, e, e->column, "%s cannot go on in the background", kind->name);
	read_result(l, &line, step);
	l->out->needs |= kind->needs;
}
