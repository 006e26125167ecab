/* The parser of the command line: everything it knows stands in the tables (cli_table.c). */
#include "cli_option.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "parse.h"

enum {
	NAMES = 64
}; /* commands, and options: at most as many as bits of `seen` */

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (streq(c->name, name))
			return c;
	return NULL;
}

const struct option_meaning *option_meaning(const struct option_row *row,
					    const struct command *command)
{
	for (const struct option_meaning *m = option_meanings; m->option; m++)
		if (streq(m->option, row->name) && streq(m->command, command->name))
			return m;
	return NULL;
}

static const char *nearest_command(const char *name)
{
	const char *names[NAMES];
	size_t count = 0;

	for (const struct command *c = commands; c->name && count < NAMES; c++)
		names[count++] = c->name;
	return nearest(name, names, count);
}

static const char *nearest_option(const char *name)
{
	const char *names[NAMES];
	size_t count = 0;

	for (const struct option_row *row = option_rows; row->name && count < NAMES; row++)
		names[count++] = row->name;
	return nearest(name, names, count);
}

static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = choices; len > 0 && *at; at += strcspn(at, "|"), at += *at == '|') {
		if (strcspn(at, "|") == len && memcmp(at, value, len) == 0)
			return true;
	}
	return false;
}

static int add_named(struct cli *cli, struct named_values *to, const char *value, const char *from,
		     const struct option_row *row, struct err *err)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value)
		return err_set(err, ERR_USAGE, "%s %s: %s is needed", from, value, row->value);
	struct name_value *at = arena_array(cli->arena, to->count + 1, sizeof(*at));
	if (to->count)
		memcpy(at, to->at, to->count * sizeof(*at));
	at[to->count].name = arena_ndup(cli->arena, value, (size_t)(equals - value));
	at[to->count].value = equals + 1;
	to->at = at;
	to->count++;
	return 0;
}

static int set_value(struct cli *cli, const struct option_row *row, const char *value,
		     const char *from, struct err *err)
{
	char *member = (char *)cli + row->offset;
	int64_t number;

	switch (row->kind) {
	case VALUE_NONE:
		*(bool *)member = true;
		return 0;
	case VALUE_SET:
		return add_named(cli, (struct named_values *)(void *)member, value, from, row, err);
	case VALUE_COUNT:
		if (parse_int(value, 1, 100000, &number) < 0)
			return err_set(err, ERR_USAGE, "%s %s: a number from 1 to 100000 is needed",
				       from, value);
		*(int64_t *)member = number;
		return 0;
	case VALUE_DURATION:
		if (parse_duration_ns(value, &number) < 0 || number <= 0)
			return err_set(err, ERR_USAGE,
				       "%s %s: a time such as 500ms or 30s is needed", from, value);
		*(int64_t *)member = number;
		return 0;
	case VALUE_CHOICE:
		if (!is_choice(row->value, value))
			return err_set(err, ERR_USAGE, "%s %s: one of %s is needed", from, value,
				       row->value);
		if (row->offset == offsetof(struct cli, colour)) {
			cli->colour = streq(value, "always")  ? COLOUR_ALWAYS
				      : streq(value, "never") ? COLOUR_NEVER
							      : COLOUR_AUTO;
			return 0;
		}
		*(const char **)member = value;
		return 0;
	case VALUE_TEXT:
		if (!*value)
			return err_set(err, ERR_USAGE, "%s: a value is needed", from);
		*(const char **)member = value;
		return 0;
	}
	return 0;
}

struct parser {
	struct cli *cli;
	int at, argc;
	char **argv;
	const char **arg;
	uint64_t seen; /* the bits of the options that were given */
	size_t before; /* names in front of the first -- */
	bool has_dashes;
};

static int take_option(struct parser *p, size_t i, const char *inline_value, const char *as,
		       struct err *err)
{
	const struct option_row *row = &option_rows[i];
	const char *value = inline_value;

	p->seen |= UINT64_C(1) << i;
	if (row->kind == VALUE_NONE) {
		if (inline_value)
			return err_set(err, ERR_USAGE, "%s takes no value", as);
	} else if (!value) {
		if (p->at + 1 >= p->argc)
			return err_set(err, ERR_USAGE, "%s needs a value: %s", as, row->value);
		value = p->argv[++p->at];
	}
	return set_value(p->cli, row, value, as, err);
}

