/* Reads a scenario: files merged, then section by section in the order in which they build on each
 * other. Every part complains and goes on, so that one pass tells all. */
#include "scenario.h"

#include <libgen.h>
#include <stdarg.h>

#include "parse.h"
#include "scenario_load.h"

const char *phase_name(enum phase phase)
{
	static const char *const names[] = { "control", "fault", "recovery", "probe" };

	return phase <= PHASE_PROBE ? names[phase] : "";
}

void complaint_add(struct complaints *complaints, const char *path, int line, int column,
		   const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	complaints->at = arena_grow(complaints->arena, complaints->at, complaints->count,
				    &complaints->cap, sizeof(*complaints->at));
	complaints->at[complaints->count++] = (struct complaint){
		.path = path,
		.line = line,
		.column = column,
		.text = arena_dup(complaints->arena, text),
	};
}

static int compare_complaints(const void *a, const void *b)
{
	const struct complaint *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order == 0)
		order = (x->line > y->line) - (x->line < y->line);
	if (order == 0)
		order = (x->column > y->column) - (x->column < y->column);
	return order ? order : strcmp(x->text, y->text);
}

void complaints_sort(struct complaints *complaints)
{
	if (complaints->count > 1)
		qsort(complaints->at, complaints->count, sizeof(*complaints->at),
		      compare_complaints);
}

static void load_needs(struct loader *l, const struct ini_entry *e, const char *value)
{
	const char *known[32];
	size_t count = 0;

	while (count < COUNT(known) && step_need_name(1u << count)) {
		known[count] = step_need_name(1u << count);
		count++;
	}
	for (const char *at = value; *at;) {
		size_t len = strcspn(at, " \t,");
		const char *word = arena_ndup(l->arena, at, len);
		unsigned bit = len ? step_need_bit(word) : 0;
		if (len && !bit)
			COMPLAIN_AT(l, e, e->column + (int)(at - value),
				    "%s is nothing a backend offers%s", word,
				    did_you_mean(l->arena, word, known, count));
		l->out->needs |= bit;
		at += len + (at[len] != 0);
	}
}

/* BACKEND: REASON | BACKEND: REASON */
static void load_not_on(struct loader *l, const struct ini_entry *e, const char *value)
{
	size_t cap = 0;
	struct name_value *list = NULL;

	for (const char *at = value; *at;) {
		size_t len = strcspn(at, "|");
		const char *colon = memchr(at, ':', len), *end = at + len;
		const char *begin = at + strspn(at, " \t");
		at = end + (*end == '|');
		while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		const char *name =
		    colon ? arena_ndup(l->arena, begin, (size_t)(colon - begin)) : "";
		const char *reason = colon ? colon + 1 + strspn(colon + 1, " \t") : end;
		if (!schema_is_backend(name) || reason >= end) {
			COMPLAIN_AT(l, e, e->column,
				    "not-on: BACKEND: REASON, several separated by |; "
				    "backends are loopback, netns, ssh and aws");
			return;
		}
		list = arena_grow(l->arena, list, l->out->nnot_on, &cap, sizeof(*list));
		list[l->out->nnot_on++] = (struct name_value){
			.name = name,
			.value = arena_ndup(l->arena, reason, (size_t)(end - reason)),
			.line = e->line,
			.column = e->column,
		};
	}
	l->out->not_on = list;
}

static void take_lab(struct loader *l, const struct ini_entry *e, const char *value)
{
	struct scenario *out = l->out;

	if (streq(e->key, "title"))
		out->title = value;
	else if (streq(e->key, "about"))
		out->about = value;
	else if (streq(e->key, "family"))
		out->family = value;
	else if (streq(e->key, "level"))
		out->level = value;
	else if (streq(e->key, "see"))
		out->see = value;
	else if (streq(e->key, "needs"))
		load_needs(l, e, value);
	else if (streq(e->key, "not-on"))
		load_not_on(l, e, value);
	else if (streq(e->key, "time-limit"))
		parse_int(value, 0, INT64_MAX, &out->time_limit_ns);
}

void load_lab(struct loader *l)
{
	const struct schema_section *section = schema_section_find("lab");
	const char *known[32];
	size_t count = 0;

	l->out->time_limit_ns = (int64_t)60 * 1000000000;
	l->out->level = "basic";
	for (const struct schema_row *r = section->rows; r->param.name; r++) {
		known[count++] = r->param.name;
		if (r->param.is_required && !ini_find(&l->flat, "lab", r->param.name))
			complaint_add(l->complaints, l->path, 1, 1, "[lab] %s is missing: %s = %s",
				      r->param.name, r->param.name, r->form_text);
	}
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "lab"))
			continue;
		const struct schema_row *row = schema_row_find(section, e->key);
		if (!row) {
			COMPLAIN_AT(l, e, e->key_column, "unknown key %s%s", e->key,
				    did_you_mean(l->arena, e->key, known, count));
			continue;
		}
		const char *value = e->is_bad ? NULL : value_expand(l, e);
		if (value && !*value)
			COMPLAIN_AT(l, e, e->column, "%s: a value is needed", e->key);
		else if (value)
			value = value_check(l, e, e->column, &row->param, value);
		if (value)
			take_lab(l, e, value);
	}
	if (l->out->time_limit_ns < 1000000000 ||
	    l->out->time_limit_ns > (int64_t)3600 * 1000000000) {
		const struct ini_entry *e = ini_find(&l->flat, "lab", "time-limit");
		COMPLAIN_AT(l, e, e->column, "time-limit: 1s to 60m");
	}
}

