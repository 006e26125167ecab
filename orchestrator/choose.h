/* The machines that a command means: those that it names, else all of the inventory or of
 * Terraform's outputs, and those of --bind. */
#ifndef CHOOSE_H
#define CHOOSE_H

#include "cli.h"
#include "targets.h"

struct chosen {
	struct targets targets;
	size_t count; /* each once */
	const struct target **target;
};

/* Reads what --inventory or --terraform names, or what `lab up` made (-b aws); what is wrong in it
 * is printed to cli->progress, each with its place. */
int choose_read(struct targets *targets, const struct cli *cli, struct err *err);
/* Nothing is connected to. -1: no machine is named (ERR_USAGE), or one is none. */
int choose(struct chosen *out, const struct cli *cli, struct err *err);

#endif
