/* lab completion: the script for a shell, printed from the tables; and the names of machines, for
 * which the scripts ask when somebody types one. */
#include "cli.h"
#include "completion.h"
#include "machine_names.h"
#include "ssh_config.h"

static int print_machines(const struct cli *cli)
{
	struct machine_names names = { .arena = cli->arena };
	const char *home = ssh_config_home(cli->arena);

	if (cli->narg > 1)
		machine_names_inventory(&names, cli->arg[1], home);
	machine_names_aliases(&names, home);
	for (size_t i = 0; i < names.count; i++)
		fprintf(cli->result, "%s\n", names.name[i]);
	return 0;
}

int cmd_completion(const struct cli *cli, struct err *err)
{
	const char *known = "";

	if (streq(cli->arg[0], "machines"))
		return print_machines(cli);
	for (const struct completion_shell *const *shell = completion_shells; *shell; shell++) {
		if (streq((*shell)->name, cli->arg[0]) && cli->narg == 1) {
			completion_print(cli->result, *shell, cli->arena);
			return 0;
		}
		known = arena_printf(cli->arena, "%s %s", known, (*shell)->name);
	}
	return err_set(err, ERR_USAGE, "no completion for %s%s; known are%s, and machines",
		       cli->arg[0], cli->narg > 1 ? " and more" : "", known);
}
