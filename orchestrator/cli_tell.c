/* What commands tell beside their result: errors, complaints, and what of several counts. */
#include "cli.h"
#include "safe.h"

void cli_complain(const struct cli *cli, const struct complaints *complaints)
{
	struct buf line = { 0 };

	for (size_t i = 0; i < complaints->count; i++) {
		const struct complaint *c = &complaints->at[i];
		buf_clear(&line);
		safe_add(&line, c->path);
		if (c->line > 0)
			buf_printf(&line, ":%d:%d", c->line, c->column);
		buf_str(&line, ": error: ");
		safe_add(&line, c->text);
		fprintf(cli->progress, "%s\n", line.data);
	}
	buf_close(&line);
}

void cli_print_error(FILE *out, const char *text)
{
	struct buf line = { 0 };

	safe_add(&line, *text ? text : "unknown");
	fprintf(out, "lab: error: %s\n", line.data ? line.data : "");
	buf_close(&line);
}

void cli_print_named(FILE *out, const char *before, const char *named, const char *behind)
{
	struct buf safe = { 0 };

	safe_add(&safe, named);
	fprintf(out, "%s%s%s\n", before, safe.data ? safe.data : "", behind);
	buf_close(&safe);
}

int cli_gravity(int status)
{
	static const int order[] = { 0,         ERR_UNDECIDED, 1,           ERR_CANNOT, ERR_USAGE,
				     ERR_BROKE, ERR_LEFTOVER,  ERR_SIGTERM, ERR_SIGINT };

	for (size_t i = 0; i < COUNT(order); i++)
		if (order[i] == status)
			return (int)i;
	return (int)COUNT(order);
}
