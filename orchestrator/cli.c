/* The two tables, commands and options, and the parser and help that are made of them. */
#include "cli.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "parse.h"

#define SHOWS (OPT_JSON | OPT_ALWAYS)
#define READS_SCENARIO (OPT_SET | OPT_BACKEND)

const struct command commands[] = {
	{ "run", "NAME|FILE...", "play scenarios and explain what happened", cmd_run,
	  SHOWS | READS_SCENARIO | OPT_OUT | OPT_QUIET | OPT_VERBOSE | OPT_JOBS | OPT_TIMEOUT |
	      OPT_REQUIRE | OPT_REPEAT | OPT_PAUSE | OPT_TAG,
	  0, -1,
	  "NAME is looked up in ./scenarios, the user's and the installed ones; all: every\n"
	  "one. A scenario that cannot run here is skipped under all and --tag; when it is\n"
	  "named, that is exit status 4." },
	{ "list", "", "the scenarios that exist, and what runs here", cmd_list, SHOWS | OPT_BACKEND,
	  0, 0, NULL },
	{ "show", "[NAME|FILE]", "a scenario's story, topology and what it proves", cmd_show,
	  SHOWS | READS_SCENARIO | OPT_RESOLVED | OPT_SCHEMA, 0, 1, NULL },
	{ "plan", "NAME|FILE", "the numbered steps and addresses; touches nothing", cmd_plan,
	  SHOWS | READS_SCENARIO, 1, 1, NULL },
	{ "check", "FILE...", "scenario errors as file:line:col: error: ...", cmd_check,
	  SHOWS | READS_SCENARIO, 1, -1, NULL },
	{ "new", "NAME", "write a commented skeleton scenario", cmd_new, OPT_ALWAYS | OPT_FROM, 1,
	  1, NULL },
	{ "steps", "[VERB]", "the verbs of a step, their parameters and results", cmd_steps,
	  SHOWS | OPT_MARKDOWN, 0, 1, NULL },
	{ "analyze", "RUN|PCAP...", "a verdict for every connection of a run or a capture",
	  cmd_analyze, SHOWS | OPT_VERBOSE | OPT_QUIET, 1, -1,
	  "A run directory, or a pcap or pcapng file. A capture alone never proves the\n"
	  "cause of a refusal: what is missing is named. Exit 1: a failure was found." },
	{ "report", "[RUN]", "the report again, from the run directory alone", cmd_report,
	  SHOWS | OPT_QUIET | OPT_VERBOSE | OPT_REQUIRE | OPT_OUT, 0, 1,
	  "RUN is a directory or a part of a run's name; default: the latest." },
	{ "runs", "[rm RUN...]", "the history of runs", cmd_runs, SHOWS | OPT_OUT, 0, -1, NULL },
	{ "explain", "CODE|ERRNO|TEXT", "the lesson behind a verdict or an error text", cmd_explain,
	  SHOWS, 1, -1, NULL },
	{ "doctor", "", "what works on this machine, and what mends the rest", cmd_doctor,
	  SHOWS | OPT_BACKEND, 0, 0, NULL },
	{ "version", "", "the version", cmd_version, SHOWS, 0, 0, NULL },
	{ "help", "[COMMAND|TOPIC]", "help on a command or a topic", cmd_help, OPT_ALWAYS, 0, 1,
	  NULL },
	{ .name = NULL },
};

enum value_kind {
	VALUE_NONE,
	VALUE_TEXT,
	VALUE_COUNT,
	VALUE_DURATION,
	VALUE_CHOICE,
	VALUE_SET
};

struct option_row {
	const char *name;
	char letter;
	unsigned bit; /* the commands that take it */
	enum value_kind kind;
	const char *value; /* in the help; choices for VALUE_CHOICE */
	size_t offset;     /* in struct cli; bool for VALUE_NONE */
	const char *text;
	const char *variable; /* environment variable with the same meaning; NULL */
};

