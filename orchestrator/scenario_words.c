/* A value into words: blanks split, double quotes group, \n \t \\ \xHH only inside them, ${} put in
 * after splitting, so that no parameter can ever become two words. */
#include "scenario_load.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *did_you_mean(struct arena *arena, const char *name, const char *const *names,
			 size_t count)
{
	const char *near = nearest(name, names, count);

	return near ? arena_printf(arena, ": did you mean %s?", near) : "";
}

static const char *param_value(const struct loader *l, const char *name)
{
	for (size_t i = 0; i < l->out->nparam; i++)
		if (streq(l->out->param[i].name, name))
			return l->out->param[i].value;
	return NULL;
}

/* HOST.address or HOST.LINK.address */
static const char *place_value(struct loader *l, const char *name)
{
	const char *dot = strchr(name, '.');
	size_t len = strlen(name), host, link = SIZE_MAX;

	if (!dot || len < 8 || !streq(name + len - 8, ".address"))
		return NULL;
	host = scenario_host_find(l->out, arena_ndup(l->arena, name, (size_t)(dot - name)));
	if (host == SIZE_MAX)
		return NULL;
	if (dot != name + len - 8) {
		const char *word =
		    arena_ndup(l->arena, dot + 1, (size_t)(name + len - 8 - dot - 1));
		for (size_t i = 0; i < l->out->nlink; i++)
			if (streq(l->out->link[i].name, word))
				link = i;
		if (link == SIZE_MAX)
			return NULL;
	}
	return places_address(l->places, host, link);
}

static void complain_unknown(struct loader *l, const struct ini_entry *e, int column,
			     const char *name)
{
	size_t count = 0;
	const char **known =
	    arena_array(l->arena, l->out->nparam + l->out->nhost + 1, sizeof(*known));

	if (strchr(name, '.') && !l->places) {
		COMPLAIN_AT(l, e, column, "${%s}: addresses are not known here yet", name);
		return;
	}
	for (size_t i = 0; i < l->out->nparam; i++)
		known[count++] = l->out->param[i].name;
	for (size_t i = 0; i < l->out->nhost; i++)
		known[count++] = arena_printf(l->arena, "%s.address", l->out->host[i].name);
	COMPLAIN_AT(l, e, column, "${%s} is no parameter%s", name,
		    did_you_mean(l->arena, name, known, count));
}

