/* The members of Terraform's output, a row each: what is read, and what docs/inventory.md says. */
#ifndef TERRAFORM_MEMBERS_H
#define TERRAFORM_MEMBERS_H

#include <stdbool.h>

#include "machine.h"

enum member_kind {
	MEMBER_WORD, /* checked by machine_wrong */
	MEMBER_TEXT, /* one printable line */
	MEMBER_PORT,
	MEMBER_FLAG, /* true or false */
	MEMBER_SCHEMA,
	MEMBER_HOSTS,
	MEMBER_ANY,   /* Terraform's own */
	MEMBER_PLAIN, /* Terraform's own: not sensitive */
};

struct member { /* name NULL ends a list */
	const char *name;
	bool is_required;
	enum member_kind kind;
	enum machine_word word; /* MEMBER_WORD */
	const char *text;
};

extern const char terraform_schema[]; /* "lab.terraform/1" */
/* Of an output, of the value of the output `lab`, of one of its hosts. */
extern const struct member output_members[], lab_members[], host_members[];

#endif
