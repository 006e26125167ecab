/* Names first, in their order; a machine that is named twice is one. */
#include "choose.h"

#include <unistd.h>

#include "machine_names.h"
#include "sandbox.h"
#include "ssh_config.h"

/* The sandbox's own outputs, in the place of those that --terraform names. */
static int find_outputs(const char **path, const struct cli *cli, struct err *err)
{
	struct sandbox sandbox;

	*path = cli->terraform;
	if (!streq(cli->backend, "aws"))
		return 0;
	if (sandbox_find(&sandbox, cli->arena, err) < 0)
		return -1;
	*path = sandbox_path(&sandbox, "outputs.json", cli->arena);
	if (!sandbox.is_there)
		return err_set(err, ERR_CANNOT, "there is no sandbox in AWS: lab up makes one");
	if (access(*path, F_OK) < 0)
		return err_set(err, ERR_CANNOT,
			       "the sandbox %s is not whole: lab up goes on with it, lab down "
			       "removes it",
			       sandbox.name);
	return 0;
}

int choose_read(struct targets *targets, const struct cli *cli, struct err *err)
{
	struct targets_asked asked = { .inventory = cli->inventory, .transport = cli->transport };
	struct complaints complaints = { .arena = cli->arena };

	if (find_outputs(&asked.terraform, cli, err) < 0)
		return -1;
	int status = targets_read(targets, &asked, cli->arena, &complaints, err);

	cli_complain(cli, &complaints);
	return status;
}

/* NULL is one that could not be found. */
static int add(struct chosen *out, const struct target *target)
{
	if (!target)
		return -1;
	for (size_t i = 0; i < out->count; i++)
		if (out->target[i] == target)
			return 0;
	out->target[out->count++] = target;
	return 0;
}

static int add_named(struct chosen *out, const char *name, struct err *err)
{
	if (targets_doubt(&out->targets, name, err) < 0)
		return -1;
	return add(out, targets_find(&out->targets, name, err));
}

/* So many aliases as help somebody to remember. */
static int ask_which(const struct cli *cli, const struct targets *targets, struct err *err)
{
	enum {
		SHOWN = 8
	};
	struct machine_names names = { .arena = cli->arena };
	struct buf shown = { 0 };

	if (targets->from)
		return err_set(err, ERR_USAGE, "%s: it has no machine (docs/inventory.md)",
			       targets->from);
	machine_names_aliases(&names, ssh_config_home(cli->arena));
	for (size_t i = 0; i < names.count && i < SHOWN; i++)
		buf_printf(&shown, "%s%.60s", i ? ", " : "; ~/.ssh/config has ", names.name[i]);
	if (names.count > SHOWN)
		buf_printf(&shown, " and %zu more", names.count - SHOWN);
	err_set(err, ERR_USAGE,
		"which machine? name one of ~/.ssh/config, or --inventory FILE "
		"(docs/inventory.md), as in lab %s %.60s%s",
		cli->command->name, names.count ? names.name[0] : "web-1",
		shown.data ? shown.data : "");
	buf_close(&shown);
	return -1;
}

int choose(struct chosen *out, const struct cli *cli, struct err *err)
{
	struct targets *targets = &out->targets;
	int status = 0;

	*out = (struct chosen){ 0 };
	if (choose_read(targets, cli, err) < 0)
		return -1;
	size_t all = cli->narg ? 0 : targets->machines.count;
	out->target = arena_array(cli->arena, cli->narg + cli->bind.count + all + 1,
				  sizeof(const struct target *));
	for (size_t i = 0; i < cli->narg && status == 0; i++)
		status = add_named(out, cli->arg[i], err);
	for (size_t i = 0; i < cli->bind.count && status == 0; i++)
		status = add_named(out, cli->bind.at[i].value, err);
	for (size_t i = 0; i < all && status == 0; i++)
		status = add(out, targets_at(targets, i, err));
	if (status == 0 && out->count == 0)
		return ask_which(cli, targets, err);
	return status;
}
