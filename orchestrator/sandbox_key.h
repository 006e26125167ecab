/* The SSH key of a sandbox: made for it, its private half stays in its folder. */
#ifndef SANDBOX_KEY_H
#define SANDBOX_KEY_H

#include "sandbox.h"

/* Makes it by ssh-keygen (Ed25519, no passphrase, 0600) where it is not there. *public_key is the
 * line of key.pub. -1: ERR_CANNOT (no ssh-keygen) or ERR_BROKE. */
int sandbox_key(const struct sandbox *sandbox, const char **public_key, struct arena *arena,
		struct err *err);

#endif
