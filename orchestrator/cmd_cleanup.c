/* lab cleanup: on each machine the agent undoes what dead agents left; then somebody else, a survey
 * of the shell's, looks whether anything of lab is still there. */
#include "choose.h"
#include "cleanup_aws.h"
#include "cleanup_cloud.h"
#include "cli.h"
#include "command.h"
#include "fleet_clean.h"
#include "safe.h"

struct cleaning {
	const struct cli *cli;
	const struct chosen *chosen;
	struct err *why; /* by machine: its agent could not be asked, or could not undo all */
};

static void print_safe(FILE *out, struct buf *line)
{
	struct buf safe = { 0 };

	safe_add(&safe, line->data);
	fprintf(out, "%s\n", safe.data);
	buf_close(&safe);
	buf_close(line);
}

/* "web-1: run ab12: table lab_ab12_cut: undone" */
static void tell_leftover(const struct cleaning *cleaning, size_t machine,
			  const struct event *event)
{
	const char *what = event_get(event, "what"), *name = event_get(event, "name");
	const char *run = event_get(event, "run"), *state = event_get(event, "state");
	const char *error = event_get(event, "error");
	struct buf line = { 0 };

	buf_printf(&line, "%s: run %s: ", cleaning->chosen->target[machine]->name, run ? run : "?");
	if (what)
		buf_printf(&line, "%s %s: ", what, name ? name : "?");
	buf_str(&line, state ? state : "?");
	if (error)
		buf_printf(&line, ": %s", error);
	print_safe(cleaning->cli->result, &line);
}

static void take(void *context, size_t machine, const struct event *event)
{
	const struct cleaning *cleaning = context;
	const char *result = event_get(event, "result"), *text = event_get(event, "text");

	if (event_is(event, "leftover"))
		tell_leftover(cleaning, machine, event);
	else if (event_is(event, "done") && !(result && streq(result, "ok")))
		err_set(&cleaning->why[machine], ERR_LEFTOVER, "%s: %s",
			cleaning->chosen->target[machine]->name, text ? text : "it failed");
}

/* 0: all were asked; what went wrong with one stands in its `why`. */
static int ask_agents(struct cleaning *cleaning, struct err *err)
{
	const struct chosen *chosen = cleaning->chosen;
	struct fleet_agents all;

	int status = fleet_undo(&all, chosen->target, chosen->count, take, cleaning, 0, err);
	for (size_t i = 0; i < chosen->count; i++)
		if (all.fleet.at[i].why.kind != ERR_NONE)
			cleaning->why[i] = all.fleet.at[i].why;
	fleet_agents_close(&all);
	return status;
}

static void tell_kind(struct buf *line, const char *kind, const struct buf *names)
{
	if (names->len)
		buf_printf(line, "; %s %s", kind, names->data);
}

/* The exit status of one machine. */
static int tell_rest(const struct cleaning *cleaning, size_t i, const struct fleet_survey *of)
{
	const struct survey *s = &of->survey;
	const struct err *why = &cleaning->why[i];
	struct buf line = { 0 };

	if (of->why.kind != ERR_NONE) { /* its own words are enough: they name the machine */
		cli_print_error(cleaning->cli->progress, of->why.text);
		return ERR_BROKE;
	}
	if (why->kind != ERR_NONE)
		cli_print_error(cleaning->cli->progress, why->text);
	buf_printf(&line, "%s: ", cleaning->chosen->target[i]->name);
	if (survey_is_clean(s)) {
		buf_printf(&line, "nothing is left: no process, %sno journal",
			   s->is_partial ? "" : "no table, ");
		if (s->is_partial)
			buf_str(&line, " (this user may not list tables)");
		print_safe(cleaning->cli->result, &line);
		return why->kind == ERR_NONE ? 0 : (int)why->kind;
	}
	buf_str(&line, "still there");
	tell_kind(&line, "lab-agent", &s->agents);
	tell_kind(&line, "table", &s->tables);
	tell_kind(&line, "journal", &s->journals);
	if (s->nagent) { /* it is left alone: its lab may be alive */
		buf_str(&line, "; a lab runs there, or died seconds ago, and the agent ends with "
			       "it: lab cleanup ");
		command_word(&line, cleaning->chosen->target[i]->name);
		buf_str(&line, " proves that");
	}
	print_safe(cleaning->cli->result, &line);
	return ERR_LEFTOVER;
}

static int clean_labs(const struct cli *cli, struct err *err)
{
	if (!streq(cli->backend, "aws") || cli->narg > 0)
		return err_set(
		    err, ERR_USAGE,
		    "--older-than is for labs in AWS: lab cleanup -b aws --older-than 2h");
	return cleanup_aws(cli, err);
}

int cmd_cleanup(const struct cli *cli, struct err *err)
{
	struct chosen chosen;
	struct cleaning cleaning = { .cli = cli, .chosen = &chosen };
	int gravest = 0;

	if (cli->older_ns > 0)
		return clean_labs(cli, err);
	/* They would be in the way of SSH, or of nobody: they go first. */
	if (streq(cli->backend, "aws") && cleanup_cloud(cli, err) < 0)
		return -1;
	if (choose(&chosen, cli, err) < 0)
		return -1;
	cleaning.why = arena_array(cli->arena, chosen.count, sizeof *cleaning.why);
	if (!cli->is_dry_run && ask_agents(&cleaning, err) < 0)
		return -1;
	struct fleet_survey *at = fleet_survey(chosen.target, chosen.count, 0, err);
	if (!at)
		return -1;
	for (size_t i = 0; i < chosen.count; i++) {
		int status = tell_rest(&cleaning, i, &at[i]);
		if (cli_gravity(status) > cli_gravity(gravest))
			gravest = status;
	}
	fleet_survey_close(at, chosen.count);
	return gravest;
}
