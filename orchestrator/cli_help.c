/* What the tables say, for people. */
#include "cli_option.h"
#include "topic.h"
#include "wrap.h"

static void help_brief(FILE *out)
{
	const char *between = "  and ";

	for (const struct command *c = commands; c->name; c++)
		if (c->options & OPT_BRIEF) {
			fprintf(out, "%s%s", between, c->name);
			between = ", ";
		}
	fputc('\n', out);
}

void cli_help(FILE *out)
{
	fprintf(out,
		"lab: reproduce a connection failure, see it on the wire, have it proven\n\n"
		"  lab run refused              play it: control, fault, recovery, verdict\n"
		"  lab explain ECONNREFUSED     what an error means and what it is not\n"
		"  lab analyze dump.pcap        a verdict for every connection of a capture\n\n");
	for (const struct command *c = commands; c->name; c++)
		if (!(c->options & OPT_BRIEF))
			fprintf(out, "  %-8s %-17s %s\n", c->name, c->arguments, c->text);
	help_brief(out);
	fprintf(out, "\nlab help COMMAND, or a topic:");
	for (const struct topic *t = topics; t->name; t++)
		fprintf(out, " %s%s", t->name, t[1].name ? "," : "\n");
}

/* Names in one column, words in the next; a long name has its words below it. */
static void help_option(FILE *out, const struct option_row *row, const struct command *command)
{
	enum {
		WORDS_AT = 30
	};
	const struct option_meaning *meaning = option_meaning(row, command);
	const char *value = meaning && meaning->value ? meaning->value : row->value;
	char name[64], letter[5] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(name, sizeof(name), "%s--%s%s%s", letter, row->name, value ? " " : "",
		 value ? value : "");
	wrap_entry(out, name, WORDS_AT, meaning ? meaning->text : row->text);
	if (row->variable != VAR_NONE && !(meaning && meaning->is_unheard))
		fprintf(out, "%*s(or %s in the environment)\n", WORDS_AT, "",
			env_name(row->variable));
}

void cli_help_command(FILE *out, const struct command *command)
{
	fprintf(out, "usage: lab %s [options]%s%s\n%s\n", command->name,
		*command->arguments ? " " : "", command->arguments, command->text);
	if (command->help)
		fprintf(out, "\n%s\n", command->help);
	if (command->words & WORD_TOPIC) {
		fprintf(out, "\ntopics\n");
		topic_list(out);
	}
	fprintf(out, "\n");
	for (size_t i = 0; option_rows[i].name; i++)
		if (command->options & option_rows[i].bit)
			help_option(out, &option_rows[i], command);
}
