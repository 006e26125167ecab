/* What known_hosts says of a machine's key (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): plain, hashed,
 * with ports, patterns, several key types, keys that are revoked. */
#ifndef SSH_KNOWN_H
#define SSH_KNOWN_H

#include "arena.h"
#include "buf.h"
#include "ssh_lib.h"
#include "target.h"

enum known_mark {
	KNOWN_KEY,
	KNOWN_REVOKED,   /* never to be taken */
	KNOWN_AUTHORITY, /* signs host certificates, which libssh2 cannot check */
};

struct known_key {
	enum known_mark mark;
	bool is_exact;    /* the line names the port too, or there is none to name */
	const char *type; /* "ssh-ed25519" */
	const char *key;  /* base64 */
	const char *path;
	int line;
};

struct known_keys { /* those of one machine */
	size_t count, cap;
	struct known_key *at;
	struct arena *arena;
	bool has_rsa_sha2; /* of libssh2 */
};

enum known_answer {
	KNOWN_SAME = 0,
	KNOWN_NEVER,  /* changed, revoked, or another is known: there is no way around */
	KNOWN_NEW,    /* nothing at all is known of the machine */
	KNOWN_BEYOND, /* what is known of it ssh itself can check, and libssh2 cannot */
};

enum {
	KNOWN_PRINT = 52 /* "SHA256:" and 43 digits */
};

/* Reads the target's files; those that are not there are empty. -1: one cannot be read, or a list
 * of revoked keys is ssh's own, so that a revoked key might be taken. */
int known_read(struct known_keys *out, const struct target *target, const struct ssh_lib *lib,
	       struct arena *arena, struct err *err);
/* Host-key algorithms for the handshake, best first: those that are known, so that the server shows
 * a key that can be compared, then the others. `lib` says which it can check. */
void known_methods(const struct known_keys *keys, const struct ssh_lib *lib, struct buf *out);
/* What is known of the key (a blob of RFC 4253 section 6.6). Any but KNOWN_SAME comes with err: its
 * fingerprint, and how to accept it, or the file and line that speak against it. */
enum known_answer known_check(const struct known_keys *keys, const struct target *target,
			      const void *blob, size_t len, struct err *err);
/* What a person types to be asked by ssh whether the key that the machine shows is right. */
void known_command(struct buf *out, const struct target *target);
/* "SHA256:..." as ssh prints it. */
void known_fingerprint(const void *blob, size_t len, char out[KNOWN_PRINT]);

#endif
