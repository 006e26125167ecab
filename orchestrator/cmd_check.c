/* lab check: everything about a scenario that can be said without running it. */
#include "cli.h"
#include "json.h"
#include "scenario_schema.h"

/* Also as each backend that the file speaks of: key@backend is part of it. */
static int load_all(const struct cli *cli, const char *path, struct complaints *complaints,
		    struct err *err)
{
	static const char *const backends_known[] = { "loopback", "netns", "ssh", "aws" };
	struct scenario_options options = { .nset = cli->set.count, .set = cli->set.at };
	struct scenario scenario;
	bool is_given = !streq(cli->backend, "auto");

	if (is_given)
		options.backend = cli->backend;
	if (scenario_load(&scenario, path, &options, cli->arena, complaints, err) < 0)
		return complaints->count ? 0 : -1;
	for (size_t i = 0; !is_given && i < COUNT(backends_known); i++) {
		struct scenario other;
		if (!strstr(scenario.source, arena_printf(cli->arena, "@%s ", backends_known[i])) &&
		    !strstr(scenario.source, arena_printf(cli->arena, "@%s=", backends_known[i])))
			continue;
		options.backend = backends_known[i];
		if (scenario_load(&other, path, &options, cli->arena, complaints, err) < 0)
			return complaints->count ? 0 : -1;
	}
	return 0;
}

static void json_complaints(struct json *json, const struct complaints *complaints)
{
	json_array_begin(json, "complaints");
	for (size_t i = 0; i < complaints->count; i++) {
		const struct complaint *c = &complaints->at[i];
		json_object_begin(json, NULL);
		json_text(json, "path", c->path);
		json_int(json, "line", c->line);
		json_int(json, "column", c->column);
		json_text(json, "text", c->text);
		json_object_end(json);
	}
	json_array_end(json);
}

int cmd_check(const struct cli *cli, struct err *err)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);
	int status = 0;

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.check/1");
	json_array_begin(&json, "files");
	for (size_t i = 0; i < cli->narg; i++) {
		struct complaints complaints = { .arena = cli->arena };
		struct err why = { 0 };
		const char *path;
		bool is_read = scenario_find(cli->arg[i], &path, cli->arena, &why) == 0 &&
			       load_all(cli, path, &complaints, &why) == 0;
		bool is_good = is_read && complaints.count == 0;
		if (!is_good)
			status = ERR_USAGE;
		json_object_begin(&json, NULL);
		json_text(&json, "name", cli->arg[i]);
		json_bool(&json, "ok", is_good);
		json_text(&json, "error", is_read ? NULL : why.text);
		json_complaints(&json, &complaints);
		json_object_end(&json);
		if (cli->is_json)
			continue;
		if (!is_read)
			cli_print_error(cli->progress, why.text);
		cli_complain(cli, &complaints);
		if (is_good)
			cli_print_named(cli->result, "", path, ": ok");
	}
	json_array_end(&json);
	json_object_end(&json);
	if (cli->is_json)
		fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
	(void)err;
	return status;
}