static int parse_long(struct parser *p, const char *word, struct err *err)
{
	char name[32], as[36];
	const char *equals = strchr(word + 2, '=');
	size_t len = equals ? (size_t)(equals - word - 2) : strlen(word + 2);

	if (len < sizeof(name)) {
		memcpy(name, word + 2, len);
		name[len] = 0;
		snprintf(as, sizeof(as), "--%s", name);
		for (size_t i = 0; option_rows[i].name; i++)
			if (streq(option_rows[i].name, name))
				return take_option(p, i, equals ? equals + 1 : NULL, as, err);
		const char *near = nearest_option(name);
		if (near)
			return err_set(err, ERR_USAGE, "unknown option --%s: did you mean --%s?",
				       name, near);
	}
	return err_set(err, ERR_USAGE, "unknown option %.60s (lab help)", word);
}

static int parse_short(struct parser *p, const char *word, struct err *err)
{
	for (const char *c = word + 1; *c; c++) {
		size_t i = 0;
		while (option_rows[i].name && option_rows[i].letter != *c)
			i++;
		if (!option_rows[i].name)
			return err_set(err, ERR_USAGE, "unknown option -%c (lab help)", *c);
		char as[3] = { '-', *c, 0 };
		bool takes_value = option_rows[i].kind != VALUE_NONE;
		const char *rest = takes_value && c[1] ? c + 1 : NULL;
		if (take_option(p, i, rest, as, err) < 0)
			return -1;
		if (takes_value)
			return 0;
	}
	return 0;
}

/* Options of other commands are refused: an option without effect would be a silent lie. */
static int check_options(const struct parser *p, struct err *err)
{
	for (size_t i = 0; option_rows[i].name; i++)
		if (p->seen & UINT64_C(1) << i && !(p->cli->command->options & option_rows[i].bit))
			return err_set(err, ERR_USAGE, "lab %s takes no --%s (lab help %s)",
				       p->cli->command->name, option_rows[i].name,
				       p->cli->command->name);
	return 0;
}

/* A command that has a choice of its own: another word is refused, and a variable that was set for
 * other commands is not heard. */
static int check_choice(struct cli *cli, const struct option_meaning *meaning, bool is_given,
			struct err *err)
{
	if (!meaning->value || is_choice(meaning->value, cli->backend))
		return 0;
	if (is_given)
		return err_set(err, ERR_USAGE, "-b %s: lab %s takes %s (%s)", cli->backend,
			       cli->command->name, meaning->value, meaning->text);
	cli->backend = "auto";
	return 0;
}

static int check_meanings(const struct parser *p, struct err *err)
{
	struct cli *cli = p->cli;

	for (const struct option_row *row = option_rows; row->name; row++) {
		const struct option_meaning *meaning = option_meaning(row, cli->command);
		bool is_given = p->seen & UINT64_C(1) << (row - option_rows);
		if (!meaning)
			continue;
		if (meaning->is_unheard && !is_given && row->kind == VALUE_DURATION)
			*(int64_t *)(void *)((char *)cli + row->offset) = 0;
		if (row->bit == OPT_BACKEND && check_choice(cli, meaning, is_given, err) < 0)
			return -1;
	}
	return 0;
}

static int read_environment(struct parser *p, struct err *err)
{
	for (size_t i = 0; option_rows[i].name; i++) {
		const struct option_row *row = &option_rows[i];
		const char *value = env_get(row->variable);
		if (value && set_value(p->cli, row, value, env_name(row->variable), err) < 0)
			return -1;
	}
	return 0;
}

static void find_style(struct cli *cli)
{
	bool is_terminal = isatty(STDOUT_FILENO) == 1 && !env_get(VAR_CI);
	const char *clicolor = env_get(VAR_CLICOLOR), *force = env_get(VAR_CLICOLOR_FORCE);
	bool no_colour = env_get(VAR_NO_COLOR) || (clicolor && streq(clicolor, "0"));
	bool colour = is_terminal && !no_colour;
	const char *term = env_get(VAR_TERM);

	if (term && streq(term, "dumb"))
		colour = false;
	if (force && !streq(force, "0") && !env_get(VAR_NO_COLOR))
		colour = true;
	if (cli->colour != COLOUR_AUTO)
		colour = cli->colour == COLOUR_ALWAYS;
	cli->style = (struct style){
		.has_colour = colour,
		.is_ascii = cli->is_ascii || !streq(nl_langinfo(CODESET), "UTF-8"),
		.verbose = cli->is_quiet ? -1 : cli->is_verbose,
		.is_plain = !is_terminal,
	};
}

