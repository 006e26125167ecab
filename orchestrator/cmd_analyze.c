/* lab analyze: a verdict for every connection of a run directory or a capture file. */
#include <limits.h>

#include "cli.h"
#include "history.h"

static bool has_failure(const struct analysis *analysis)
{
	for (size_t i = 0; i < analysis->nfinding; i++)
		if (!streq(analysis->finding[i].code, "ok"))
			return true;
	return false;
}

static int analyze_one(const struct cli *cli, const char *name, struct err *err)
{
	char path[PATH_MAX];
	struct analysis analysis;
	struct style style = cli->style;

	if (history_find(path, name, NULL, err) < 0)
		return -1;
	if (analysis_load(&analysis, path, cli->arena, err) < 0)
		return -1;
	if (cli->is_json) {
		struct buf json = { 0 };
		findings_json(&json, &analysis, path);
		fwrite(json.data, 1, json.len, cli->result);
		buf_close(&json);
	} else {
		if (cli->narg > 1)
			fprintf(cli->result, "%s\n", path);
		findings_text(cli->result, &style, &analysis);
	}
	if (analysis.nfinding == 0)
		return err_set(err, ERR_UNDECIDED, "%s: no connection was seen in it", path);
	return has_failure(&analysis);
}

int cmd_analyze(const struct cli *cli, struct err *err)
{
	int status = 0;

	if (cli->is_json && cli->narg > 1)
		fputs("[\n", cli->result);
	for (size_t i = 0; i < cli->narg; i++) {
		if (i > 0 && cli->is_json)
			fputs(",\n", cli->result);
		int one = analyze_one(cli, cli->arg[i], err);
		if (one < 0)
			return -1;
		status |= one;
	}
	if (cli->is_json && cli->narg > 1)
		fputs("]\n", cli->result);
	return status;
}
