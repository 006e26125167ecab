/* What known_hosts says of a machine's key (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): plain, hashed,
 * with ports, patterns, several key types, and keys that are revoked. */
#ifndef SSH_KNOWN_H
#define SSH_KNOWN_H

#include "arena.h"
#include "buf.h"
#include "ssh_lib.h"
#include "target.h"

struct known_key {
	const char *type; /* "ssh-ed25519" */
	const char *key;  /* base64 */
	const char *path;
	int line;
	bool is_revoked;
};

struct known_keys { /* those of one machine */
	size_t count, cap;
	struct known_key *at;
	struct arena *arena;
};

/* Reads the target's files; those that are not there are empty. */
void known_read(struct known_keys *out, const struct target *target, const struct ssh_lib *lib,
		struct arena *arena);
/* The types that are known, as a list for the handshake: the server then shows a key that can be
 * compared. "" when none is known. `lib` says which types it can check. */
void known_methods(const struct known_keys *keys, const struct ssh_lib *lib, struct buf *out);
/* 0: the key (a blob of RFC 4253 section 6.6) is known. -1: unknown (with its fingerprint and how
 * to accept it), changed or revoked (with file and line; there is no way around). */
int known_check(const struct known_keys *keys, const struct target *target, const void *blob,
		size_t len, struct err *err);
/* "SHA256:..." as ssh prints it; `out` holds 52 bytes. */
void known_fingerprint(const void *blob, size_t len, char out[52]);
/* Base64 (RFC 4648 section 4), with padding. */
void known_base64(const void *bytes, size_t len, struct buf *out);

#endif
