/* The options of the server and the client by hand, as tables. */
#include <getopt.h>

#include "byhand.h"
#include "util.h"

static const struct byhand_option server_options[] = {
	{ 'a', "reuse-address", NULL, "set SO_REUSEADDR" },
	{ 'p', "reuse-port", NULL, "set SO_REUSEPORT" },
	{ 'd', "response-delay-sec", "SEC", "wait before each answer" },
	{ 'h', "help", NULL, "print this help" },
	{ .name = NULL },
};

static const struct byhand_option client_options[] = {
	{ 't', "connect-timeout-sec", "SEC", "patience with connect (10)" },
	{ 'r', "read-timeout-sec", "SEC", "patience with each answer (none)" },
	{ 'c', "msg-count", "N", "messages, each answered before the next (10)" },
	{ 'n', "client-name", "NAME", "name in the messages (random)" },
	{ 'i', "interval-sec", "SEC", "pause between messages (none)" },
	{ 'h', "help", NULL, "print this help" },
	{ .name = NULL },
};

const struct byhand_program byhand_programs[2] = {
	{ "server", server_options,
	  "Answers messages of the sandbox's wire format until SIGINT or SIGTERM." },
	{ "client", client_options,
	  "Exits 0 when every message was answered, 1 with the error otherwise." },
};

enum {
	MOST = 15 /* options of a program */
};

int byhand_getopt(const struct byhand_program *program, int argc, char **argv)
{
	struct option longs[MOST + 1] = { 0 };
	char shorts[2 * MOST + 1] = "";
	size_t len = 0;

	for (size_t i = 0; i < MOST && program->options[i].name; i++) {
		const struct byhand_option *row = &program->options[i];
		longs[i].name = row->name;
		longs[i].has_arg = row->value ? required_argument : no_argument;
		longs[i].val = (unsigned char)row->letter;
		shorts[len++] = row->letter;
		if (row->value)
			shorts[len++] = ':';
	}
	return getopt_long(argc, argv, shorts, longs, NULL);
}

void byhand_usage(FILE *out, const struct byhand_program *program)
{
	fprintf(out, "usage: lab-agent %s [options] ADDRESS PORT\n", program->name);
	for (const struct byhand_option *row = program->options; row->name; row++) {
		char form[64];
		snprintf(form, sizeof(form), "%s%s%s", row->name, row->value ? " " : "",
			 row->value ? row->value : "");
		fprintf(out, "  -%c, --%-24s %s\n", row->letter, form, row->text);
	}
	fprintf(out, "%s\n", program->last);
}
