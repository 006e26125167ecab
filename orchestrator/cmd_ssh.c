/* lab ssh: the user's own ssh takes this process's place, with what is known of the machine. */
#include <unistd.h>

#include "choose.h"
#include "cli.h"
#include "command.h"
#include "openssh_words.h"
#include "proc.h"
#include "ssh_known.h"

enum {
	FAILED = 125, /* as lab exec */
	NOT_STARTED = 126,
	NOT_FOUND = 127
};

static int fail(const struct cli *cli, const struct err *err, int status)
{
	cli_print_error(cli->progress, err->text);
	return status;
}

/* Without a terminal ssh refuses a key that it does not know, and does not say what to do. */
static void tell_unknown(const struct cli *cli, const struct target *target)
{
	struct buf command = { 0 };
	struct known_keys keys;
	struct ssh_lib lib;
	struct err ignored;

	if (target->is_alias || target->pins || !ssh_lib_open(&lib, &ignored) ||
	    known_read(&keys, target, &lib, cli->arena, &ignored) < 0 || keys.count > 0)
		return;
	known_command(&command, target);
	fprintf(cli->progress, "lab: %s: its host key is not known: accept it with: %s\n",
		target->name, command.data);
	buf_close(&command);
}

int cmd_ssh(const struct cli *cli, struct err *err)
{
	bool has_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
	struct buf command = { 0 };
	struct chosen chosen;
	const char *const *argv;
	char path[4096];

	if (choose(&chosen, cli, err) < 0)
		return fail(cli, err, FAILED);
	if (proc_find("ssh", path, sizeof path) < 0) {
		err_set(err, ERR_CANNOT,
			"ssh is not installed here: apt-get install -y openssh-client");
		return fail(cli, err, NOT_FOUND);
	}
	if (cli->nword)
		command_line(&command, cli->word, cli->nword, true);
	argv = openssh_words_person(cli->arena, chosen.target[0], path, command.data,
				    has_terminal && cli->nword, err);
	buf_close(&command);
	if (!argv)
		return fail(cli, err, FAILED);
	if (!has_terminal)
		tell_unknown(cli, chosen.target[0]);
	execv(path, (char *const *)argv);
	err_sys(err, "%s", path);
	return fail(cli, err, NOT_STARTED);
}
