/* lab runs: the history, and `lab runs rm RUN`. */
#include <limits.h>

#include "cli.h"
#include "history.h"
#include "json.h"
#include "rundir.h"
#include "safe.h"

static int remove_runs(const struct cli *cli, const char *parent, struct err *err)
{
	char path[PATH_MAX];

	if (cli->narg < 2)
		return err_set(err, ERR_USAGE, "lab runs rm needs RUN (lab runs)");
	for (size_t i = 1; i < cli->narg; i++) {
		if (strchr(cli->arg[i], '/'))
			return err_set(err, ERR_USAGE,
				       "%s: a run is named without a directory (-o DIR says where)",
				       cli->arg[i]);
		if (history_find(path, cli->arg[i], parent, err) < 0)
			return -1;
		const char *slash = strrchr(path, '/');
		if (history_remove(parent, slash ? slash + 1 : path, err) < 0)
			return -1;
	}
	return 0;
}

static void print_json(const struct cli *cli, const char *parent, const struct history_run *run,
		       size_t count)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.runs/1");
	json_text(&json, "directory", parent);
	json_array_begin(&json, "runs");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(&json, NULL);
		json_text(&json, "name", run[i].name);
		json_int(&json, "bytes", run[i].bytes);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
}

int cmd_runs(const struct cli *cli, struct err *err)
{
	char history[PATH_MAX];
	const char *parent = cli->out;
	const struct history_run *run;
	size_t count;

	if (!parent) {
		if (rundir_history(history, err) < 0)
			return -1;
		parent = history;
	}
	if (cli->narg > 0 && streq(cli->arg[0], "rm"))
		return remove_runs(cli, parent, err);
	if (cli->narg > 0)
		return err_set(err, ERR_USAGE, "lab runs %s: only rm is known", cli->arg[0]);
	if (history_list(parent, &run, &count, cli->arena, err) < 0)
		return -1;
	if (cli->is_json) {
		print_json(cli, parent, run, count);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct buf name = { 0 };
		safe_add(&name, run[i].name);
		fprintf(cli->result, cli->style.is_plain ? "%s\t%lld\n" : "%-52s %6lld KiB\n",
			name.data,
			(long long)(cli->style.is_plain ? run[i].bytes : run[i].bytes / 1024));
		buf_close(&name);
	}
	fprintf(cli->progress, "%zu run%s in %s\n", count, count == 1 ? "" : "s", parent);
	return 0;
}
