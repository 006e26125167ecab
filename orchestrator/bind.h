/* Which machine plays which host of a scenario: by --bind HOST=MACHINE, else by the name or the
 * role of a machine of the inventory. */
#ifndef BIND_H
#define BIND_H

#include "cli.h"
#include "targets.h"

struct binding { /* by host of the scenario */
	size_t count;
	const struct target **target;
	const char **address; /* IPv4, by which the other hosts reach it */
};

/* Nothing is touched: files are read, `ssh -G`, terraform and getent are asked. -1: hosts without a
 * machine, two hosts on one, a --bind of no host (ERR_USAGE); what is wrong in a file of machines
 * is printed to cli->progress, each with its place. */
int bind_hosts(struct binding *out, const struct cli *cli, const struct scenario *scenario,
	       struct err *err);

/* The same as part of scenario_load: on a backend of machines, `options` gets to ask for them, and
 * `asked` (which must outlive the reading) holds them then. */
struct bind_asked {
	const struct cli *cli;
	struct binding binding; /* count 0: none were asked for */
};
void bind_ask(struct scenario_options *options, struct bind_asked *asked, const struct cli *cli);

#endif
