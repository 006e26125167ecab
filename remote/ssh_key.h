/* What can be told of a private key's file without a passphrase: its public half, its type, whether
 * it is encrypted. */
#ifndef SSH_KEY_H
#define SSH_KEY_H

#include <stdbool.h>

#include "buf.h"

struct ssh_key {
	const char *why; /* it cannot be used, for people; NULL: it may be */
	char type[64];   /* "ssh-ed25519"; "": unknown */
	struct buf blob; /* public; empty: unknown */
};

/* Of the file itself (OpenSSH's own format), else of PATH.pub. */
void ssh_key_read(struct ssh_key *key, const char *path);
void ssh_key_close(struct ssh_key *key);
/* The string that a public key begins with, as text; "" when it is none. */
void ssh_key_type(const void *blob, size_t len, char type[64]);
/* Why libssh2 cannot sign with a key of that type; NULL: it can. *mend: what to do, of which one is
 * to let ssh itself sign; NULL: nothing helps. */
const char *ssh_key_unfit(const char *type, bool has_rsa_sha2, const char **mend);

#endif
