/* The tables as shell functions. All words come from tables of the program and are quoted; names
 * that exist at completion time are asked of `lab` by the engines, and never evaluated. */
#include "completion.h"

#include <ctype.h>

#include "cli_option.h"
#include "errname.h"
#include "explain.h"
#include "scenario_schema.h"
#include "topic.h"

const struct completion_shell *const completion_shells[] = { &completion_bash, &completion_zsh,
							     &completion_fish, NULL };

static void quoted(FILE *out, const struct completion_shell *shell, const char *text)
{
	fputc('\'', out);
	for (const char *c = text; *c; c++)
		if (*c == '\'')
			fputs(shell->quote, out);
		else
			fputc(*c, out);
	fputc('\'', out);
}

static void arm(FILE *out, const struct completion_shell *shell, const char *first,
		const char *second)
{
	fputc('\t', out);
	fputs(shell->arm, out);
	fputs(first, out);
	if (second)
		fprintf(out, "%s%s", shell->between, second);
	fputs(shell->arm_end, out);
}

static void row(FILE *out, const struct completion_shell *shell, const char *word, const char *text)
{
	fputs(" \\\n\t\t\t", out);
	quoted(out, shell, word);
	fputc(' ', out);
	quoted(out, shell, text);
}

static void begin_rows(FILE *out)
{
	fputs("\t\tprintf '%s\\t%s\\n'", out);
}

static void end_rows(FILE *out, const struct completion_shell *shell)
{
	fputs(shell->rows_end, out);
}

static void say_options(FILE *out, const struct completion_shell *shell,
			const struct command *command)
{
	char name[64];

	snprintf(name, sizeof(name), "options.%s", command->name);
	arm(out, shell, name, NULL);
	begin_rows(out);
	for (const struct option_row *r = option_rows; r->name; r++) {
		if (!(command->options & r->bit))
			continue;
		const struct option_meaning *meaning = option_meaning(r, command);
		const char *text = meaning ? meaning->text : r->text;
		if (r->letter) {
			snprintf(name, sizeof(name), "-%c", r->letter);
			row(out, shell, name, text);
		}
		snprintf(name, sizeof(name), "--%s", r->name);
		row(out, shell, name, text);
	}
	end_rows(out, shell);
}

static void say_choices(FILE *out, const struct completion_shell *shell,
			const struct option_row *option, struct arena *arena)
{
	arm(out, shell, arena_printf(arena, "choice.--%s", option->name),
	    option->letter ? arena_printf(arena, "choice.-%c", option->letter) : NULL);
	begin_rows(out);
	for (const char *at = option->value; *at; at += strcspn(at, "|"), at += *at == '|')
		row(out, shell, arena_ndup(arena, at, strcspn(at, "|")), "");
	end_rows(out, shell);
}

/* Names of errors as they are written. */
static const char *lesson_word(const char *word, struct arena *arena)
{
	char *upper = arena_dup(arena, word);

	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return errname_number(upper) ? upper : word;
}

/* The levels, by which --tag selects too, are choices of a key. */
static void say_levels(FILE *out, const struct completion_shell *shell, struct arena *arena)
{
	const struct schema_row *level = schema_row_find(schema_section_find("lab"), "level");

	arm(out, shell, "level", NULL);
	begin_rows(out);
	for (const char *at = level->param.choices; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");
		row(out, shell, arena_ndup(arena, at, len), "");
		at += len;
	}
	end_rows(out, shell);
}

