/* lab run: which scenarios, how often, and what all of them together come to. */
#include "cli.h"

#include <stdlib.h>

#include "jobs.h"
#include "safe.h"

struct seen {                         /* the runs of one scenario that were played */
	char scenario[128], hash[65]; /* its first trace hash; "": none yet */
	size_t count, hashes;
	bool differs;
};

struct summary {
	const struct cli *cli;
	size_t count, ended, as_expected, skipped;
	struct seen *seen;
	size_t nseen;
	bool hash_differs;
	int status;
};

static void compare_hash(struct summary *sum, const struct run_result *result)
{
	struct seen *seen = sum->seen;

	while (seen < sum->seen + sum->nseen && !streq(seen->scenario, result->scenario))
		seen++;
	if (seen == sum->seen + sum->nseen) {
		sum->nseen++;
		snprintf(seen->scenario, sizeof(seen->scenario), "%s", result->scenario);
	}
	seen->count++;
	if (!*result->trace_hash)
		return;
	seen->hashes++;
	if (!*seen->hash)
		snprintf(seen->hash, sizeof(seen->hash), "%s", result->trace_hash);
	seen->differs |= !streq(seen->hash, result->trace_hash);
	sum->hash_differs |= seen->differs;
}

static void print_hash(FILE *out, const struct seen *seen)
{
	if (!seen->hashes)
		return;
	if (seen->differs)
		fprintf(out, "%s: trace hashes differ, the first is %s\n", seen->scenario,
			seen->hash);
	else if (seen->hashes < seen->count)
		fprintf(out, "%s: one trace hash, in %zu of %zu runs: %s\n", seen->scenario,
			seen->hashes, seen->count, seen->hash);
	else
		fprintf(out, "%s: one trace hash, equal in every run: %s\n", seen->scenario,
			seen->hash);
}

static void on_end(void *context, size_t index, const struct job *job,
		   const struct run_result *result)
{
	struct summary *sum = context;
	struct buf text = { 0 };

	(void)index;
	sum->ended++;
	if (result->status == ERR_CANNOT && job->may_skip) {
		sum->skipped++;
		safe_add(&text, result->why);
		fprintf(sum->cli->progress, "skipped: %s\n", text.data);
		buf_close(&text);
		return;
	}
	if (*result->why) {
		buf_printf(&text, "%s%s%s", result->why,
			   *result->path ? "; what was seen is in " : "", result->path);
		cli_print_error(sum->cli->progress, text.data);
		buf_close(&text);
	}
	sum->as_expected += result->status == 0;
	compare_hash(sum, result);
	if (cli_gravity(result->status) > cli_gravity(sum->status))
		sum->status = result->status;
}

static void print_summary(const struct summary *sum)
{
	size_t played = sum->ended - sum->skipped;

	if (sum->count < 2 || sum->cli->is_json)
		return;
	fprintf(sum->cli->result, "%zu runs: %zu as expected, %zu not, %zu skipped", sum->count,
		sum->as_expected, played - sum->as_expected, sum->skipped);
	if (sum->ended < sum->count)
		fprintf(sum->cli->result, ", %zu never begun", sum->count - sum->ended);
	fputc('\n', sum->cli->result);
	if (sum->cli->repeat < 2)
		return;
	for (size_t i = 0; i < sum->nseen; i++)
		print_hash(sum->cli->result, &sum->seen[i]);
}

struct selection {
	struct job *job;
	size_t count, cap;
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
		if (scenario_find(cli->arg[i], &path, cli->arena, err) < 0)
			return -1;
		if (cli->narg > 1 && read_one(cli, path, backend, &scenario, err) < 0)
			return -1;
		select_path(cli, sel, path, false);
	}
	return 0;
}

int cmd_run(const struct cli *cli, struct err *err)
{
	struct selection sel = { 0 };
	struct cli each = *cli;
	struct summary sum = { .cli = cli };
	/* One run finds out by itself whether its backend can be had; many are not begun where not.
	 */
	bool is_one = cli->narg == 1 && cli->repeat == 1 && !streq(cli->arg[0], "all");
	const struct backend *backend =
	    is_one ? backend_first(cli->backend, err) : backend_choose(cli->backend, err);

	if (!backend)
		return -1;
	if (cli->narg == 0 && !cli->tag)
		return err_set(err, ERR_USAGE,
			       "which scenario? lab list shows them; lab run refused");
	if (cli->tag && cli->narg == 0 ? select_listed(cli, &sel, backend->name, err) < 0
				       : select_named(cli, &sel, backend->name, err) < 0)
		return -1;
	if (sel.count == 0)
		return err_set(err, ERR_USAGE, "no scenario has the tag %s (lab list)",
			       cli->tag ? cli->tag : "");
	/* Many times the same: a line each is what one can read. */
	if (cli->repeat > 1 && !cli->is_verbose)
		each.is_quiet = true;
	if (!is_one)
		each.backend = backend->name;
	sum.count = sel.count;
	sum.seen = arena_array(cli->arena, sel.count, sizeof(*sum.seen));
	int status = jobs_run(&each, sel.job, sel.count, on_end, &sum, err);
	print_summary(&sum);
	if (status < 0)
		return -1;
	if (sum.skipped == sum.ended && sum.status == 0)
		return err_set(err, ERR_CANNOT, "all %zu were skipped: nothing was run here",
			       sum.skipped);
	if (sum.hash_differs && cli_gravity(sum.status) < cli_gravity(1))
		return 1;
	return sum.status;
}
