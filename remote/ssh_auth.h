/* Public keys only: first those of the SSH agent, then files. Never a password, never a prompt. */
#ifndef SSH_AUTH_H
#define SSH_AUTH_H

#include "buf.h"
#include "ssh_lib.h"
#include "target.h"

struct ssh_auth { /* zero but for the first three */
	const struct ssh_lib *lib;
	const struct target *target;
	LIBSSH2_SESSION *session;
	LIBSSH2_AGENT *agent;
	struct libssh2_agent_publickey *identity; /* of the agent, that is being tried */
	bool is_agent_done;
	size_t file;      /* index in target->identity */
	struct buf tried; /* "what: why not; " */
};

/* 1: the machine took a key; 0: not yet; -1: none is taken (ERR_CANNOT), and what was tried. */
int ssh_auth_step(struct ssh_auth *auth, struct err *err);
void ssh_auth_close(struct ssh_auth *auth); /* before its session; safe twice */

#endif
