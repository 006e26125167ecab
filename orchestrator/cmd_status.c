/* lab status: the machines that could play, one line each; of the sandbox also whose it is, and
 * when it ends. Nothing is changed there. */
#include "choose.h"
#include "cli.h"
#include "clock.h"
#include "fleet_survey.h"
#include "json.h"
#include "sandbox.h"
#include "table.h"

/* What runs or lies there, in a few words. */
static const char *lab_there(struct arena *arena, const struct survey *s)
{
	if (s->nagent)
		return arena_printf(arena, "runs (pid %s)", s->agents.data);
	if (s->ntable || s->njournal)
		return arena_printf(arena, "left behind: %zu tables, %zu journals", s->ntable,
				    s->njournal);
	return "-";
}

static void add_row(struct table *table, const struct fleet_survey *of)
{
	const struct target *target = &of->target;
	const struct survey *s = &of->survey;
	bool is_there = of->why.kind == ERR_NONE;
	const char *cells[TABLE_COLUMNS] = {
		target->name,
		target->address,
		is_there ? transport_of(target)->name : "-",
		!is_there      ? "-"
		: target->pins ? "pinned"
			       : "known",
		is_there ? s->machine : "-",
		!is_there     ? "-"
		: s->uid == 0 ? "root"
		: s->has_sudo ? "sudo"
			      : "no",
		!is_there      ? "-"
		: s->cached[0] ? "yes"
			       : "no",
		is_there ? lab_there(table->arena, s) : fleet_why(target, &of->why),
	};

	table_add(table, cells);
}

static int64_t now_s(void)
{
	return clock_real_ns() / 1000000000;
}

/* Two lines above the table, three of one that is not whole. */
static void print_sandbox(const struct cli *cli, const struct sandbox *sandbox)
{
	int64_t left = sandbox_seconds(sandbox->expires_at) - now_s();
	int64_t age = now_s() - sandbox_seconds(sandbox->made_at);
	struct arena *arena = cli->arena;

	fprintf(cli->result, "%s in %s, account %s, made %s ago\n", sandbox->name, sandbox->region,
		sandbox->account, sandbox_span(age, arena));
	if (!sandbox->is_up)
		fputs("it is not whole: lab up goes on with it, lab down removes it\n",
		      cli->result);
	if (left > 0)
		fprintf(cli->result, "its hosts end by themselves in %s (%s)\n",
			sandbox_span(left, arena), sandbox->expires_at);
	else
		fprintf(cli->result, "its hosts ended by themselves %s ago: lab down\n",
			sandbox_span(-left, arena));
}

static void print_sandbox_json(struct json *json, const struct sandbox *sandbox)
{
	if (!sandbox->is_there)
		return;
	json_object_begin(json, "sandbox");
	json_text(json, "name", sandbox->name);
	json_text(json, "account", sandbox->account);
	json_text(json, "region", sandbox->region);
	json_text(json, "made_at", sandbox->made_at);
	json_text(json, "expires_at", sandbox->expires_at);
	json_bool(json, "is_up", sandbox->is_up);
	json_object_end(json);
}

static void print_json(const struct cli *cli, const struct sandbox *sandbox,
		       const struct fleet_survey *at, size_t count)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.status/1");
	print_sandbox_json(&json, sandbox);
	json_array_begin(&json, "machines");
	for (size_t i = 0; i < count; i++) {
		const struct survey *s = &at[i].survey;
		const struct target *target = &at[i].target;
		json_object_begin(&json, NULL);
		json_text(&json, "name", target->name);
		json_text(&json, "address", target->address);
		json_text(&json, "transport", transport_of(target)->name);
		json_text(&json, "why_transport", target->why);
		json_text(&json, "pinned_in", target->pins);
		json_bool(&json, "is_reachable", at[i].why.kind == ERR_NONE);
		if (at[i].why.kind != ERR_NONE) {
			json_text(&json, "why", fleet_why(target, &at[i].why));
			json_object_end(&json);
			continue;
		}
		json_text(&json, "kernel", s->kernel);
		json_text(&json, "machine", s->machine);
		json_bool(&json, "has_root", s->uid == 0 || s->has_sudo);
		json_text(&json, "agent", s->cached[0] ? s->cached : NULL);
		json_int(&json, "running", (int64_t)s->nagent);
		json_int(&json, "tables", (int64_t)s->ntable);
		json_int(&json, "journals", (int64_t)s->njournal);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
}

static int look(const struct cli *cli, const struct sandbox *sandbox, struct err *err)
{
	static const char *const head[TABLE_COLUMNS] = { "NAME",    "ADDRESS", "BY",    "KEY",
							 "MACHINE", "ROOT",    "AGENT", "LAB" };
	struct table table = { .arena = cli->arena, .ncolumn = 8 };
	struct chosen chosen;
	int status = 0;

	if (choose(&chosen, cli, err) < 0)
		return -1;
	struct fleet_survey *at = fleet_survey(chosen.target, chosen.count, 0, err);
	if (!at)
		return -1;
	table_add(&table, head);
	for (size_t i = 0; i < chosen.count; i++) {
		add_row(&table, &at[i]);
		if (at[i].why.kind != ERR_NONE)
			status = ERR_BROKE;
	}
	if (cli->is_json)
		print_json(cli, sandbox, at, chosen.count);
	else
		table_print(cli->result, &table, cli->style.is_plain);
	fleet_survey_close(at, chosen.count);
	return status;
}

/* Who names no machine and has a sandbox means that. */
static bool means_sandbox(const struct cli *cli, const struct sandbox *sandbox)
{
	bool names_none = cli->narg == 0 && cli->bind.count == 0;

	return streq(cli->backend, "aws") ||
	       (streq(cli->backend, "auto") && names_none && sandbox->is_there);
}

int cmd_status(const struct cli *cli, struct err *err)
{
	struct sandbox sandbox;
	struct cli of_sandbox = *cli;

	if (sandbox_find(&sandbox, cli->arena, err) < 0 && streq(cli->backend, "aws"))
		return -1;
	if (!means_sandbox(cli, &sandbox)) {
		sandbox.is_there = false;
		return look(cli, &sandbox, err);
	}
	of_sandbox.backend = "aws";
	if (sandbox.is_there && !cli->is_json)
		print_sandbox(cli, &sandbox);
	return look(&of_sandbox, &sandbox, err);
}
