/* Words of an item to the rows of its section: addresses by their place, flags, name=value. */
#include "scenario_item.h"

#include "parse.h"

static const char *known_options(struct loader *l, const struct schema_row *rows, const char *word)
{
	const char *known[ITEM_OPTIONS];
	size_t count = 0;

	for (const struct schema_row *r = rows; r->param.name && count < ITEM_OPTIONS; r++)
		if (r->form == ROW_OPTION || r->form == ROW_OPTIONS || r->form == ROW_FLAG)
			known[count++] = r->param.name;
	return did_you_mean(l->arena, word, known, count);
}

static void take(struct loader *l, struct item *item, size_t row, const char *text, int column)
{
	const struct schema_row *r = &item->rows[row];

	if (r->not_yet) {
		COMPLAIN_AT(l, item->entry, column, "%s: not yet: %s", r->param.name, r->not_yet);
		item->is_good = false;
		return;
	}
	if (item->value[row].value) {
		COMPLAIN_AT(l, item->entry, column, "%s is given twice", r->param.name);
		item->is_good = false;
		return;
	}
	text = value_check(l, item->entry, column, &r->param, text);
	item->value[row] = (struct option_value){ .value = text, .column = column };
	item->is_good &= text != NULL;
}

static void take_word(struct loader *l, struct item *item, size_t at)
{
	const struct word *w = &item->words.at[at];
	const char *equals = w->is_quoted ? NULL : strchr(w->text, '=');
	size_t len = equals ? (size_t)(equals - w->text) : strlen(w->text);
	const char *name = arena_ndup(l->arena, w->text, len);

	for (size_t i = 0; item->rows[i].param.name; i++) {
		const struct schema_row *r = &item->rows[i];
		size_t rlen = strlen(r->param.name);
		if ((r->form == ROW_OPTION && equals && streq(name, r->param.name)) ||
		    (r->form == ROW_FLAG && !equals && streq(name, r->param.name))) {
			take(l, item, i, equals ? equals + 1 : name,
			     w->column + (equals ? (int)len + 1 : 0));
			return;
		}
		if (r->form == ROW_OPTIONS && equals && streq(name, r->param.name)) {
			item->prefix[item->nprefix++] = at;
			return;
		}
		if (r->form == ROW_OPTION && !equals && streq(name, r->param.name)) {
			COMPLAIN_AT(l, item->entry, w->column, "%s: a value is needed: %s=%s", name,
				    name, r->form_text);
			item->is_good = false;
			return;
		}
		if (r->form == ROW_PREFIX && equals && len > rlen + 1 &&
		    starts_with(name, r->param.name) && name[rlen] == '.') {
			item->prefix[item->nprefix++] = at;
			return;
		}
		if (r->form == ROW_BARES && !equals) {
			item->bare[item->nbare++] = at;
			return;
		}
		if (r->form == ROW_BARE && !equals && !item->value[i].value &&
		    !*known_options(l, item->rows, name)) {
			take(l, item, i, w->text, w->column);
			return;
		}
	}
	COMPLAIN_AT(l, item->entry, w->column, "%s is unknown in [%s]%s", name,
		    item->entry->section, known_options(l, item->rows, name));
	item->is_good = false;
}

bool item_read(struct loader *l, const struct ini_entry *entry, struct item *out)
{
	return item_read_by(l, entry, schema_section_find(entry->section)->rows, out);
}

bool item_read_by(struct loader *l, const struct ini_entry *entry, const struct schema_row *rows,
		  struct item *out)
{
	*out = (struct item){ .entry = entry, .is_good = true, .rows = rows };
	if (entry->is_bad)
		return false;
	if (!words_split(l, entry, &out->words)) {
		out->words.count = 0;
		out->is_good = false;
	}
	out->bare = arena_array(l->arena, out->words.count + 1, sizeof(*out->bare));
	out->prefix = arena_array(l->arena, out->words.count + 1, sizeof(*out->prefix));
	for (size_t i = 0; i < out->words.count; i++)
		take_word(l, out, i);
	return out->is_good;
}

const struct option_value *item_get(const struct item *item, const char *name)
{
	static const struct option_value absent = { .value = NULL };

	for (size_t i = 0; item->rows[i].param.name; i++)
		if (streq(item->rows[i].param.name, name))
			return &item->value[i];
	return &absent;
}

int64_t item_number(const struct item *item, const char *name)
{
	const char *text = item_get(item, name)->value;
	int64_t value = 0;

	if (text)
		parse_int(text, 0, INT64_MAX, &value);
	return value;
}

size_t entries_count(const struct loader *l, const char *section)
{
	size_t count = 0;

	for (size_t i = 0; i < l->flat.nentry; i++)
		count += streq(l->flat.entry[i].section, section);
	return count;
}
