/* Public keys only: first those of the SSH agent, then files. Never a password, never a prompt. */
#ifndef SSH_AUTH_H
#define SSH_AUTH_H

#include "ssh_agent.h"
#include "ssh_key.h"
#include "ssh_lib.h"
#include "target.h"

struct auth_key {         /* one that may be tried */
	const char *path; /* its file; NULL: the agent signs with it */
	struct buf name;  /* for people */
	struct buf blob;  /* public, of the agent's */
};

struct ssh_auth {
	const struct ssh_lib *lib;
	const struct target *target;
	LIBSSH2_SESSION *session;
	struct ssh_agent agent;
	bool waits_for_agent; /* its socket is what to poll */
	bool is_listed;       /* the keys are known */
	bool is_signing;      /* the agent was asked for a signature */
	bool is_refused;      /* and gives none */
	size_t nfile;         /* of the target's identities */
	struct ssh_key *file;
	size_t count, cap, at, noffered;
	struct auth_key *key;
	void *self;        /* libssh2 hands it to whoever signs */
	struct buf tried;  /* "what: why not; " */
	const char *lacks; /* why ssh itself could sign with a key that libssh2 cannot; NULL */
};

void ssh_auth_begin(struct ssh_auth *auth, const struct ssh_lib *lib, const struct target *target,
		    LIBSSH2_SESSION *session);
/* 1: the machine took a key; 0: not yet; -1: none is taken (ERR_CANNOT), and what was tried. */
int ssh_auth_step(struct ssh_auth *auth, struct err *err);
/* The machine hung up: why, in an err. Always -1. */
int ssh_auth_ended(const struct ssh_auth *auth, struct err *err);
void ssh_auth_close(struct ssh_auth *auth); /* before its session; safe twice */

#endif
