/* `extends`, `key@backend` and --set turn files into one flat list of entries; which is also what
 * `lab show --resolved` prints and the run directory keeps. */
#include "scenario_load.h"

#include <libgen.h>
#include <sys/stat.h>

enum {
	EXTENDS_DEPTH = 8
};

struct chain {
	size_t count;
	struct ini file[EXTENDS_DEPTH]; /* the child first */
	const char *path[EXTENDS_DEPTH];
	struct stat id[EXTENDS_DEPTH];
};

static bool is_phase(const char *section)
{
	const struct schema_section *s = schema_section_find(section);

	return s && s->form == SECTION_STEPS;
}

/* Next to the child first, so that a copied folder stays whole. */
static int parent_path(struct loader *l, const char *child, const char *name, const char **out,
		       struct err *err)
{
	const char *dir = dirname(arena_dup(l->arena, child));
	size_t len = strlen(name);
	bool is_file = strchr(name, '/') || (len > 4 && streq(name + len - 4, ".ini"));
	const char *near =
	    name[0] == '/' ? name
			   : arena_printf(l->arena, "%s/%s%s", dir, name, is_file ? "" : ".ini");

	*out = near;
	if (is_file || access(near, F_OK) == 0)
		return 0;
	return scenario_find(name, out, l->arena, err);
}

/* The chain from the child up. -1: the child itself could not be read. */
static int read_chain(struct loader *l, struct chain *chain, struct err *err)
{
	const char *path = l->path;
	const struct ini_entry *extends = NULL;

	for (;;) {
		struct ini *ini = &chain->file[chain->count];
		struct err why = { 0 };
		if (ini_read(ini, path, l->arena, l->complaints, &why) < 0) {
			if (!extends) {
				*err = why;
				return -1;
			}
			COMPLAIN_AT(l, extends, extends->column, "extends: %s", why.text);
			return 0;
		}
		if (stat(path, &chain->id[chain->count]) < 0)
			return err_sys(err, "%s", path);
		for (size_t i = 0; i < chain->count; i++) {
			if (!extends || chain->id[i].st_dev != chain->id[chain->count].st_dev ||
			    chain->id[i].st_ino != chain->id[chain->count].st_ino)
				continue;
			COMPLAIN_AT(l, extends, extends->column,
				    "extends goes in a circle: %s is "
				    "its own ancestor",
				    path);
			return 0;
		}
		chain->path[chain->count++] = path;
		extends = ini_find(ini, "lab", "extends");
		if (!extends || extends->is_bad)
			return 0;
		if (chain->count == EXTENDS_DEPTH) {
			COMPLAIN_AT(l, extends, extends->column,
				    "extends goes deeper than %d files", EXTENDS_DEPTH);
			return 0;
		}
		if (parent_path(l, path, extends->value, &path, &why) < 0) {
			COMPLAIN_AT(l, extends, extends->column, "extends: %s", why.text);
			return 0;
		}
	}
}

static void drop_entry(struct ini *ini, struct ini_entry *entry)
{
	size_t at = (size_t)(entry - ini->entry);

	memmove(entry, entry + 1, (ini->nentry - at - 1) * sizeof(*entry));
	ini->nentry--;
}

static void drop_phase(struct ini *ini, const char *section)
{
	size_t kept = 0;

	for (size_t i = 0; i < ini->nentry; i++)
		if (!streq(ini->entry[i].section, section))
			ini->entry[kept++] = ini->entry[i];
	ini->nentry = kept;
}

/* Lays `child` over what was merged so far. */
static void merge_one(struct loader *l, const struct ini *child)
{
	struct ini *flat = &l->flat;

	for (size_t i = 0; i < child->nsection; i++)
		if (is_phase(child->section[i].name))
			drop_phase(flat, child->section[i].name);
	for (size_t i = 0; i < child->nentry; i++) {
		const struct ini_entry *e = &child->entry[i];
		struct ini_entry *old = ini_find(flat, e->section, e->key);
		if (streq(e->section, "lab") && streq(e->key, "extends"))
			continue;
		if (streq(e->value, "-")) {
			if (old)
				drop_entry(flat, old);
			else
				COMPLAIN_AT(l, e, e->key_column,
					    "%s = - removes nothing: no such name is inherited",
					    e->key);
		} else if (old) {
			*old = *e;
		} else {
			ini_add(flat, e, l->arena);
		}
	}
}

/* `key@backend`: takes the place of `key` there, and is nothing elsewhere. */
static void choose_backend(struct loader *l)
{
	struct ini *flat = &l->flat;
	const char *backend = l->options ? l->options->backend : NULL;

	for (size_t i = 0; i < flat->nentry; i++) {
		const struct ini_entry *e = &flat->entry[i];
		const char *at = strchr(e->key, '@');
		if (!at || !schema_is_backend(at + 1))
			continue;
		const char *key = arena_ndup(l->arena, e->key, (size_t)(at - e->key));
		struct ini_entry *plain = ini_find(flat, e->section, key);
		if (!plain) {
			COMPLAIN_AT(l, e, e->key_column, "%s replaces nothing: there is no %s",
				    e->key, key);
		} else if (backend && streq(at + 1, backend)) {
			*plain = *e;
			plain->key = key;
		}
	}
}

