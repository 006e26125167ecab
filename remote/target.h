/* A machine that is reached over SSH, as plain data: what an alias of ~/.ssh/config, an inventory
 * or Terraform's outputs say of it. Nothing here connects. */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum transport_kind {
	TRANSPORT_LIBSSH2, /* sessions of our own */
	TRANSPORT_OPENSSH, /* the user's ssh program as the byte stream */
	TRANSPORT_LOCAL,   /* none: it is this machine, and what a login shell would read is read */
};

struct target {
	const char *name; /* as the person calls it: an alias, or its name in the inventory */
	bool is_alias;    /* ssh itself knows the name: ~/.ssh/config says all the rest */
	/* Options of ssh that count before what it knows of the alias ("-p", "2222"), NULL at their
	 * end; NULL: none. */
	const char *const *over;
	const char *role;    /* NULL */
	const char *address; /* to connect to: a literal address or a name */
	int port;            /* 22 */
	const char *user;
	const char *lab_address; /* IPv4 by which the run's other hosts reach it; NULL: address */
	/* Private keys, absolute paths, in the order of trying. */
	size_t nidentity;
	const char *const *identity;
	bool is_identity_only;    /* no other keys of the SSH agent are offered */
	const char *agent_socket; /* of ssh-agent; NULL: none */
	size_t nknown_hosts;      /* files, absolute paths; those that are not there are empty */
	const char *const *known_hosts;
	const char *revoked;       /* RevokedHostKeys, which ssh alone reads; NULL */
	const char *host_key_name; /* what known_hosts is asked for (HostKeyAlias); NULL: address */
	/* Our Terraform just made it: its host key is taken at first sight and written into this
	 * file, known_hosts[0], under host_key_name. NULL: a key must be known. */
	const char *pins;
	const struct target *jump; /* through which it is reached; NULL: directly */
	bool is_jump_over;         /* of an alias: not the one that ssh itself knows */
	enum transport_kind transport;
	const char *why;         /* why the transport is openssh, for people; NULL: as asked */
	bool is_transport_asked; /* by the person: no other takes its place */
	bool is_strict;          /* an unknown host key is refused, whatever ~/.ssh/config says */
};

#endif
