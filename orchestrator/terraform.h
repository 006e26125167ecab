/* Machines out of Terraform's outputs: one output `lab`, as docs/inventory.md says. Strict: what is
 * not known is refused, and nothing of an output marked sensitive is read or shown. */
#ifndef TERRAFORM_H
#define TERRAFORM_H

#include <stdio.h>

#include "machine.h"
#include "scenario.h"

enum {
	TERRAFORM_BYTES = 1 << 20,
	TERRAFORM_DEPTH = 32,
	TERRAFORM_HOSTS = 1000
};

/* A folder: `terraform output -json` is run there. A file: it holds what that prints. -1: at least
 * one complaint (the file, the path in the JSON), or err alone: nothing could be read. */
int terraform_read(struct machines *out, const char *path, const char *home, struct arena *arena,
		   struct complaints *complaints, struct err *err);
/* The JSON alone; `from` is what complaints call it. Pure but for asking which keys exist. */
int terraform_parse(struct machines *out, const char *text, size_t len, const char *from,
		    const char *home, struct arena *arena, struct complaints *complaints);
/* The members, as docs/inventory.md holds them. */
void terraform_markdown(FILE *out);

#endif
