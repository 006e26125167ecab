/* lab report: the derived files and the text again, from the run directory alone. */
#include <limits.h>
#include <sys/stat.h>

#include "cli.h"
#include "history.h"

int cmd_report(const struct cli *cli, struct err *err)
{
	char path[PATH_MAX];
	struct result result;
	struct stat st;

	if (history_find(path, cli->narg ? cli->arg[0] : NULL, cli->out, err) < 0)
		return -1;
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(err, ERR_USAGE,
			       "%s is no run directory (lab analyze reads captures)", path);
	if (result_load(&result, path, cli->require, cli->arena, err) < 0)
		return -1;
	if (cli->is_json) {
		struct buf json = { 0 };
		result_json(&json, &result);
		fwrite(json.data, 1, json.len, cli->result);
		buf_close(&json);
	} else if (cli->is_quiet) {
		text_quiet(cli->result, &result);
	} else {
		text_report(cli->result, &cli->style, &result);
	}
	if (report_write(&result, err) < 0)
		return -1;
	return result.exit_status;
}