static const struct option_row option_rows[] = {
	{ "backend", 'b', OPT_BACKEND, VALUE_CHOICE, "auto|netns|loopback",
	  offsetof(struct cli, backend), "where the hosts live (default auto)", "LAB_BACKEND" },
	{ "out", 'o', OPT_OUT, VALUE_TEXT, "DIR", offsetof(struct cli, out),
	  "keep run directories in DIR, not in the history", "LAB_OUT" },
	{ "set", 0, OPT_SET, VALUE_SET, "NAME=VALUE", 0, "give a [params] value of the scenario",
	  NULL },
	{ "require", 0, OPT_REQUIRE, VALUE_CHOICE, "proven|likely|wire",
	  offsetof(struct cli, require), "exit 3 where the evidence is less than that",
	  "LAB_REQUIRE" },
	{ "repeat", 0, OPT_REPEAT, VALUE_COUNT, "N", offsetof(struct cli, repeat),
	  "play N times and compare the trace hashes", NULL },
	{ "jobs", 'j', OPT_JOBS, VALUE_COUNT, "N", offsetof(struct cli, jobs),
	  "N runs at the same time, in namespaces each", "LAB_JOBS" },
	{ "tag", 0, OPT_TAG, VALUE_TEXT, "TAG", offsetof(struct cli, tag),
	  "every scenario of this family or level", NULL },
	{ "pause", 0, OPT_PAUSE, VALUE_CHOICE, "control|fault|recovery",
	  offsetof(struct cli, pause), "hold after that phase until Enter", NULL },
	{ "timeout", 0, OPT_TIMEOUT, VALUE_DURATION, "TIME", offsetof(struct cli, timeout_ns),
	  "end a run after TIME (default: its time-limit)", "LAB_TIMEOUT" },
	{ "from", 0, OPT_FROM, VALUE_TEXT, "NAME", offsetof(struct cli, from),
	  "start from another scenario", NULL },
	{ "resolved", 0, OPT_RESOLVED, VALUE_NONE, NULL, offsetof(struct cli, wants_resolved),
	  "the flat file, after extends and --set", NULL },
	{ "schema", 0, OPT_SCHEMA, VALUE_NONE, NULL, offsetof(struct cli, wants_schema),
	  "the sections and keys of a scenario file", NULL },
	{ "markdown", 0, OPT_MARKDOWN, VALUE_NONE, NULL, offsetof(struct cli, wants_markdown),
	  "as the table of the documents", NULL },
	{ "json", 0, OPT_JSON, VALUE_NONE, NULL, offsetof(struct cli, is_json), "the same as data",
	  NULL },
	{ "quiet", 'q', OPT_QUIET, VALUE_NONE, NULL, offsetof(struct cli, is_quiet),
	  "the verdict line alone", NULL },
	{ "verbose", 'v', OPT_VERBOSE, VALUE_NONE, NULL, offsetof(struct cli, is_verbose),
	  "the full output of both sides, every packet", NULL },
	{ "yes", 'y', OPT_YES, VALUE_NONE, NULL, offsetof(struct cli, is_yes), "do not ask", NULL },
	{ "color", 0, OPT_ALWAYS, VALUE_CHOICE, "auto|always|never", offsetof(struct cli, colour),
	  "colours (auto: on a terminal, without NO_COLOR)", "LAB_COLOR" },
	{ "ascii", 0, OPT_ALWAYS, VALUE_NONE, NULL, offsetof(struct cli, is_ascii),
	  "plain signs instead of box drawing", NULL },
	{ "help", 'h', OPT_ALWAYS, VALUE_NONE, NULL, offsetof(struct cli, wants_help),
	  "help on the command", NULL },
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (streq(c->name, name))
			return c;
	return NULL;
}

static const char *nearest_command(const char *name)
{
	const char *names[COUNT(commands)];
	size_t count = 0;

	for (const struct command *c = commands; c->name; c++)
		names[count++] = c->name;
	return nearest(name, names, count);
}