static int check_arguments(const struct cli *cli, struct err *err)
{
	const struct command *c = cli->command;

	if (cli->wants_help)
		return 0;
	if (cli->narg < (size_t)c->min_args)
		return err_set(err, ERR_USAGE, "lab %s needs %s (lab help %s)", c->name,
			       c->arguments, c->name);
	if (c->max_args >= 0 && cli->narg > (size_t)c->max_args)
		return err_set(err, ERR_USAGE, "lab %s: %s is one too many (lab help %s)", c->name,
			       cli->arg[c->max_args], c->name);
	return 0;
}

static int find_command(struct parser *p, struct err *err)
{
	struct cli *cli = p->cli;

	if (cli->narg == 0) {
		cli->command = command_find("help");
		cli->is_bare = true;
		return 0;
	}
	cli->command = command_find(p->arg[0]);
	if (cli->command) {
		cli->arg = p->arg + 1;
		cli->narg--;
		return 0;
	}
	const char *near = nearest_command(p->arg[0]);
	if (near)
		return err_set(err, ERR_USAGE, "unknown command %s: did you mean lab %s?",
			       p->arg[0], near);
	return err_set(err, ERR_USAGE, "unknown command %s (lab help)", p->arg[0]);
}

/* Who names machines means them. */
static int choose_backend(struct cli *cli, struct err *err)
{
	if (!cli->bind.count && !cli->inventory && !cli->terraform)
		return 0;
	if (streq(cli->backend, "auto"))
		cli->backend = "ssh";
	if (streq(cli->backend, "ssh"))
		return 0;
	if (streq(cli->backend, "aws"))
		return cli->inventory || cli->terraform
			   ? err_set(err, ERR_USAGE,
				     "-b aws has the hosts that `lab up` made: --inventory and "
				     "--terraform go with -b ssh")
			   : 0;
	return err_set(err, ERR_USAGE,
		       "--bind, --inventory and --terraform name machines, and -b %s makes its own "
		       "hosts: -b ssh",
		       cli->backend);
}

static bool end_options(struct parser *p)
{
	p->has_dashes = true;
	p->before = p->cli->narg;
	return true;
}

/* Behind -- of such a command stands another one. */
static int split_program(struct parser *p, struct err *err)
{
	struct cli *cli = p->cli;

	if (!(cli->command->words & (WORD_PROGRAM | WORD_PROGRAM_MAY)) || cli->wants_help)
		return 0;
	if (p->has_dashes && p->before > 0) {
		size_t before = p->before - 1; /* without the command's own name */
		cli->word = cli->arg + before;
		cli->nword = cli->narg - before;
		cli->narg = before;
	}
	if (cli->nword > 0 || (cli->command->words & WORD_PROGRAM_MAY && !p->has_dashes))
		return 0;
	return err_set(err, ERR_USAGE, "lab %s needs a program behind --: lab %s %s",
		       cli->command->name, cli->command->name, cli->command->arguments);
}

int cli_parse(struct cli *out, int argc, char **argv, struct arena *arena, struct err *err)
{
	struct parser p = { .cli = out, .argc = argc, .argv = argv };
	bool only_names = false;

	*out = (struct cli){ .backend = "auto",
			     .repeat = 1,
			     .jobs = 1,
			     .result = stdout,
			     .progress = stderr,
			     .arena = arena };
	setlocale(LC_CTYPE, "");
	p.arg = arena_array(arena, (size_t)argc + 1, sizeof(*p.arg));
	out->arg = p.arg;
	if (read_environment(&p, err) < 0)
		return -1;
	for (p.at = 1; p.at < argc; p.at++) {
		const char *word = argv[p.at];
		int status = 0;
		if (only_names || word[0] != '-' || !word[1])
			p.arg[out->narg++] = word;
		else if (streq(word, "--"))
			only_names = end_options(&p);
		else if (streq(word, "--version"))
			p.arg[out->narg++] = "version";
		else if (word[1] == '-')
			status = parse_long(&p, word, err);
		else
			status = parse_short(&p, word, err);
		if (status < 0)
			return -1;
	}
	find_style(out);
	if (find_command(&p, err) < 0 || check_options(&p, err) < 0 ||
	    check_meanings(&p, err) < 0 || choose_backend(out, err) < 0 ||
	    split_program(&p, err) < 0)
		return -1;
	return check_arguments(out, err);
}