static void say_lists(FILE *out, const struct completion_shell *shell, struct arena *arena)
{
	const char *const *words;
	size_t count = explain_words(&words, arena);

	arm(out, shell, "command", NULL);
	begin_rows(out);
	for (const struct command *c = commands; c->name; c++)
		row(out, shell, c->name, c->text);
	end_rows(out, shell);
	arm(out, shell, "topic", NULL);
	begin_rows(out);
	for (const struct topic *t = topics; t->name; t++)
		row(out, shell, t->name, t->line);
	end_rows(out, shell);
	arm(out, shell, "verb", NULL);
	begin_rows(out);
	for (size_t i = 0; step_kinds[i]; i++)
		row(out, shell, step_kinds[i]->name, step_kinds[i]->text);
	end_rows(out, shell);
	arm(out, shell, "lesson", NULL);
	begin_rows(out);
	for (size_t i = 0; i < count; i++)
		row(out, shell, lesson_word(words[i], arena), "");
	end_rows(out, shell);
	arm(out, shell, "shell", NULL);
	begin_rows(out);
	for (const struct completion_shell *const *s = completion_shells; *s; s++)
		row(out, shell, (*s)->name, "");
	end_rows(out, shell);
	say_levels(out, shell, arena);
}

static void kinds_row(FILE *out, const struct completion_shell *shell, unsigned words, bool is_one)
{
	static const struct {
		enum word_bit word;
		const char *name;
	} kinds[] = {
		{ WORD_SCENARIO, "scenario" },
		{ WORD_ALL, "all" },
		{ WORD_INI, "ini" },
		{ WORD_CAPTURE, "capture" },
		{ WORD_DIR, "dir" },
		{ WORD_RUN, "run" },
		{ WORD_RM, "rm" },
		{ WORD_VERB, "verb" },
		{ WORD_LESSON, "lesson" },
		{ WORD_COMMAND, "command" },
		{ WORD_TOPIC, "topic" },
		{ WORD_SHELL, "shell" },
		{ WORD_TAG, "tag" },
		{ WORD_CHOICE, "choice" },
		{ WORD_ANY, "any" },
		{ WORD_MACHINE, "machine" },
		{ WORD_BIND, "bind" },
	};

	fputs("\t\tprintf '%s\\n'", out);
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (words & kinds[i].word)
			fprintf(out, " %s", kinds[i].name);
	fputs(is_one ? " one" : "", out);
	end_rows(out, shell);
}

/* What the value of an option can be. */
static unsigned option_words(const struct option_row *option)
{
	if (option->kind == VALUE_CHOICE)
		return WORD_CHOICE;
	if (option->bit == OPT_OUT)
		return WORD_DIR;
	if (option->bit == OPT_FROM)
		return WORD_SCENARIO | WORD_INI;
	if (option->bit == OPT_BIND)
		return WORD_BIND;
	if (option->bit == OPT_MACHINES)
		return streq(option->name, "inventory") ? WORD_INI : WORD_DIR;
	return option->bit == OPT_TAG ? WORD_TAG : WORD_ANY;
}

static void print_kinds(FILE *out, const struct completion_shell *shell, struct arena *arena)
{
	for (const struct command *c = commands; c->name; c++) {
		if (!c->words)
			continue;
		arm(out, shell, c->name, NULL);
		kinds_row(out, shell, c->words, c->max_args == 1);
	}
	for (const struct option_row *r = option_rows; r->name; r++) {
		if (r->kind == VALUE_NONE)
			continue;
		arm(out, shell, arena_printf(arena, "--%s", r->name),
		    r->letter ? arena_printf(arena, "-%c", r->letter) : NULL);
		kinds_row(out, shell, option_words(r), false);
	}
}

void completion_print(FILE *out, const struct completion_shell *shell, struct arena *arena)
{
	fprintf(out, "%s\n%s_say%s%s", shell->head, shell->prefix, shell->function, shell->choose);
	for (const struct command *c = commands; c->name; c++)
		say_options(out, shell, c);
	for (const struct option_row *r = option_rows; r->name; r++)
		if (r->kind == VALUE_CHOICE)
			say_choices(out, shell, r, arena);
	say_lists(out, shell, arena);
	fprintf(out, "%s%s", shell->choose_end, shell->end);
	fprintf(out, "\n%s_kinds%s%s", shell->prefix, shell->function, shell->choose);
	print_kinds(out, shell, arena);
	fprintf(out, "%s%s\n%s", shell->choose_end, shell->end, shell->engine);
}
