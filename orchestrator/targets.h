/* Which machines a person may mean: those of an inventory file or of Terraform's outputs, else
 * aliases of ~/.ssh/config, which `ssh -G` reads (it connects to nothing). */
#ifndef TARGETS_H
#define TARGETS_H

#include "machine.h"
#include "scenario.h"
#include "target.h"

struct targets {
	struct machines machines; /* of the file, in its order: what is written there */
	struct target **target;   /* by machine; NULL until it is asked for */
	size_t nalias, alias_cap;
	struct target **alias; /* those beside the file that were asked for */
	const char *transport; /* asked for all of them; NULL */
	const char *from;      /* the file or folder they were read from; NULL: none was named */
	const char *home;
	struct target usual; /* of a machine with an address: user, keys, known hosts */
	struct arena *arena;
	int depth; /* of the jump hosts that are asked for */
};

/* What the person asked for; any may be NULL. */
struct targets_asked {
	const char *inventory; /* INI file */
	const char *terraform; /* folder, or the output of `terraform output -json` as a file */
	const char *transport; /* "libssh2", "openssh": for all of them */
};

/* Reads the inventory or the outputs; without either there are no machines. No other program is
 * asked but terraform. -1: complaints (file:line:col, or the file and the path in the JSON) and err
 * with their number (ERR_USAGE), or err alone: the file cannot be read, terraform cannot be run
 * (ERR_CANNOT). */
int targets_read(struct targets *out, const struct targets_asked *asked, struct arena *arena,
		 struct complaints *complaints, struct err *err);
/* machines.at[i] as a target, asked for once. NULL with err: ssh refuses the alias. */
const struct target *targets_at(struct targets *targets, size_t i, struct err *err);
/* The machine of that name; else the alias, asked for once. NULL with err. */
const struct target *targets_find(struct targets *targets, const char *name, struct err *err);
/* The machine that a person means by a name or an address that is no more than that: one of the
 * file, by its name or address, else an alias of which ~/.ssh/config says something. NULL: it is
 * nobody's, or, with err, ssh refuses it. */
const struct target *targets_known(struct targets *targets, const char *name, struct err *err);
/* -1 with err: the name is most often a slip of the fingers, nobody knows it and a machine of the
 * file is named nearly so; or ssh refuses it. */
int targets_doubt(struct targets *targets, const char *name, struct err *err);
/* The first machine of a role from `from` on, as an index; SIZE_MAX: there is none. */
size_t targets_role(const struct targets *targets, const char *role, size_t from);
/* The IPv4 address by which other hosts reach it: lab_address, else its address, looked up where it
 * is a name (`getent ahostsv4`). NULL with why. */
const char *targets_lab_address(struct targets *targets, const struct target *target,
				struct err *err);

#endif
