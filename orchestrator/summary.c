/* Each scenario is remembered once, with its first trace hash: all others must be equal to it. */
#include "summary.h"

#include "paint.h"
#include "safe.h"

enum {
	HASH_SHOWN = 12 /* digits, as in the line trace=...; result.json has all of them */
};

struct seen {
	char scenario[128], hash[65]; /* "": none yet */
	size_t count, hashes;         /* runs, and those with a hash */
	bool differs;
};

struct summary summary_of(const struct cli *cli, size_t count)
{
	return (struct summary){ .cli = cli,
				 .count = count,
				 .seen = arena_array(cli->arena, count, sizeof(struct seen)) };
}

static void compare_hash(struct summary *sum, const struct run_result *result)
{
	struct seen *seen = sum->seen;

	while (seen < sum->seen + sum->nseen && !streq(seen->scenario, result->scenario))
		seen++;
	if (seen == sum->seen + sum->nseen) {
		sum->nseen++;
		snprintf(seen->scenario, sizeof(seen->scenario), "%s", result->scenario);
	}
	seen->count++;
	if (!*result->trace_hash)
		return;
	seen->hashes++;
	if (!*seen->hash)
		snprintf(seen->hash, sizeof(seen->hash), "%s", result->trace_hash);
	seen->differs |= !streq(seen->hash, result->trace_hash);
	sum->hash_differs |= seen->differs;
}

static size_t *counter_of(struct summary *sum, int status)
{
	switch (status) {
	case 0:
		return &sum->as_expected;
	case 1:
		return &sum->not_as_expected;
	case ERR_UNDECIDED:
		return &sum->undecided;
	case ERR_SIGINT:
	case ERR_SIGTERM:
		return &sum->interrupted;
	default:
		return &sum->broke;
	}
}

static void complain(const struct summary *sum, const struct run_result *result)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s%s%s", result->why, *result->path ? "; what was seen is in " : "",
		   result->path);
	cli_print_error(sum->cli->progress, text.data);
	buf_close(&text);
}

static void skip(struct summary *sum, const struct run_result *result)
{
	struct buf text = { 0 };

	sum->skipped++;
	safe_add(&text, result->why);
	fprintf(sum->cli->progress, "skipped: %s\n", text.data);
	buf_close(&text);
}

void summary_add(void *context, size_t index, const struct job *job,
		 const struct run_result *result)
{
	struct summary *sum = context;

	(void)index;
	sum->ended++;
	if (result->status == ERR_CANNOT && job->may_skip) {
		skip(sum, result);
		return;
	}
	if (*result->why)
		complain(sum, result);
	++*counter_of(sum, result->status);
	compare_hash(sum, result);
	if (cli_gravity(result->status) > cli_gravity(sum->status))
		sum->status = result->status;
}

static void print_line(const struct summary *sum, const char *text)
{
	struct line line = line_of(&sum->cli->style);

	line_words(&line, sum->cli->result, text, 2, TEXT_COLUMNS);
	line_end(&line, sum->cli->result);
	line_close(&line);
}

static void print_hash(const struct summary *sum, const struct seen *seen)
{
	struct buf text = { 0 };

	if (!seen->hashes)
		return;
	buf_printf(&text, "%s: ", seen->scenario);
	if (seen->differs)
		buf_str(&text, "trace hashes differ, the first is");
	else if (seen->hashes < seen->count)
		buf_printf(&text, "one trace hash, in %zu of %zu runs:", seen->hashes, seen->count);
	else
		buf_str(&text, "one trace hash, equal in every run:");
	buf_printf(&text, " %.*s", HASH_SHOWN, seen->hash);
	print_line(sum, text.data);
	buf_close(&text);
}

void summary_print(const struct summary *sum)
{
	const struct {
		size_t count;
		const char *what;
	} rare[] = { { sum->undecided, "undecided" },
		     { sum->broke, "broke" },
		     { sum->interrupted, "interrupted" },
		     { sum->count - sum->ended, "never begun" } };
	struct buf text = { 0 };

	if (sum->count < 2 || sum->cli->is_json)
		return;
	buf_printf(&text, "%zu runs: %zu as expected, %zu not, %zu skipped", sum->count,
		   sum->as_expected, sum->not_as_expected, sum->skipped);
	for (size_t i = 0; i < COUNT(rare); i++)
		if (rare[i].count)
			buf_printf(&text, ", %zu %s", rare[i].count, rare[i].what);
	print_line(sum, text.data);
	buf_close(&text);
	for (size_t i = 0; i < sum->nseen && sum->cli->repeat > 1; i++)
		print_hash(sum, &sum->seen[i]);
}

int summary_status(const struct summary *sum, struct err *err)
{
	if (sum->skipped == sum->ended && sum->status == 0)
		return err_set(err, ERR_CANNOT, "all %zu were skipped: nothing was run here",
			       sum->skipped);
	if (sum->hash_differs && cli_gravity(sum->status) < cli_gravity(1))
		return 1;
	return sum->status;
}
