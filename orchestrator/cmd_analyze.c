/* lab analyze: a verdict for every connection of a run directory or a capture file. */
#include <limits.h>

#include "cli.h"
#include "history.h"
#include "judge.h"

/* 1: a failure was found; 3: none, but of some connection it is not known what became of it. */
static int status_of(const struct analysis *analysis)
{
	int status = 0;

	for (size_t i = 0; i < analysis->nfinding; i++) {
		int one = code_status(analysis->finding[i].code);
		if (cli_gravity(one) > cli_gravity(status))
			status = one;
	}
	return status;
}

static int analyze_one(const struct cli *cli, const char *name, bool *is_begun, struct err *err)
{
	char path[PATH_MAX];
	struct analysis analysis;
	struct style style = cli->style;

	if (streq(name, "-"))
		return err_set(err, ERR_USAGE, "standard input is not read: name a file");
	if (history_find(path, name, NULL, err) < 0)
		return -1;
	if (analysis_load(&analysis, path, cli->arena, err) < 0)
		return -1;
	if (cli->is_json) {
		struct buf json = { 0 };
		findings_json(&json, &analysis, path);
		if (*is_begun)
			fputs(",\n", cli->result);
		*is_begun = true;
		fwrite(json.data, 1, json.len, cli->result);
		buf_close(&json);
	} else {
		if (cli->narg > 1)
			cli_print_named(cli->result, "", path, "");
		findings_text(cli->result, &style, &analysis);
	}
	if (analysis.nfinding == 0)
		return err_set(err, ERR_UNDECIDED, "%s: no connection was seen in it", path);
	return status_of(&analysis);
}

int cmd_analyze(const struct cli *cli, struct err *err)
{
	bool is_begun = false;
	struct err why = { 0 };
	int worst = 0;

	if (cli->narg == 1)
		return analyze_one(cli, cli->arg[0], &is_begun, err);
	if (cli->is_json)
		fputs("[\n", cli->result);
	for (size_t i = 0; i < cli->narg; i++) {
		int status = analyze_one(cli, cli->arg[i], &is_begun, &why);
		if (status < 0) { /* the others are analyzed all the same */
			cli_print_error(cli->progress, why.text);
			status = (int)why.kind;
		}
		if (cli_gravity(status) > cli_gravity(worst))
			worst = status;
	}
	if (cli->is_json)
		fputs("]\n", cli->result);
	return worst;
}
