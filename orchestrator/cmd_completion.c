/* lab completion: the script for a shell, printed from the tables. */
#include "cli.h"
#include "completion.h"

int cmd_completion(const struct cli *cli, struct err *err)
{
	static const struct completion_shell *const shells[] = { &completion_bash, &completion_zsh,
								 &completion_fish };

	for (size_t i = 0; i < COUNT(shells); i++)
		if (streq(shells[i]->name, cli->arg[0])) {
			completion_print(cli->result, shells[i], cli->arena);
			return 0;
		}
	return err_set(err, ERR_USAGE, "no completion for %s: bash, zsh and fish are known",
		       cli->arg[0]);
}
