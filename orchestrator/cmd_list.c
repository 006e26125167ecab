/* lab list: the scenarios that exist, from where, and what they need. */
#include "cli.h"
#include "host.h"
#include "json.h"
#include "step_text.h"
#include "table.h"

struct listed {
	const struct scenario_entry *entry;
	struct scenario scenario;
	size_t complaints; /* 0: it can be played */
	const char *needs;
	const char *hindrance; /* why it cannot be played here; NULL: it can */
};

static void read_one(const struct cli *cli, const char *backend, struct listed *out)
{
	struct complaints complaints = { .arena = cli->arena };
	struct scenario_options options = {
		.backend = backend,
	};
	struct err err = { 0 };

	if (scenario_load(&out->scenario, out->entry->path, &options, cli->arena, &complaints,
			  &err) < 0)
		out->complaints = complaints.count ? complaints.count : 1;
	out->needs = needs_text(out->scenario.needs, cli->arena);
}

/* Why `backend` cannot play it on this machine; NULL: it can. */
static const char *hindrance_of(const struct listed *listed, const char *backend, unsigned offers,
				struct arena *arena)
{
	const struct scenario *s = &listed->scenario;

	if (listed->complaints)
		return "errors";
	const char *hindrance = plan_hindrance(s, backend, arena);
	if (hindrance)
		return hindrance;
	return s->needs & ~offers
		   ? arena_printf(arena, "no %s", needs_text(s->needs & ~offers, arena))
		   : NULL;
}

static void print_json(const struct cli *cli, const struct listed *listed, size_t count)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.list/1");
	json_array_begin(&json, "scenarios");
	for (size_t i = 0; i < count; i++) {
		const struct scenario *s = &listed[i].scenario;
		bool is_good = listed[i].complaints == 0;
		json_object_begin(&json, NULL);
		json_text(&json, "name", listed[i].entry->name);
		json_bool(&json, "ok", is_good);
		json_text(&json, "title", is_good ? s->title : NULL);
		json_text(&json, "family", is_good ? s->family : NULL);
		json_text(&json, "level", is_good ? s->level : NULL);
		json_text(&json, "verdict", is_good ? s->expect.verdict : NULL);
		needs_json(&json, is_good ? s->needs : 0);
		json_object_begin(&json, "not_on");
		for (size_t j = 0; is_good && j < s->nnot_on; j++)
			json_text(&json, s->not_on[j].name, s->not_on[j].value);
		json_object_end(&json);
		json_int(&json, "hosts", is_good ? (int64_t)s->nhost : 0);
		json_bool(&json, "runs_here", !listed[i].hindrance);
		json_text(&json, "hindrance", listed[i].hindrance);
		json_text(&json, "from", listed[i].entry->from);
		json_text(&json, "path", listed[i].entry->path);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
}

int cmd_list(const struct cli *cli, struct err *err)
{
	/* A page of 80 columns holds what one chooses by; programs get everything. */
	static const char *const heads[][TABLE_COLUMNS] = {
		{ "NAME", "HERE", "FROM", "TITLE" },
		{ "NAME", "FAMILY", "HERE", "NEEDS", "FROM", "TITLE" },
	};
	const struct scenario_entry *entry;
	struct table table = { .arena = cli->arena };
	struct listed *listed;
	size_t count;
	const struct backend *backend = backend_choose(cli->backend, err);

	if (!backend)
		return -1;
	unsigned offers = backend->offers();
	if (scenario_list(&entry, &count, cli->arena, err) < 0)
		return -1;
	listed = arena_array(cli->arena, count + 1, sizeof(*listed));
	table_add(&table, heads[cli->style.is_plain]);
	for (size_t i = 0; i < count; i++) {
		listed[i].entry = &entry[i];
		read_one(cli, backend->name, &listed[i]);
		listed[i].hindrance = hindrance_of(&listed[i], backend->name, offers, cli->arena);
		const struct scenario *s = &listed[i].scenario;
		bool is_good = listed[i].complaints == 0;
		const char *here = listed[i].hindrance ? listed[i].hindrance : "yes";
		const char *title = is_good ? s->title
					    : arena_printf(cli->arena, "(%zu errors: lab check %s)",
							   listed[i].complaints, entry[i].path);
		const char *all[TABLE_COLUMNS] = {
			entry[i].name, is_good && s->family ? s->family : "-",
			here,          is_good && *listed[i].needs ? listed[i].needs : "-",
			entry[i].from, title,
		};
		const char *some[TABLE_COLUMNS] = { entry[i].name, here, entry[i].from, title };
		table_add(&table, cli->style.is_plain ? all : some);
	}
	if (cli->is_json)
		print_json(cli, listed, count);
	else
		table_print(cli->result, &table, cli->style.is_plain);
	return 0;
}