static void load_params(struct loader *l)
{
	struct name_value *param = arena_array(l->arena, l->flat.nentry + 1, sizeof(*param));

	l->out->param = param;
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "params"))
			continue;
		if (!name_is_plain(e->key, "_"))
			COMPLAIN_AT(l, e, e->key_column,
				    "%s is no parameter name: a to z, 0 to 9, - and _", e->key);
		if (!*e->value && !e->is_bad)
			COMPLAIN_AT(l, e, e->column, "%s: a value is needed", e->key);
		if (strpbrk(e->value, "$\""))
			COMPLAIN_AT(l, e, e->column, "%s: a parameter holds neither ${} nor quotes",
				    e->key);
		param[l->out->nparam++] = (struct name_value){
			.name = e->key,
			.value = e->value,
			.line = e->line,
			.column = e->column,
		};
	}
}

static const char *name_of(struct loader *l, const char *path)
{
	const char *base = basename(arena_dup(l->arena, path));
	size_t len = strlen(base);

	return len > 4 && streq(base + len - 4, ".ini") ? arena_ndup(l->arena, base, len - 4)
							: base;
}

/* It names the run's directory, which people paste into a shell. */
static void check_name(struct loader *l)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.";
	const char *name = l->out->name;
	size_t len = strlen(name);

	if (len == 0 || len > 64 || strspn(name, known) != len || *name == '.' || *name == '-')
		complaint_add(l->complaints, l->path, 1, 1,
			      "the file's name is the scenario's: a letter or digit, then also "
			      "- _ and ., at most 64");
}

/* Of machines that are there; a file that is wrong so far has no machines yet. */
static int place_machines(struct loader *l, struct err *err)
{
	struct scenario *s = l->out;

	if (!l->options || !l->options->machines || l->complaints->count > 0)
		return 0;
	struct scenario_host *host = arena_array(l->arena, s->nhost + 1, sizeof(*host));
	const char **address = arena_array(l->arena, s->nhost + 1, sizeof(const char *));
	if (l->options->machines(l->options->context, s, address, err) < 0)
		return -1;
	for (size_t i = 0; i < s->nhost; i++) {
		host[i] = s->host[i];
		host[i].machine = address[i];
	}
	s->host = host;
	return 0;
}

int scenario_load(struct scenario *out, const char *path, const struct scenario_options *options,
		  struct arena *arena, struct complaints *complaints, struct err *err)
{
	struct loader l = { .out = out,
			    .options = options,
			    .arena = arena,
			    .path = arena_dup(arena, path),
			    .complaints = complaints };
	struct places places;
	size_t before;

	*out = (struct scenario){ .path = l.path };
	*err = (struct err){ .kind = ERR_NONE };
	if (!complaints->arena)
		complaints->arena = arena;
	before = complaints->count;
	out->name = name_of(&l, path);
	check_name(&l);
	if (merge_files(&l, err) < 0)
		return -1;
	if (complaints->count > before && l.flat.nentry == 0)
		return -1; /* nothing could be read: what is missing in it is not known */
	load_params(&l);
	load_hosts(&l);
	load_links(&l);
	if (place_machines(&l, err) < 0)
		return -1;
	places_choose(&places, out, options ? options->backend : NULL, arena, complaints);
	l.places = &places;
	load_lab(&l);
	load_names(&l);
	load_captures(&l);
	load_steps(&l);
	load_expect(&l);
	if (complaints->count == before)
		return 0;
	complaints_sort(complaints);
	return -1;
}

size_t scenario_step_find(const struct scenario *scenario, const char *name)
{
	for (size_t i = 0; i < scenario->nstep; i++)
		if (streq(scenario->step[i].name, name))
			return i;
	return SIZE_MAX;
}

bool scenario_has_resolver(const struct scenario *scenario)
{
	for (size_t i = 0; i < scenario->nhost; i++)
		if (scenario->host[i].resolver)
			return true;
	return false;
}

/* A group whose count= was complained about is one host, which goes by the names of all. */
static bool is_called(const struct scenario_host *host, const char *name)
{
	size_t len = strlen(host->name);

	if (streq(host->name, name))
		return true;
	return host->group && streq(host->group, host->name) && starts_with(name, host->name) &&
	       name[len] == '-' && name[len + 1 + strspn(name + len + 1, "0123456789")] == 0;
}

size_t scenario_host_find(const struct scenario *scenario, const char *name)
{
	for (size_t i = 0; i < scenario->nhost; i++)
		if (is_called(&scenario->host[i], name))
			return i;
	return SIZE_MAX;
}

size_t scenario_hosts_find(const struct scenario *scenario, const char *name, size_t *count)
{
	size_t first = SIZE_MAX;

	*count = 0;
	for (size_t i = 0; i < scenario->nhost; i++) {
		const struct scenario_host *host = &scenario->host[i];
		if (!streq(host->group ? host->group : host->name, name) &&
		    !streq(host->name, name))
			continue;
		if ((*count)++ == 0)
			first = i;
	}
	return first;
}

size_t scenario_group_len(const struct scenario *scenario, const size_t *host, size_t count)
{
	const char *group = scenario->host[host[0]].group;
	size_t all;

	if (!group || scenario_hosts_find(scenario, group, &all) != host[0] || all > count)
		return 1;
	for (size_t i = 1; i < all; i++)
		if (host[i] != host[0] + i)
			return 1;
	return all;
}

const char *step_arg(const struct scenario_step *step, const char *name)
{
	for (size_t i = 0; i < step->narg; i++)
		if (streq(step->arg[i].name, name))
			return step->arg[i].value;
	return NULL;
}

int64_t step_times(const struct scenario_step *step)
{
	const char *text = step_arg(step, "times");
	int64_t times;

	return text && parse_int(text, 1, INT64_MAX, &times) == 0 ? times : 0;
}
