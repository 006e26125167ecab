/* lab completion: the script for a shell, printed from the tables. */
#include "cli.h"
#include "completion.h"

int cmd_completion(const struct cli *cli, struct err *err)
{
	const char *known = "";

	for (const struct completion_shell *const *shell = completion_shells; *shell; shell++) {
		if (streq((*shell)->name, cli->arg[0])) {
			completion_print(cli->result, *shell, cli->arena);
			return 0;
		}
		known = arena_printf(cli->arena, "%s %s", known, (*shell)->name);
	}
	return err_set(err, ERR_USAGE, "no completion for %s; known are%s", cli->arg[0], known);
}