static void drop_backend_keys(struct ini *flat)
{
	size_t kept = 0;

	for (size_t i = 0; i < flat->nentry; i++) {
		const char *at = strchr(flat->entry[i].key, '@');
		if (!at || !schema_is_backend(at + 1))
			flat->entry[kept++] = flat->entry[i];
	}
	flat->nentry = kept;
}

/* The printed form must read back as the same value. */
static int check_set(const struct name_value *set, struct err *err)
{
	size_t len = strlen(set->value);

	for (const char *c = set->value; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || strchr(";#\"$", *c))
			return err_set(err, ERR_USAGE,
				       "--set %s: a value holds no control bytes "
				       "and none of ; # \" $",
				       set->name);
	if (len == 0 || len > 256 || set->value[0] == ' ' || set->value[len - 1] == ' ' ||
	    set->value[0] == '\'' || set->value[len - 1] == '\\' || streq(set->value, "-"))
		return err_set(err, ERR_USAGE, "--set %s: %s is no value for a parameter",
			       set->name, len ? "this" : "nothing");
	return 0;
}

static int no_parameter(struct loader *l, const char *name, struct err *err)
{
	const char **known = arena_array(l->arena, l->flat.nentry + 1, sizeof(*known));
	const char *list = "";
	size_t count = 0;

	for (size_t i = 0; i < l->flat.nentry; i++) {
		if (!streq(l->flat.entry[i].section, "params"))
			continue;
		list =
		    arena_printf(l->arena, "%s%s%s", list, count ? ", " : "", l->flat.entry[i].key);
		known[count++] = l->flat.entry[i].key;
	}
	const char *near = did_you_mean(l->arena, name, known, count);
	if (!*near)
		near = count ? arena_printf(l->arena, " (there is %s)", list) : ", it has none";
	return err_set(err, ERR_USAGE, "%s: --set %s: no such parameter%s", l->path, name, near);
}

static int put_sets(struct loader *l, struct err *err)
{
	if (!l->options)
		return 0;
	for (size_t i = 0; i < l->options->nset; i++) {
		const struct name_value *set = &l->options->set[i];
		struct ini_entry *entry = ini_find(&l->flat, "params", set->name);
		if (check_set(set, err) < 0)
			return -1;
		if (!entry)
			return no_parameter(l, set->name, err);
		entry->value = set->value;
	}
	return 0;
}

static void check_sections(struct loader *l, const struct ini *ini, const char *path)
{
	const char *known[INI_SECTIONS], *last = NULL;
	size_t count = 0;
	int last_at = -1;

	for (const struct schema_section *s = schema; s->name; s++)
		known[count++] = s->name;
	for (size_t i = 0; i < ini->nsection; i++) {
		const struct ini_section *section = &ini->section[i];
		const struct schema_section *s = schema_section_find(section->name);
		if (!s) {
			complaint_add(l->complaints, path, section->line, 1,
				      "unknown section [%s]%s", section->name,
				      did_you_mean(l->arena, section->name, known, count));
		} else if (s->form == SECTION_STEPS) {
			if ((int)(s - schema) < last_at)
				complaint_add(l->complaints, path, section->line, 1,
					      "[%s] is played before [%s]: put it first", s->name,
					      last);
			last = s->name;
			last_at = (int)(s - schema);
		}
	}
}

static const char *merge_source(const struct ini *flat, const char *name, struct arena *arena)
{
	struct buf out = { 0 };

	buf_printf(&out, "# %s, flat: all that it extends is in here\n", name);
	for (const struct schema_section *s = schema; s->name; s++) {
		int width = 0;
		bool is_open = false;
		for (size_t i = 0; i < flat->nentry; i++) {
			int len = (int)strlen(flat->entry[i].key);
			if (streq(flat->entry[i].section, s->name) && len > width && len <= 20)
				width = len;
		}
		for (size_t i = 0; i < flat->nentry; i++) {
			const struct ini_entry *e = &flat->entry[i];
			if (!streq(e->section, s->name))
				continue;
			if (!is_open)
				buf_printf(&out, "\n[%s]\n", s->name);
			is_open = true;
			if (strlen(e->value) + 30 > INI_LINE)
				buf_printf(&out, "%s=%s\n", e->key, e->value);
			else if (*e->value)
				buf_printf(&out, "%-*s = %s\n", width, e->key, e->value);
			else
				buf_printf(&out, "%-*s =\n", width, e->key);
		}
	}
	const char *text = arena_dup(arena, out.data);
	buf_close(&out);
	return text;
}

int merge_files(struct loader *loader, struct err *err)
{
	struct chain chain = { .count = 0 };
	bool has_backend = loader->options && loader->options->backend;

	if (read_chain(loader, &chain, err) < 0)
		return -1;
	for (size_t i = chain.count; i-- > 0;) {
		check_sections(loader, &chain.file[i], chain.path[i]);
		merge_one(loader, &chain.file[i]);
	}
	if (put_sets(loader, err) < 0)
		return -1;
	choose_backend(loader);
	if (has_backend)
		drop_backend_keys(&loader->flat);
	loader->out->source = merge_source(&loader->flat, loader->out->name, loader->arena);
	drop_backend_keys(&loader->flat);
	return 0;
}
