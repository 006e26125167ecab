/* A machine as a file names it: a line of an inventory, or an object of Terraform's outputs. What
 * is written, each word checked; orchestrator/targets.c makes targets of them. */
#ifndef MACHINE_H
#define MACHINE_H

#include "arena.h"

struct machine {
	const char *name;
	const char *address; /* NULL: ~/.ssh/config has it, under its name */
	const char *user;    /* NULL: not said, here and below */
	int port;            /* 0 */
	size_t nidentity;
	const char *const *identity; /* absolute paths of files that exist */
	const char *jump;            /* a name; NULL: none, or what ~/.ssh/config says */
	bool has_no_jump;            /* said so: not even what ~/.ssh/config says */
	const char *role;
	const char *lab_address;    /* IPv4 */
	const char *transport;      /* "libssh2", "openssh" */
	bool is_made;               /* by the Terraform that says so, of which all below is known */
	const char *lab, *instance; /* which lab it is of, and which instance: plain words */
};

struct machines { /* in the order of the file */
	size_t count, cap;
	struct machine *at;
};

enum machine_word {
	MACHINE_NAME,
	MACHINE_ADDRESS,
	MACHINE_USER,
	MACHINE_ROLE,
	MACHINE_JUMP,
	MACHINE_FILE, /* absolute by now, of a private key */
	MACHINE_IPV4,
};
/* What is wrong with a word, to be read behind it ("is no IPv4 address"); NULL: it is right. */
const char *machine_wrong(enum machine_word kind, const char *word);

size_t machine_find(const struct machines *machines, const char *name); /* SIZE_MAX: none */
/* The first machine whose jumps lead back to itself; SIZE_MAX: none. */
size_t machine_circle(const struct machines *machines);

#endif