static const char *nearest_option(const char *name)
{
	const char *names[COUNT(option_rows)];

	for (size_t i = 0; i < COUNT(option_rows); i++)
		names[i] = option_rows[i].name;
	return nearest(name, names, COUNT(names));
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

static int set_parameter(struct cli *cli, const char *value, struct err *err)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value)
		return err_set(err, ERR_USAGE, "--set %s: NAME=VALUE is needed", value);
	struct name_value *set = arena_array(cli->arena, cli->nset + 1, sizeof(*set));
	if (cli->nset)
		memcpy(set, cli->set, cli->nset * sizeof(*set));
	set[cli->nset].name = arena_ndup(cli->arena, value, (size_t)(equals - value));
	set[cli->nset].value = equals + 1;
	cli->set = set;
	cli->nset++;
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
		return set_parameter(cli, value, err);
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
	bool is_seen[COUNT(option_rows)];
};

static int take_option(struct parser *p, size_t i, const char *inline_value, const char *as,
		       struct err *err)
{
	const struct option_row *row = &option_rows[i];
	const char *value = inline_value;

	p->is_seen[i] = true;
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
		for (size_t i = 0; i < COUNT(option_rows); i++)
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
		while (i < COUNT(option_rows) && option_rows[i].letter != *c)
			i++;
		if (i == COUNT(option_rows))
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
	for (size_t i = 0; i < COUNT(option_rows); i++)
		if (p->is_seen[i] && !(p->cli->command->options & option_rows[i].bit))
			return err_set(err, ERR_USAGE, "lab %s takes no --%s (lab help %s)",
				       p->cli->command->name, option_rows[i].name,
				       p->cli->command->name);
	return 0;
}

static int read_environment(struct parser *p, struct err *err)
{
	for (size_t i = 0; i < COUNT(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		const char *value = row->variable ? getenv(row->variable) : NULL;
		if (value && *value && set_value(p->cli, row, value, row->variable, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

static void find_style(struct cli *cli)
{
	bool is_terminal = isatty(STDOUT_FILENO) == 1 && !is_set("CI");
	const char *clicolor = getenv("CLICOLOR"), *force = getenv("CLICOLOR_FORCE");
	bool colour = is_terminal && !is_set("NO_COLOR") && !(clicolor && streq(clicolor, "0"));
	const char *term = getenv("TERM");

	if (term && streq(term, "dumb"))
		colour = false;
	if (force && *force && !streq(force, "0") && !is_set("NO_COLOR"))
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
			only_names = true;
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
	if (find_command(&p, err) < 0 || check_options(&p, err) < 0)
		return -1;
	return check_arguments(out, err);
}

void cli_help(FILE *out)
{
	fprintf(out,
		"lab: reproduce a connection failure, see it on the wire, have it proven\n\n"
		"  lab run refused              play it: control, fault, recovery, verdict\n"
		"  lab explain ECONNREFUSED     what an error means and what it is not\n"
		"  lab analyze dump.pcap        a verdict for every connection of a capture\n\n");
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-8s %-16s %s\n", c->name, c->arguments, c->text);
	fprintf(out, "\nlab help COMMAND or exit-codes, environment, evidence, scenario-file\n");
}

/* Names in one column, words in the next; a long name has its words below it. */
static void help_option(FILE *out, const struct option_row *row)
{
	enum {
		WORDS_AT = 30
	};
	char name[64], letter[5] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(name, sizeof(name), "  %s--%s%s%s", letter, row->name, row->value ? " " : "",
		 row->value ? row->value : "");
	if (strlen(name) >= WORDS_AT)
		fprintf(out, "%s\n%*s%s\n", name, WORDS_AT, "", row->text);
	else
		fprintf(out, "%-*s%s\n", WORDS_AT, name, row->text);
	if (row->variable)
		fprintf(out, "%*s(or %s in the environment)\n", WORDS_AT, "", row->variable);
}

void cli_help_command(FILE *out, const struct command *command)
{
	fprintf(out, "usage: lab %s [options]%s%s\n%s\n", command->name,
		*command->arguments ? " " : "", command->arguments, command->text);
	if (command->help)
		fprintf(out, "\n%s\n", command->help);
	fprintf(out, "\n");
	for (size_t i = 0; i < COUNT(option_rows); i++)
		if (command->options & option_rows[i].bit)
			help_option(out, &option_rows[i]);
}
