/* The same strict scan and the same words as a scenario's; what [defaults] says is as if it stood
 * in each line that does not say it. */
#include "inventory.h"

#include "parse.h"
#include "scenario_item.h"

#define OPTION(word, how, text_, ...)                                                              \
	{                                                                                          \
		.form = ROW_OPTION, .form_text = how, .param = {                                   \
			.name = word,                                                              \
			.text = text_,                                                             \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define OF_ALL                                                                                     \
	OPTION("user", "NAME", "who logs in; your own name when absent", .kind = PARAM_WORD),      \
	    OPTION("port", "PORT", "of its sshd", .kind = PARAM_PORT, .fallback = "22"),           \
	    OPTION(                                                                                \
		"jump", "MACHINE",                                                                 \
		"through which it is reached: a machine of this file, an alias, user@host:port "   \
		"or none",                                                                         \
		.kind = PARAM_WORD),                                                               \
	    OPTION("transport", "KIND", "how it is reached; as it needs when absent",              \
		   .kind = PARAM_CHOICE, .choices = "libssh2 openssh")

static const struct schema_row machine_rows[] = {
	{ .form = ROW_BARE,
	  .form_text = "ADDRESS",
	  .param = { .name = "address",
		     .kind = PARAM_WORD,
		     .text = "where it is reached, an IP address or a name; absent: it is an alias "
			     "of ~/.ssh/config" } },
	OF_ALL,
	{ .form = ROW_OPTIONS,
	  .form_text = "FILE",
	  .param = { .name = "identity",
		     .kind = PARAM_WORD,
		     .text = "a private key, with / or ~/ in front; the usual ones and those of "
			     "ssh-agent when absent" } },
	OPTION("role", "ROLE", "the hosts of scenarios that it can play: client is client-1 too",
	       .kind = PARAM_WORD),
	OPTION("lab-address", "IPV4", "where the other machines reach it; its address when absent",
	       .kind = PARAM_ADDRESS),
	{ .param.name = NULL },
};

static const struct schema_row default_rows[] = {
	OF_ALL,
	{ .form = ROW_OPTIONS,
	  .form_text = "FILE",
	  .param = { .name = "identity",
		     .kind = PARAM_WORD,
		     .text = "private keys, several with blanks between them" } },
	{ .param.name = NULL },
};

static const struct schema_section inventory[] = {
	{ "machines", SECTION_ITEMS, "one line a machine: NAME = words", machine_rows },
	{ "defaults", SECTION_KEYS,
	  "what holds for each machine whose line does not say it, as NAME = VALUE", default_rows },
	{ .name = NULL },
};

void inventory_markdown(FILE *out)
{
	sections_markdown(out, inventory);
}

struct reading {
	struct loader loader; /* its `out` is an empty scenario: there are no ${} here */
	struct machines *out;
	const char *home;
	struct machine defaults;
	int *jump_line, *jump_column; /* by machine, for what is seen only at the end */
};

/* False after a complaint. */
static bool check(struct reading *r, const struct ini_entry *e, int column, enum machine_word kind,
		  const char *word)
{
	const char *wrong = word ? machine_wrong(kind, word) : NULL;

	if (wrong)
		COMPLAIN_AT(&r->loader, e, column, "%s %s", word, wrong);
	return !wrong;
}

static void add_identity(struct reading *r, struct machine *m, const struct ini_entry *e,
			 int column, const char *path)
{
	const char **grown = arena_array(r->loader.arena, m->nidentity + 1, sizeof(const char *));

	if (starts_with(path, "~/"))
		path = arena_printf(r->loader.arena, "%s%s", r->home, path + 1);
	if (!check(r, e, column, MACHINE_FILE, path))
		return;
	if (m->nidentity)
		memcpy(grown, m->identity, m->nidentity * sizeof(*grown));
	grown[m->nidentity++] = path;
	m->identity = grown;
}

/* What both sections say of a machine, each value checked by its row already. */
static void take(struct reading *r, struct machine *m, const struct ini_entry *e, const char *name,
		 const struct option_value *value)
{
	int64_t port;

	if (!value->value)
		return;
	if (streq(name, "user") && check(r, e, value->column, MACHINE_USER, value->value))
		m->user = value->value;
	if (streq(name, "port") && parse_int(value->value, 1, 65535, &port) == 0)
		m->port = (int)port;
	if (streq(name, "transport"))
		m->transport = value->value;
	if (streq(name, "jump") && streq(value->value, "none"))
		m->has_no_jump = true;
	else if (streq(name, "jump") && check(r, e, value->column, MACHINE_JUMP, value->value))
		m->jump = value->value;
}

static void read_default(struct reading *r, const struct ini_entry *e)
{
	const struct schema_row *row = schema_row_find(&inventory[1], e->key);
	const char *known[ITEM_OPTIONS];
	struct words words;
	size_t count = 0;

	for (const struct schema_row *at = default_rows; at->param.name; at++)
		known[count++] = at->param.name;
	if (!row)
		COMPLAIN_AT(&r->loader, e, e->key_column, "%s is unknown in [defaults]%s", e->key,
			    did_you_mean(r->loader.arena, e->key, known, count));
	if (!row || e->is_bad || !words_split(&r->loader, e, &words))
		return;
	if (words.count == 0 || (words.count > 1 && row->form != ROW_OPTIONS)) {
		COMPLAIN_AT(&r->loader, e, e->column, "%s: one value is needed", e->key);
		return;
	}
	for (size_t i = 0; i < words.count; i++) {
		const struct word *w = &words.at[i];
		struct option_value value = { .column = w->column };
		value.value = value_check(&r->loader, e, w->column, &row->param, w->text);
		if (row->form != ROW_OPTIONS)
			take(r, &r->defaults, e, e->key, &value);
		else if (value.value)
			add_identity(r, &r->defaults, e, w->column, value.value);
	}
}

/* A machine through which all are reached is not reached through itself. */
static void fill_defaults(const struct machine *from, struct machine *m)
{
	m->user = m->user ? m->user : from->user;
	m->port = m->port ? m->port : from->port;
	m->transport = m->transport ? m->transport : from->transport;
	if (!m->nidentity) {
		m->nidentity = from->nidentity;
		m->identity = from->identity;
	}
	if (!m->jump && !m->has_no_jump) {
		m->has_no_jump = from->has_no_jump;
		if (from->jump && !streq(from->jump, m->name))
			m->jump = from->jump;
	}
}

static void read_machine(struct reading *r, const struct ini_entry *e)
{
	struct machine m = { .name = e->key };
	const struct option_value *value;
	struct item item;

	check(r, e, e->key_column, MACHINE_NAME, e->key);
	item_read_by(&r->loader, e, machine_rows, &item);
	for (const struct schema_row *row = default_rows; row->param.name; row++)
		take(r, &m, e, row->param.name, item_get(&item, row->param.name));
	for (size_t i = 0; i < item.nprefix; i++) {
		const struct word *w = &item.words.at[item.prefix[i]];
		int len = (int)strlen("identity=");
		add_identity(r, &m, e, w->column + len, w->text + len);
	}
	value = item_get(&item, "address");
	if (check(r, e, value->column, MACHINE_ADDRESS, value->value))
		m.address = value->value;
	value = item_get(&item, "role");
	if (check(r, e, value->column, MACHINE_ROLE, value->value))
		m.role = value->value;
	value = item_get(&item, "lab-address");
	if (check(r, e, value->column, MACHINE_IPV4, value->value))
		m.lab_address = value->value;
	r->jump_line[r->out->count] = e->line;
	r->jump_column[r->out->count] = item_get(&item, "jump")->column;
	r->out->at[r->out->count++] = m;
}

static void check_sections(struct reading *r, const struct ini *ini)
{
	static const char *const known[] = { "machines", "defaults" };

	for (size_t i = 0; i < ini->nsection; i++) {
		const struct ini_section *s = &ini->section[i];
		if (!streq(s->name, known[0]) && !streq(s->name, known[1]))
			complaint_add(r->loader.complaints, r->loader.path, s->line, 1,
				      "[%s] is unknown in an inventory%s", s->name,
				      did_you_mean(r->loader.arena, s->name, known, COUNT(known)));
	}
}

static void check_circle(struct reading *r)
{
	size_t at = machine_circle(r->out);

	if (at == SIZE_MAX)
		return;
	complaint_add(r->loader.complaints, r->loader.path, r->jump_line[at],
		      r->jump_column[at] ? r->jump_column[at] : 1,
		      "%s is reached through %s, and that in the end through %s again",
		      r->out->at[at].name, r->out->at[at].jump, r->out->at[at].name);
}

static void read_sections(struct reading *r, const struct ini *ini)
{
	struct arena *arena = r->loader.arena;

	r->out->at = arena_array(arena, ini->nentry + 1, sizeof(*r->out->at));
	r->jump_line = arena_array(arena, ini->nentry + 1, sizeof(int));
	r->jump_column = arena_array(arena, ini->nentry + 1, sizeof(int));
	check_sections(r, ini);
	for (size_t i = 0; i < ini->nentry; i++) {
		if (streq(ini->entry[i].section, "machines"))
			read_machine(r, &ini->entry[i]);
		if (streq(ini->entry[i].section, "defaults"))
			read_default(r, &ini->entry[i]);
	}
	for (size_t i = 0; i < r->out->count; i++)
		fill_defaults(&r->defaults, &r->out->at[i]);
	check_circle(r);
}

int inventory_read(struct machines *out, const char *path, const char *home, struct arena *arena,
		   struct complaints *complaints, struct err *err)
{
	struct scenario nothing = { .path = path };
	struct reading r = { .out = out, .home = home };
	size_t before = complaints->count;
	struct ini ini = { 0 };

	*out = (struct machines){ 0 };
	r.loader = (struct loader){
		.out = &nothing, .path = path, .arena = arena, .complaints = complaints
	};
	if (ini_read(&ini, path, arena, complaints, err) < 0)
		return -1;
	read_sections(&r, &ini);
	if (out->count == 0 && complaints->count == before)
		complaint_add(complaints, path, 1, 1,
			      "[machines] is missing: name at least one machine");
	complaints_sort(complaints);
	return complaints->count > before ? -1 : 0;
}
