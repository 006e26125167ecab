/* Commands, options, topics, programs by hand and events as the manual pages hold them. */
#include "scdoc.h"

#include <ctype.h>

#include "byhand.h"
#include "cli_option.h"
#include "event_rows.h"

/* A row's text as a sentence. */
static void sentence(FILE *out, const char *text)
{
	char first[2] = { (char)toupper((unsigned char)*text), 0 };
	size_t len = strlen(text);

	scdoc_text(out, first);
	scdoc_text(out, text + 1);
	fputs(len && strchr(".?!", text[len - 1]) ? "" : ".", out);
}

static void form(FILE *out, char letter, const char *name, const char *value)
{
	if (letter)
		fprintf(out, "*-%c*, ", letter);
	fprintf(out, "*--%s*", name);
	if (value) {
		fputs(" _", out);
		scdoc_text(out, value);
		fputc('_', out);
	}
	fputs("\n\t", out);
}

void commands_scdoc(FILE *out)
{
	for (const struct command *c = commands; c->name; c++) {
		fprintf(out, "*%s*", c->name);
		if (*c->arguments) {
			fputs(" _", out);
			scdoc_text(out, c->arguments);
			fputc('_', out);
		}
		fputs("\n\t", out);
		sentence(out, c->text);
		for (const char *at = c->help; at && *at;
		     at += strcspn(at, "\n"), at += *at == '\n') {
			char line[128];
			snprintf(line, sizeof(line), " %.*s", (int)strcspn(at, "\n"), at);
			scdoc_text(out, line);
		}
		fputs("\n\n", out);
	}
}

/* Which commands take it; those to which it means something else come behind the others. */
static void option_commands(FILE *out, const struct option_row *row)
{
	const char *mark = " For";

	for (const struct command *c = commands; c->name; c++)
		if (c->options & row->bit && !option_meaning(row, c)) {
			fprintf(out, "%s *%s*", mark, c->name);
			mark = ",";
		}
	fputc('.', out);
	for (const struct command *c = commands; c->name; c++) {
		const struct option_meaning *meaning = option_meaning(row, c);
		if (!meaning)
			continue;
		fprintf(out, " For *%s*", c->name);
		if (meaning->value) {
			fputs(" (_", out);
			scdoc_text(out, meaning->value);
			fputs("_)", out);
		}
		fputs(": ", out);
		scdoc_text(out, meaning->text);
		fputc('.', out);
	}
}

void options_scdoc(FILE *out)
{
	for (const struct option_row *row = option_rows; row->name; row++) {
		form(out, row->letter, row->name, row->value);
		sentence(out, row->text);
		if (row->bit != OPT_ALWAYS)
			option_commands(out, row);
		if (row->variable != VAR_NONE) {
			fputs(" Variable: ", out);
			scdoc_text(out, env_name(row->variable));
			fputc('.', out);
		}
		fputs("\n\n", out);
	}
}

void topic_scdoc(FILE *out, const struct topic *topic)
{
	for (const struct topic_row *row = topic->rows; row->text; row++) {
		if (row->term) {
			scdoc_entry(out, row->term, row->text);
			continue;
		}
		scdoc_text(out, row->text);
		fputs("\n\n", out);
	}
	for (enum variable v = VAR_NONE + 1; topic->has_variables && v < VARIABLES; v++)
		scdoc_entry(out, env_name(v), env_text(v));
}

static void byhand_scdoc(FILE *out, const struct byhand_program *program)
{
	for (const struct byhand_option *row = program->options; row->name; row++) {
		form(out, row->letter, row->name, row->value);
		sentence(out, row->text);
		fputs("\n\n", out);
	}
}

void byhand_server_scdoc(FILE *out)
{
	byhand_scdoc(out, &byhand_programs[0]);
}

void byhand_client_scdoc(FILE *out)
{
	byhand_scdoc(out, &byhand_programs[1]);
}

/* A kind, and its fields below it. A line behind ++ stands at the same indent by itself. */
static void rows_scdoc(FILE *out, const struct event_row *row)
{
	for (; row->text; row++) {
		fputc('*', out);
		scdoc_text(out, row->kind ? row->kind : row->field);
		fputs(row->kind ? "*\n\t" : "*: ", out);
		if (row->kind)
			sentence(out, row->text);
		else
			scdoc_text(out, row->text);
		fputs(row[1].field ? "++\n" : "\n\n", out);
	}
}

static void rows_markdown(FILE *out, const struct event_row *row)
{
	fputs("| kind | fields |\n| --- | --- |", out);
	for (const char *mark = ""; row->text; row++) {
		if (row->kind)
			fprintf(out, "%s\n| `%s` | %s", row->kind && *mark ? " |" : mark, row->kind,
				row->text);
		else
			fprintf(out, "%s `%s` (%s)", mark, row->field, row->text);
		mark = row->kind ? ":" : ",";
	}
	fputs(" |\n", out);
}

void events_scdoc(FILE *out)
{
	rows_scdoc(out, event_rows);
}

void records_scdoc(FILE *out)
{
	rows_scdoc(out, record_rows);
}

void events_markdown(FILE *out)
{
	rows_markdown(out, event_rows);
}

void records_markdown(FILE *out)
{
	rows_markdown(out, record_rows);
}
