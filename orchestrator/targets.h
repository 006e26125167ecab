/* Which machines a person may mean: those of an inventory file or of Terraform's outputs, else
 * aliases of ~/.ssh/config, which `ssh -G` reads (it connects to nothing). */
#ifndef TARGETS_H
#define TARGETS_H

#include "arena.h"
#include "err.h"
#include "target.h"

struct targets {
	size_t count;
	const struct target **at; /* in the order of the file */
	size_t nalias, alias_cap;
	const struct target **alias; /* those that were asked for */
	const char *transport;       /* asked for all of them; NULL */
	const char *from; /* the file or folder they were read from; NULL: none was named */
	struct arena *arena;
};

/* What the person asked for; any may be NULL. */
struct targets_asked {
	const char *inventory; /* INI file */
	const char *terraform; /* folder, or the output of `terraform output -json` as a file */
	const char *transport; /* "libssh2", "openssh": for all of them */
};

/* Reads the inventory or the outputs; without either the list is empty. -1: file:line:col, or the
 * file and the path in the JSON (ERR_USAGE); terraform cannot be run (ERR_CANNOT). */
int targets_read(struct targets *out, const struct targets_asked *asked, struct arena *arena,
		 struct err *err);
/* One of the list; else the alias of that name, asked for once. NULL: unknown, with what there is
 * to choose from. */
const struct target *targets_find(struct targets *targets, const char *name, struct err *err);
/* The nth (from 0) of a role; NULL: there are fewer. */
const struct target *targets_role(const struct targets *targets, const char *role, size_t nth);
/* The IPv4 address by which other hosts reach it: lab_address, else its address, looked up where it
 * is a name (`getent ahostsv4`). NULL with why. */
const char *targets_lab_address(struct targets *targets, const struct target *target,
				struct err *err);

#endif
