/* What `lab up` and `lab down` have Terraform do, in the sandbox's own copy of infra/terraform: the
 * one that made it removes it, whatever lab is installed by then. */
#ifndef SANDBOX_TERRAFORM_H
#define SANDBOX_TERRAFORM_H

#include <stdio.h>

#include "credentials.h"
#include "sandbox.h"

struct sandbox_work {
	struct sandbox *sandbox;
	const struct credentials *credentials;
	const struct aws *aws; /* the same session, for calls of our own */
	const char *terraform; /* path of the program */
	int signal_fd;         /* a signalfd of what interrupts; -1 */
	int64_t deadline_ns;   /* of all of it */
	FILE *progress;        /* for people */
	bool is_terminal;      /* progress is one: a line that is written over */
	struct arena *arena;
};

struct sandbox_changes { /* of a plan */
	int64_t add, change, remove;
};

/* Where lab's own .tf files are. NULL: they did not come with lab. */
const char *sandbox_module_path(struct arena *arena, struct err *err);
/* The files in the sandbox's folder terraform/: lab's own .tf files, which are taken anew until
 * Terraform has made something by them, and the variables. */
int sandbox_module(const struct sandbox *sandbox, const char *public_key, struct arena *arena,
		   struct err *err);
/* Has Terraform get its provider. */
int sandbox_init(const struct sandbox_work *work, struct err *err);
/* What would be done; nothing is. */
int sandbox_plan(const struct sandbox_work *work, struct sandbox_changes *out, struct err *err);
/* Does what the last plan says. ERR_LEFTOVER: Terraform died, or was killed by a second Ctrl-C, and
 * what it made last may stand nowhere. */
int sandbox_apply(const struct sandbox_work *work, const struct sandbox_changes *changes,
		  struct err *err);
/* Keeps what `terraform output -json` prints in outputs.json. */
int sandbox_outputs(const struct sandbox_work *work, struct err *err);
/* Removes what the state knows of. */
int sandbox_destroy(const struct sandbox_work *work, struct err *err);

#endif
