/* cli.c: the tables of commands and options, and what is refused. */
#include "unit.h"

#include "cli_option.h"
#include "util.h"

static struct cli cli;
static struct err err;
static struct arena arena;

static int parse(const char *const *words)
{
	char *argv[16];
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = arena_dup(&arena, words[argc]);
	argv[argc] = NULL;
	return cli_parse(&cli, argc, argv, &arena, &err);
}
#define PARSE(...) parse((const char *const[]){ "lab", __VA_ARGS__, NULL })

static int end_arena(void **state)
{
	(void)state;
	arena_close(&arena);
	return 0;
}

static void options_stand_before_or_behind_names(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-b", "loopback", "run", "refused", "--json"), 0);
	assert_string_equal(cli.command->name, "run");
	assert_string_equal(cli.backend, "loopback");
	assert_int_equal(cli.narg, 1);
	assert_string_equal(cli.arg[0], "refused");
	assert_true(cli.is_json);
	assert_int_equal(PARSE("run", "--backend=netns", "a", "-j4", "--", "-x"), 0);
	assert_int_equal(cli.jobs, 4);
	assert_int_equal(cli.narg, 2);
	assert_string_equal(cli.arg[1], "-x");
}

static void what_is_unknown_names_the_nearest(void **state)
{
	(void)state;
	assert_int_equal(PARSE("rnu", "x"), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "lab run"));
	assert_int_equal(PARSE("run", "--bakend", "netns", "x"), -1);
	assert_non_null(strstr(err.text, "--backend"));
	assert_int_equal(PARSE("run", "-n", "x"), -1);
}

static void an_option_of_another_command_is_refused(void **state)
{
	(void)state;
	assert_int_equal(PARSE("list", "--repeat", "3"), -1);
	assert_non_null(strstr(err.text, "takes no --repeat"));
	assert_int_equal(PARSE("version", "-o", "x"), -1);
}

static void values_are_checked_whole(void **state)
{
	(void)state;
	assert_int_equal(PARSE("run", "x", "--repeat", "0"), -1);
	assert_int_equal(PARSE("run", "x", "--repeat", "5x"), -1);
	assert_int_equal(PARSE("run", "x", "-j"), -1);
	assert_int_equal(PARSE("run", "x", "-b", "aws9"), -1);
	assert_int_equal(PARSE("run", "x", "-b", ""), -1);
	assert_int_equal(PARSE("run", "x", "--require", "sure"), -1);
	assert_int_equal(PARSE("run", "x", "--timeout", "5"), -1);
	assert_int_equal(PARSE("run", "x", "--timeout", "5s"), 0);
	assert_int_equal(cli.timeout_ns, 5000000000);
	assert_int_equal(PARSE("run", "x", "--set", "port"), -1);
	assert_int_equal(PARSE("run", "x", "--set", "port=1=2", "--set", "b="), 0);
	assert_int_equal(cli.set.count, 2);
	assert_string_equal(cli.set.at[0].value, "1=2");
	assert_int_equal(PARSE("run", "x", "--json=yes"), -1);
}

static void the_number_of_arguments_is_checked(void **state)
{
	(void)state;
	assert_int_equal(PARSE("plan"), -1);
	assert_int_equal(PARSE("plan", "a", "b"), -1);
	assert_int_equal(PARSE("plan", "a"), 0);
	assert_int_equal(PARSE("plan", "-h"), 0);
	assert_true(cli.wants_help);
}

static void flag_beats_environment(void **state)
{
	(void)state;
	setenv("LAB_BACKEND", "loopback", 1);
	assert_int_equal(PARSE("run", "x"), 0);
	assert_string_equal(cli.backend, "loopback");
	assert_int_equal(PARSE("run", "x", "-b", "netns"), 0);
	assert_string_equal(cli.backend, "netns");
	assert_int_equal(PARSE("explain", "x"), 0); /* the variable is no option of that command */
	setenv("LAB_BACKEND", "moon", 1);
	assert_int_equal(PARSE("run", "x"), -1);
	unsetenv("LAB_BACKEND");
}

static void help_is_short_and_every_command_has_its_own(void **state)
{
	char *text = NULL;
	size_t len = 0, lines = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	cli_help(out);
	fclose(out);
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1, lines++)
		assert_true(end - line <= 80);
	assert_true(lines <= 24);
	for (const struct command *c = commands; c->name; c++)
		assert_non_null(strstr(text, c->name));
	free(text);
	for (const struct command *c = commands; c->name; c++) {
		out = open_memstream(&text, &len);
		cli_help_command(out, c);
		fclose(out);
		assert_non_null(strstr(text, c->text));
		for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
			if (end - line > 80)
				fail_msg("lab help %s: a line of %d columns", c->name,
					 (int)(end - line));
		free(text);
	}
}

static void the_tables_fit_the_parser(void **state)
{
	size_t rows = 0, names = 0;

	(void)state;
	while (option_rows[rows].name)
		rows++;
	while (commands[names].name)
		names++;
	assert_in_range(rows, 1, 64);
	assert_in_range(names, 1, 32);
}

static void what_an_option_means_at_one_command_is_one_it_takes(void **state)
{
	(void)state;
	for (const struct option_meaning *m = option_meanings; m->option; m++) {
		const struct command *c = command_find(m->command);
		const struct option_row *row = option_rows;
		char *text = NULL;
		size_t len = 0;

		assert_non_null(c);
		while (row->name && strcmp(row->name, m->option) != 0)
			row++;
		assert_non_null(row->name);
		assert_true(c->options & row->bit);
		FILE *out = open_memstream(&text, &len);
		assert_non_null(out);
		cli_help_command(out, c);
		fclose(out);
		assert_null(strstr(text, row->text));
		assert_true(!m->value || strstr(text, m->value));
		free(text);
	}
}

static void the_nearest_name_is_near(void **state)
{
	const char *const names[] = { "refused", "refused-wrong-port", "ok-tcp" };

	(void)state;
	assert_string_equal(nearest("refsued", names, 3), "refused");
	assert_string_equal(nearest("ok-tpc", names, 3), "ok-tcp");
	assert_null(nearest("timeout", names, 3));
	assert_null(nearest("", names, 3));
	assert_null(nearest("a", (const char *const[]){ "b" }, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_before_or_behind_names),
		cmocka_unit_test(what_is_unknown_names_the_nearest),
		cmocka_unit_test(an_option_of_another_command_is_refused),
		cmocka_unit_test(values_are_checked_whole),
		cmocka_unit_test(the_number_of_arguments_is_checked),
		cmocka_unit_test(flag_beats_environment),
		cmocka_unit_test(help_is_short_and_every_command_has_its_own),
		cmocka_unit_test(the_tables_fit_the_parser),
		cmocka_unit_test(what_an_option_means_at_one_command_is_one_it_takes),
		cmocka_unit_test(the_nearest_name_is_near),
	};
	return cmocka_run_group_tests(tests, NULL, end_arena);
}
