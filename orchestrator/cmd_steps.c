/* lab steps: the table of verbs, as text, JSON and the table of docs/scenario.md. */
#include "cli.h"
#include "json.h"
#include "step_text.h"
#include "table.h"
#include "wrap.h"

static void print_one(FILE *out, const struct step_kind *kind, struct arena *arena)
{
	struct buf usage = { 0 };
	const char *needs = needs_text(kind->needs, arena);

	step_usage(&usage, kind);
	fprintf(out, "%s\n  %s\n", usage.data, kind->text);
	for (const struct param *p = kind->params; p && p->name; p++)
		fprintf(out, "    %-12s %s%s%s%s\n", p->name, p->text,
			p->fallback ? " (default " : "", p->fallback ? p->fallback : "",
			p->fallback ? ")" : "");
	fprintf(out, "  -> %s\n", step_results(kind, arena));
	if (kind->flags & STEP_OBSERVES)
		fprintf(out, "  within TIME: asks again until it holds\n");
	if (kind->flags & STEP_FAULT)
		fprintf(out, "  read back after it was set; heal STEP undoes it, the end does in "
			     "any case\n");
	if (*needs)
		fprintf(out, "  needs %s\n", needs);
	buf_close(&usage);
}

static void json_step(struct json *json, const struct step_kind *kind, struct arena *arena)
{
	static const char *const kinds[] = {
		[PARAM_WORD] = "word",         [PARAM_PORT] = "port",
		[PARAM_ENDPOINT] = "endpoint", [PARAM_COUNT] = "count",
		[PARAM_DURATION] = "duration", [PARAM_SIZE] = "size",
		[PARAM_YESNO] = "yesno",       [PARAM_STEP] = "step",
		[PARAM_TEXT] = "text",         [PARAM_REST] = "rest",
		[PARAM_ADDRESS] = "address",   [PARAM_CHOICE] = "choice",
	};
	static const char *const subjects[] = { "host", "step", "none" };
	struct buf usage = { 0 };

	step_usage(&usage, kind);
	json_object_begin(json, NULL);
	json_text(json, "name", kind->name);
	json_text(json, "text", kind->text);
	json_text(json, "usage", usage.data);
	json_text(json, "subject", subjects[kind->subject]);
	json_text(json, "results", step_results(kind, arena));
	json_text(json, "needs", needs_text(kind->needs, arena));
	json_bool(json, "observes", kind->flags & STEP_OBSERVES);
	json_bool(json, "fault", kind->flags & STEP_FAULT);
	json_array_begin(json, "parameters");
	for (const struct param *p = kind->params; p && p->name; p++) {
		json_object_begin(json, NULL);
		json_text(json, "name", p->name);
		json_text(json, "kind", kinds[p->kind]);
		json_bool(json, "positional", p->is_positional);
		json_bool(json, "required", p->is_required);
		json_text(json, "default", p->fallback);
		json_text(json, "choices", p->choices);
		json_text(json, "text", p->text);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
	buf_close(&usage);
}

static void print_json(const struct cli *cli, const struct step_kind *only)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.steps-table/1");
	json_array_begin(&json, "steps");
	for (size_t i = 0; step_kinds[i]; i++)
		if (!only || only == step_kinds[i])
			json_step(&json, step_kinds[i], cli->arena);
	json_array_end(&json);
	json_object_end(&json);
	fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
}

static void print_table(const struct cli *cli)
{
	static const char *const head[] = { "VERB", "USE", "WHAT IT DOES", NULL };
	struct table table = { .arena = cli->arena };

	if (!cli->style.is_plain) { /* uses are long: two lines a verb read better */
		struct wrapped wrapped;
		FILE *out = wrap_begin(&wrapped, cli->result, false);
		for (size_t i = 0; step_kinds[i]; i++) {
			struct buf usage = { 0 };
			step_usage(&usage, step_kinds[i]);
			fprintf(out, "%s\n    %s\n", usage.data, step_kinds[i]->text);
			buf_close(&usage);
		}
		wrap_end(&wrapped);
		fprintf(cli->result, "\nlab steps VERB: its parameters and results\n");
		return;
	}
	table_add(&table, head);
	for (size_t i = 0; step_kinds[i]; i++) {
		struct buf usage = { 0 };
		step_usage(&usage, step_kinds[i]);
		const char *cells[] = { step_kinds[i]->name, usage.data, step_kinds[i]->text,
					NULL };
		table_add(&table, cells);
		buf_close(&usage);
	}
	table_print(cli->result, &table, true);
}

static int find_one(const struct cli *cli, const struct step_kind **out, struct err *err)
{
	const char *known[64];
	size_t count = 0;

	*out = step_kind_find(cli->arg[0]);
	if (*out)
		return 0;
	while (count < COUNT(known) && step_kinds[count]) {
		known[count] = step_kinds[count]->name;
		count++;
	}
	const char *near = nearest(cli->arg[0], known, count);
	return err_set(err, ERR_USAGE, "no verb %s%s%s%s", cli->arg[0],
		       near ? ": did you mean " : "", near ? near : " (lab steps)",
		       near ? "?" : "");
}

int cmd_steps(const struct cli *cli, struct err *err)
{
	const struct step_kind *only = NULL;
	struct wrapped wrapped = { 0 };

	if (cli->narg && find_one(cli, &only, err) < 0)
		return -1;
	if (cli->is_json)
		print_json(cli, only);
	else if (cli->wants_markdown)
		steps_markdown(cli->result);
	else if (only)
		print_one(wrap_begin(&wrapped, cli->result, cli->style.is_plain), only, cli->arena);
	else
		print_table(cli);
	wrap_end(&wrapped);
	return 0;
}
