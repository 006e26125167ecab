/* lab help, lab version: the tables as text, and the topics that belong to no command. */
#include "cli.h"
#include "json.h"
#include "topic.h"

static const char *nearest_help(const char *name, struct arena *arena)
{
	size_t count = 0;

	for (const struct command *c = commands; c->name; c++)
		count++;
	for (const struct topic *t = topics; t->name; t++)
		count++;
	const char **names = arena_array(arena, count, sizeof(*names));
	count = 0;
	for (const struct topic *t = topics; t->name; t++)
		names[count++] = t->name;
	for (const struct command *c = commands; c->name; c++)
		names[count++] = c->name;
	return nearest(name, names, count);
}

int cmd_help(const struct cli *cli, struct err *err)
{
	if (cli->narg == 0) {
		cli_help(cli->result);
		return 0;
	}
	const char *name = cli->arg[0];
	const struct command *command = command_find(name);
	if (command) {
		cli_help_command(cli->result, command);
		return 0;
	}
	const struct topic *topic = topic_find(name);
	if (topic) {
		topic_text(cli->result, topic);
		return 0;
	}
	const char *near = nearest_help(name, cli->arena);
	if (near)
		return err_set(err, ERR_USAGE, "no help on %s: did you mean lab help %s?", name,
			       near);
	return err_set(err, ERR_USAGE, "no help on %s (lab help)", name);
}

int cmd_version(const struct cli *cli, struct err *err)
{
	(void)err;
	if (!cli->is_json) {
		fprintf(cli->result, "lab %s\n", LAB_VERSION);
		return 0;
	}
	struct buf out = { 0 };
	struct json json = json_to(&out);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.version/1");
	json_text(&json, "version", LAB_VERSION);
	json_object_end(&json);
	fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
	return 0;
}
