/* The command line as data. One table of commands and one of options (cli_table.c) feed the parser,
 * the help and the documents; a test holds them together. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "arena.h"
#include "err.h"
#include "nearest.h"
#include "report.h"
#include "scenario.h"

enum colour_when {
	COLOUR_AUTO,
	COLOUR_ALWAYS,
	COLOUR_NEVER
};

struct named_values { /* NAME=VALUE, as often as it was given */
	size_t count;
	const struct name_value *at;
};

struct cli {
	const struct command *command;
	size_t narg;
	const char *const *arg; /* names and files, in order */
	size_t nword;           /* behind --, of a command that starts a program */
	const char *const *word;
	struct named_values set;  /* --set NAME=VALUE */
	struct named_values bind; /* --bind HOST=MACHINE */
	const char *inventory;    /* FILE; NULL */
	const char *terraform;    /* DIR|FILE; NULL */
	const char *transport;    /* "libssh2", "openssh"; NULL: as each machine needs */
	const char *backend;      /* "auto" when not given */
	const char *out;          /* -o DIR; NULL */
	const char *require;      /* "proven", "likely", "wire"; NULL */
	const char *pause;        /* phase; NULL */
	const char *shard;        /* "2/4"; NULL: all */
	const char *tag;          /* family or level to select; NULL */
	const char *from;         /* `lab new --from`, `lab up --from`; NULL */
	const char *engine;       /* of every capture; NULL: as the scenario says */
	int64_t repeat;           /* 1 */
	int64_t jobs;             /* 1 */
	const char *region;       /* of AWS; NULL */
	int64_t clients;          /* of the sandbox; 0: not given */
	int64_t older_ns;         /* of labs in AWS that are removed; 0: not given */
	int64_t ttl_ns;           /* how long it lives; 0: not given */
	int64_t timeout_ns;       /* 0: the scenario's time-limit */
	bool is_json, is_quiet, is_verbose, is_ascii, is_dry_run, is_yes;
	bool is_bare; /* no command was named */
	bool wants_help, wants_resolved, wants_schema, wants_markdown;
	enum colour_when colour;
	struct style style; /* of stdout, from the above and the environment */
	FILE *result;       /* stdout: the result */
	FILE *progress;     /* stderr: for people */
	struct arena *arena;
};

/* Exit status (0 and up), or -1 with err filled (its kind is the exit status). */
typedef int command_run(const struct cli *cli, struct err *err);

struct command {
	const char *name;
	const char *arguments; /* "NAME|FILE..." */
	const char *text;      /* one line */
	command_run *run;
	unsigned options;       /* enum option_bit: those that mean something here */
	int min_args, max_args; /* max -1: any number */
	const char *help;       /* more lines for `lab help NAME`; NULL */
	unsigned words;         /* enum word_bit: what its arguments can be */
};

/* What an argument or an option's value can be, for the completion of shells. */
enum word_bit {
	WORD_SCENARIO = 1 << 0,
	WORD_ALL = 1 << 1, /* the word "all" */
	WORD_INI = 1 << 2, /* a file that ends so */
	WORD_CAPTURE = 1 << 3,
	WORD_DIR = 1 << 4,
	WORD_RUN = 1 << 5, /* of the history */
	WORD_RM = 1 << 6,  /* first the word "rm", only then the others */
	WORD_VERB = 1 << 7,
	WORD_LESSON = 1 << 8,
	WORD_COMMAND = 1 << 9,
	WORD_TOPIC = 1 << 10,
	WORD_SHELL = 1 << 11,
	WORD_TAG = 1 << 12,
	WORD_CHOICE = 1 << 13, /* the choices of an option */
	WORD_ANY = 1 << 14,    /* nothing that a table or the disk knows */
	/* Behind -- there is a program with its arguments, or may be; else more names. */
	WORD_PROGRAM = 1 << 15,
	WORD_PROGRAM_MAY = 1 << 16,
	WORD_MACHINE = 1 << 17, /* an alias of ~/.ssh/config, or one of the inventory */
	WORD_BIND = 1 << 18,    /* such one behind HOST= */
};

enum option_bit {
	OPT_BACKEND = 1 << 0,
	OPT_OUT = 1 << 1,
	OPT_JSON = 1 << 2,
	OPT_QUIET = 1 << 3,
	OPT_VERBOSE = 1 << 4,
	OPT_JOBS = 1 << 5,
	OPT_TIMEOUT = 1 << 6,
	OPT_REQUIRE = 1 << 7,
	OPT_SET = 1 << 8,
	OPT_REPEAT = 1 << 9,
	OPT_PAUSE = 1 << 10,
	OPT_TAG = 1 << 11,
	OPT_RESOLVED = 1 << 12,
	OPT_SCHEMA = 1 << 13,
	OPT_FROM = 1 << 14,
	OPT_MARKDOWN = 1 << 15,
	OPT_ENGINE = 1 << 17,
	OPT_MACHINES = 1 << 18, /* --inventory, --terraform, --transport */
	OPT_BIND = 1 << 19,
	OPT_DRY_RUN = 1 << 20,
	OPT_SANDBOX = 1 << 22, /* --clients, --ttl */
	OPT_REGION = 1 << 23,
	OPT_YES = 1 << 24,
	OPT_OLDER = 1 << 25,
	OPT_BRIEF = 1 << 21,  /* no option: in the help of all the command's name is enough */
	OPT_ALWAYS = 1 << 16, /* --color, --ascii, -h: on every command */
};

extern const struct command commands[]; /* name NULL ends it */
const struct command *command_find(const char *name);

/* Parses argv; options before or after names. -1 with ERR_USAGE and "did you mean". Names the
 * command `help` when none is given. */
int cli_parse(struct cli *out, int argc, char **argv, struct arena *arena, struct err *err);
void cli_help(FILE *out); /* at most 24 lines, examples first */
void cli_help_command(FILE *out, const struct command *command);

/* Prints the complaints of a scenario as `path:line:col: error: text` to cli->progress. */
void cli_complain(const struct cli *cli, const struct complaints *complaints);
void cli_print_error(FILE *out, const char *text); /* made safe for a terminal */
/* What the person or a folder named, such as a path, between words of ours; made safe. */
void cli_print_named(FILE *out, const char *before, const char *named, const char *behind);
int cli_gravity(int status); /* of several exit statuses the gravest counts */
command_run cmd_run, cmd_list, cmd_show, cmd_plan, cmd_check, cmd_new, cmd_steps, cmd_analyze,
    cmd_report, cmd_runs, cmd_explain, cmd_doctor, cmd_exec, cmd_ssh, cmd_status, cmd_cleanup,
    cmd_up, cmd_down, cmd_version, cmd_completion, cmd_help, cmd_probe;

#endif
