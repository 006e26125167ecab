/* lab runs: the history, and `lab runs rm RUN`. */
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <unistd.h>

#include "cli.h"
#include "file.h"
#include "history.h"
#include "json.h"
#include "rundir.h"
#include "safe.h"

enum {
	RESULT_BYTES = 4 << 20
};

/* What result.json says came of it; NULL and -1: it did not finish, or not to be read. */
struct ending {
	const char *verdict, *confidence;
	int exit_status;
	bool is_probe; /* nothing was expected of it */
};

static const char *text_in(const json_t *object, const char *key, struct arena *arena)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? arena_dup(arena, text) : NULL;
}

static struct ending ending_of(const char *parent, const char *name, struct arena *arena)
{
	struct ending ending = { .exit_status = -1 };
	struct buf bytes = { 0 };
	struct err ignored = { 0 };
	int fd = open(arena_printf(arena, "%s/%s", parent, name),
		      O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return ending;
	if (file_read(fd, "result.json", RESULT_BYTES, &bytes, &ignored) == 0) {
		json_t *root = json_loadb(bytes.data ? bytes.data : "", bytes.len,
					  JSON_REJECT_DUPLICATES, NULL);
		const json_t *status = json_object_get(root, "exit_status");
		ending.verdict = text_in(root, "verdict", arena);
		ending.confidence = text_in(root, "confidence", arena);
		if (json_is_integer(status))
			ending.exit_status = (int)json_integer_value(status);
		ending.is_probe = json_is_null(json_object_get(root, "as_expected"));
		json_decref(root);
	}
	buf_close(&bytes);
	close(fd);
	return ending;
}

static int name_columns(const struct history_run *run, size_t count)
{
	size_t columns = 0;

	for (size_t i = 0; i < count; i++) {
		struct buf name = { 0 };
		safe_add(&name, run[i].name);
		if (columns < utf8_columns(name.data))
			columns = utf8_columns(name.data);
		buf_close(&name);
	}
	return (int)columns;
}

/* `columns`: room for every name, so that the verdicts stand below each other. */
static void print_text(const struct cli *cli, const struct history_run *run,
		       const struct ending *ending, int columns)
{
	struct buf name = { 0 }, verdict = { 0 };

	safe_add(&name, run->name);
	safe_add(&verdict, ending->verdict ? ending->verdict : "-");
	if (ending->confidence) {
		buf_printf(&verdict, " (");
		safe_add(&verdict, ending->confidence);
		buf_printf(&verdict, ")");
	}
	if (cli->style.is_plain)
		fprintf(cli->result, "%s\t%lld\t%s\t%d\n", name.data, (long long)run->bytes,
			verdict.data, ending->exit_status);
	else
		fprintf(cli->result, "%s%*s  %s%s\n", name.data,
			columns - (int)utf8_columns(name.data), "", verdict.data,
			ending->exit_status == 0 || (ending->is_probe && ending->exit_status == 1)
			    ? ""
			: ending->exit_status == 1  ? ", not as expected"
			: ending->exit_status == -1 ? " unfinished"
						    : ", undecided");
	buf_close(&name);
	buf_close(&verdict);
}

static int remove_runs(const struct cli *cli, const char *parent, struct err *err)
{
	char path[PATH_MAX];

	if (cli->narg < 2)
		return err_set(err, ERR_USAGE, "lab runs rm needs RUN (lab runs)");
	for (size_t i = 1; i < cli->narg; i++) {
		if (strchr(cli->arg[i], '/'))
			return err_set(err, ERR_USAGE,
				       "%s: a run is named without a directory (-o DIR says where)",
				       cli->arg[i]);
		if (history_find(path, cli->arg[i], parent, err) < 0)
			return -1;
		const char *slash = strrchr(path, '/');
		if (history_remove(parent, slash ? slash + 1 : path, err) < 0)
			return -1;
	}
	return 0;
}

static void print_json(const struct cli *cli, const char *parent, const struct history_run *run,
		       size_t count)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.runs/1");
	json_text(&json, "directory", parent);
	json_array_begin(&json, "runs");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(&json, NULL);
		json_text(&json, "name", run[i].name);
		json_int(&json, "bytes", run[i].bytes);
		const struct ending ending = ending_of(parent, run[i].name, cli->arena);
		json_text(&json, "verdict", ending.verdict);
		json_text(&json, "confidence", ending.confidence);
		if (ending.exit_status >= 0)
			json_int(&json, "exit_status", ending.exit_status);
		else
			json_text(&json, "exit_status", NULL);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	fprintf(cli->result, "%s\n", out.data);
	buf_close(&out);
}

int cmd_runs(const struct cli *cli, struct err *err)
{
	char history[PATH_MAX];
	const char *parent = cli->out;
	const struct history_run *run;
	size_t count;

	if (!parent) {
		if (rundir_history(history, err) < 0)
			return -1;
		parent = history;
	}
	if (cli->narg > 0 && streq(cli->arg[0], "rm"))
		return remove_runs(cli, parent, err);
	if (cli->narg > 0)
		return err_set(err, ERR_USAGE, "lab runs %s: only rm is known", cli->arg[0]);
	if (history_list(parent, &run, &count, cli->arena, err) < 0)
		return -1;
	if (cli->is_json) {
		print_json(cli, parent, run, count);
		return 0;
	}
	const int columns = name_columns(run, count);
	for (size_t i = 0; i < count; i++) {
		const struct ending ending = ending_of(parent, run[i].name, cli->arena);
		print_text(cli, &run[i], &ending, columns);
	}
	fprintf(cli->progress, "%zu run%s", count, count == 1 ? "" : "s");
	cli_print_named(cli->progress, " in ", parent, "");
	return 0;
}