/* At text[*at] == "${": adds the value, moves behind "}". */
static bool expand_one(struct loader *l, const struct ini_entry *e, size_t *at, struct buf *out)
{
	const char *open = e->value + *at, *close = strchr(open, '}');
	int column = e->column + (int)*at;

	if (!close) {
		COMPLAIN_AT(l, e, column, "${ without }");
		*at += 2;
		return false;
	}
	const char *name = arena_ndup(l->arena, open + 2, (size_t)(close - open - 2));
	const char *value = param_value(l, name);
	if (!value && l->places)
		value = place_value(l, name);
	*at = (size_t)(close - e->value) + 1;
	if (!value) {
		complain_unknown(l, e, column, name);
		return false;
	}
	buf_str(out, value);
	return true;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* At value[*at] == '\\' inside quotes. */
static bool unescape(struct loader *l, const struct ini_entry *e, size_t *at, struct buf *out)
{
	const char *v = e->value + *at;
	int column = e->column + (int)*at;

	if (v[1] == 'x' && hex_digit(v[2]) >= 0 && hex_digit(v[3]) >= 0) {
		int byte = hex_digit(v[2]) * 16 + hex_digit(v[3]);
		*at += 4;
		buf_char(out, (char)byte);
		if (byte != 0)
			return true;
		COMPLAIN_AT(l, e, column, "\\x00 cannot be part of a word");
		return false;
	}
	*at += v[1] ? 2 : 1;
	if (v[1] == 'n' || v[1] == 't' || v[1] == '\\' || v[1] == '"') {
		buf_char(out, (char)(v[1] == 'n' ? '\n' : v[1] == 't' ? '\t' : v[1]));
		return true;
	}
	COMPLAIN_AT(l, e, column, "unknown escape: \\n \\t \\\\ \\\" and \\xHH are known");
	return false;
}

struct splitter {
	struct loader *loader;
	const struct ini_entry *entry;
	size_t at;
	struct buf word, folded;
	bool is_good;
};

/* Adds value[from..at) to the folded line, ${} expanded. */
static void fold(struct splitter *s, size_t from)
{
	for (size_t i = from; i < s->at;) {
		const char *v = s->entry->value;
		size_t next = i;
		if (v[i] == '$' && v[i + 1] == '{' && strchr(v + i, '}') && s->is_good) {
			expand_one(s->loader, s->entry, &next, &s->folded);
			i = next;
		} else {
			buf_char(&s->folded, v[i++]);
		}
	}
}

static void take_quoted(struct splitter *s)
{
	const char *v = s->entry->value;
	int column = s->entry->column + (int)s->at;

	s->at++;
	while (v[s->at] && v[s->at] != '"') {
		if (v[s->at] == '\\')
			s->is_good &= unescape(s->loader, s->entry, &s->at, &s->word);
		else if (v[s->at] == '$' && v[s->at + 1] == '{')
			s->is_good &= expand_one(s->loader, s->entry, &s->at, &s->word);
		else
			buf_char(&s->word, v[s->at++]);
	}
	if (!v[s->at]) {
		COMPLAIN_AT(s->loader, s->entry, column, "the quote is not closed");
		s->is_good = false;
		return;
	}
	s->at++;
	if (v[s->at] && !is_blank(v[s->at])) {
		COMPLAIN_AT(s->loader, s->entry, s->entry->column + (int)s->at,
			    "text right behind a closing quote: put a blank between");
		s->is_good = false;
	}
}

static void take_word(struct splitter *s, struct word *out)
{
	const char *v = s->entry->value;
	size_t from = s->at;

	*out = (struct word){ .column = s->entry->column + (int)from, .is_quoted = v[from] == '"' };
	buf_clear(&s->word);
	while (v[s->at] && !is_blank(v[s->at])) {
		bool may_open = s->at == from || v[s->at - 1] == '=';
		if (v[s->at] == '"' && may_open) {
			take_quoted(s);
		} else if (v[s->at] == '"') {
			COMPLAIN_AT(s->loader, s->entry, s->entry->column + (int)s->at,
				    "a quote inside a word: quote the whole word");
			s->is_good = false;
			s->at++;
		} else if (v[s->at] == '$' && v[s->at + 1] == '{') {
			s->is_good &= expand_one(s->loader, s->entry, &s->at, &s->word);
		} else {
			buf_char(&s->word, v[s->at++]);
		}
	}
	out->text = arena_dup(s->loader->arena, s->word.data ? s->word.data : "");
	fold(s, from);
}

bool words_split(struct loader *loader, const struct ini_entry *entry, struct words *out)
{
	struct splitter s = { .loader = loader, .entry = entry, .is_good = true };

	*out = (struct words){ 0 };
	for (;;) {
		while (is_blank(entry->value[s.at]))
			s.at++;
		if (!entry->value[s.at])
			break;
		if (out->count)
			buf_char(&s.folded, ' ');
		out->at =
		    arena_grow(loader->arena, out->at, out->count, &out->cap, sizeof(*out->at));
		take_word(&s, &out->at[out->count++]);
	}
	out->folded = arena_dup(loader->arena, s.folded.data ? s.folded.data : "");
	buf_close(&s.word);
	buf_close(&s.folded);
	return s.is_good;
}

const char *value_expand(struct loader *loader, const struct ini_entry *entry)
{
	struct buf out = { 0 };
	bool is_good = true;

	for (size_t at = 0; entry->value[at];) {
		if (entry->value[at] == '$' && entry->value[at + 1] == '{')
			is_good &= expand_one(loader, entry, &at, &out);
		else
			buf_char(&out, entry->value[at++]);
	}
	const char *text = is_good ? arena_dup(loader->arena, out.data ? out.data : "") : NULL;
	buf_close(&out);
	return text;
}
