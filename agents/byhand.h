/* The sandbox's programs by hand: `lab-agent server`, `lab-agent client`. Same code as the actors.
 */
#ifndef BYHAND_H
#define BYHAND_H

#include <stdint.h>
#include <stdio.h>

#include "addr.h"
#include "err.h"

/* An option: parser, usage and lab-agent(1) are made of these rows. */
struct byhand_option {
	char letter;
	const char *name;  /* NULL ends a table */
	const char *value; /* NULL: it takes none */
	const char *text;
};

struct byhand_program {
	const char *name; /* "server" */
	const struct byhand_option *options;
	const char *last; /* the last line of its usage */
};

extern const struct byhand_program byhand_programs[2]; /* server, client */

/* argv[0] is the subcommand. Return the exit status. */
int byhand_server(int argc, char **argv);
int byhand_client(int argc, char **argv);

/* As getopt_long(3): the next option's letter, '?' for a wrong one (told by name), -1 at the end.
 */
int byhand_getopt(const struct byhand_program *program, int argc, char **argv);
void byhand_usage(FILE *out, const struct byhand_program *program);
/* Shared by both. ADDRESS (literal or name) and PORT; `by` as resolve.h says. */
int byhand_address(struct addr *out, const char *address, const char *port, const char **by,
		   struct err *err);
/* "2", "0.5" seconds; -1: no such number. */
int byhand_seconds(const char *text, int64_t *ns);

#endif
