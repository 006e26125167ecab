/* The user's ssh-agent over its socket (draft-miller-ssh-agent): which keys it holds, and their
 * signatures. Non-blocking: an agent may ask its user, or hang. */
#ifndef SSH_AGENT_H
#define SSH_AGENT_H

#include <stdbool.h>

#include "buf.h"
#include "err.h"

enum {
	AGENT_RSA_SHA256 = 2, /* flags of a signature */
	AGENT_RSA_SHA512 = 4
};

struct ssh_agent {
	int fd; /* -1 */
	struct buf out, in;
};

int ssh_agent_open(struct ssh_agent *agent, const char *path); /* -1: errno */
void ssh_agent_ask_keys(struct ssh_agent *agent);
void ssh_agent_ask_signature(struct ssh_agent *agent, const void *blob, size_t blob_len,
			     const void *data, size_t len, uint32_t flags);
/* 1: its answer is whole, in *body (the first byte is its type) until the next question; 0: not
 * yet, -1: it is gone, or answered what is no answer. */
int ssh_agent_step(struct ssh_agent *agent, struct cursor *body);
short ssh_agent_events(const struct ssh_agent *agent);
/* From an answer: how many keys, and one after the other; a signature without its type. -1, NULL:
 * it is no such answer (the agent refuses). */
int ssh_agent_count(struct cursor *body);
const uint8_t *ssh_agent_string(struct cursor *body, size_t *len);
const uint8_t *ssh_agent_signature(struct cursor *body, size_t *len);
void ssh_agent_close(struct ssh_agent *agent); /* safe twice */

#endif
