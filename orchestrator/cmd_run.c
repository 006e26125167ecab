/* lab run: which scenarios, and how often. */
#include "cli.h"

#include "jobs.h"
#include "parse.h"
#include "summary.h"

enum {
	SHARDS = 10000
};

struct selection {
	struct job *job;
	size_t count, cap;
	const char **tag; /* of all that are listed, each once */
	size_t ntag, tag_cap;
};

static void select_path(const struct cli *cli, struct selection *sel, const char *path,
			bool may_skip)
{
	for (int64_t n = 0; n < cli->repeat; n++) {
		sel->job =
		    arena_grow(cli->arena, sel->job, sel->count, &sel->cap, sizeof(*sel->job));
		sel->job[sel->count++] = (struct job){ .path = path, .may_skip = may_skip };
	}
}

static int read_one(const struct cli *cli, const char *path, const char *backend,
		    struct scenario *scenario, struct err *err)
{
	struct complaints complaints = { .arena = cli->arena };
	const struct scenario_options options = { .backend = backend,
						  .nset = cli->set.count,
						  .set = cli->set.at,
						  .engine = cli->engine };

	if (scenario_load(scenario, path, &options, cli->arena, &complaints, err) == 0)
		return 0;
	cli_complain(cli, &complaints);
	if (complaints.count)
		err_set(err, ERR_USAGE, "%s: %zu error%s, nothing was run", path, complaints.count,
			complaints.count == 1 ? "" : "s");
	return -1;
}

static bool has_tag(const struct scenario *s, const char *tag)
{
	return (s->family && streq(s->family, tag)) || (s->level && streq(s->level, tag));
}

static void learn_tag(const struct cli *cli, struct selection *sel, const char *tag)
{
	if (!tag)
		return;
	for (size_t i = 0; i < sel->ntag; i++)
		if (streq(sel->tag[i], tag))
			return;
	sel->tag = arena_grow(cli->arena, sel->tag, sel->ntag, &sel->tag_cap, sizeof(*sel->tag));
	sel->tag[sel->ntag++] = tag;
}

static int tell_no_tag(const struct cli *cli, const struct selection *sel, struct err *err)
{
	const char *text = "";

	if (!cli->tag)
		return err_set(err, ERR_USAGE, "there is no scenario (lab new NAME)");
	for (size_t i = 0; i < sel->ntag; i++)
		text = arena_printf(cli->arena, "%s%s%s", text, i ? ", " : "", sel->tag[i]);
	return err_set(err, ERR_USAGE, "no scenario has the tag %s; tags are: %s", cli->tag,
		       *text ? text : "none (family and level in [lab])");
}

static int select_listed(const struct cli *cli, struct selection *sel, const char *backend,
			 struct err *err)
{
	const struct scenario_entry *entry;
	struct scenario scenario;
	size_t count;

	if (scenario_list(&entry, &count, cli->arena, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (read_one(cli, entry[i].path, backend, &scenario, err) < 0)
			return -1;
		learn_tag(cli, sel, scenario.family);
		learn_tag(cli, sel, scenario.level);
		if (!cli->tag || has_tag(&scenario, cli->tag))
			select_path(cli, sel, entry[i].path, true);
	}
	return 0;
}

/* Everything that is named is read before anything is run. */
static int select_named(const struct cli *cli, struct selection *sel, const char *backend,
			struct err *err)
{
	struct scenario scenario;

	for (size_t i = 0; i < cli->narg; i++) {
		const char *path;
		if (streq(cli->arg[i], "all")) {
			if (select_listed(cli, sel, backend, err) < 0)
				return -1;
			continue;
		}
		if (cli->tag)
			return err_set(
			    err, ERR_USAGE,
			    "--tag selects among all scenarios, and %s is named: lab run "
			    "--tag %s, or lab run %s",
			    cli->arg[i], cli->tag, cli->arg[i]);
		if (scenario_find(cli->arg[i], &path, cli->arena, err) < 0)
			return -1;
		if (cli->narg > 1 && read_one(cli, path, backend, &scenario, err) < 0)
			return -1;
		select_path(cli, sel, path, false);
	}
	return 0;
}

/* "2/4": the second of four parts. */
static int read_shard(const char *text, size_t *part, size_t *parts, struct err *err)
{
	const char *slash = strchr(text, '/');
	char first[8];
	int64_t i, n;

	if (slash && (size_t)(slash - text) < sizeof first) {
		snprintf(first, sizeof first, "%.*s", (int)(slash - text), text);
		if (parse_int(slash + 1, 1, SHARDS, &n) == 0 && parse_int(first, 1, n, &i) == 0) {
			*part = (size_t)i - 1;
			*parts = (size_t)n;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE,
		       "--shard %.20s: I/N is needed, as 2/4 for the second of four parts", text);
}

/* Each n-th, in the order of the list, which is the same on every machine: parts that are alike. */
static int take_shard(const struct cli *cli, struct selection *sel, struct err *err)
{
	size_t part = 0, parts = 1, kept = 0;

	if (!cli->shard)
		return 0;
	if (read_shard(cli->shard, &part, &parts, err) < 0)
		return -1;
	for (size_t i = part; i < sel->count; i += parts)
		sel->job[kept++] = sel->job[i];
	if (kept == 0)
		fprintf(cli->progress, "shard %s: nothing to play, there are %zu runs in all\n",
			cli->shard, sel->count);
	sel->count = kept;
	return 0;
}

int cmd_run(const struct cli *cli, struct err *err)
{
	struct selection sel = { 0 };
	struct cli each = *cli;
	/* One run finds out by itself whether its backend can be had; many are not begun where not.
	 */
	bool is_one = cli->narg == 1 && cli->repeat == 1 && !streq(cli->arg[0], "all");
	const struct backend *backend =
	    is_one ? backend_first(cli->backend, err) : backend_choose(cli->backend, err);

	if (cli->narg == 0 && !cli->tag)
		return err_set(err, ERR_USAGE,
			       "which scenario? lab list shows them; lab run refused");
	if (!backend)
		return -1;
	if (cli->tag && cli->narg == 0 ? select_listed(cli, &sel, backend->name, err) < 0
				       : select_named(cli, &sel, backend->name, err) < 0)
		return -1;
	if (sel.count == 0)
		return tell_no_tag(cli, &sel, err);
	if (take_shard(cli, &sel, err) < 0)
		return -1;
	if (sel.count == 0)
		return 0;
	if (cli->pause && cli->jobs > 1 && sel.count > 1)
		return err_set(err, ERR_USAGE,
			       "--pause waits for Enter in one run at a time: leave out -j");
	/* Many times the same: a line each is what one can read. */
	if (cli->repeat > 1 && !cli->is_verbose)
		each.is_quiet = true;
	if (!is_one)
		each.backend = backend->name;
	struct summary sum = summary_of(cli, sel.count);
	int status = jobs_run(&each, sel.job, sel.count, summary_add, &sum, err);
	summary_print(&sum);
	return status < 0 ? -1 : summary_status(&sum, err);
}
