/* How an agent comes to run on a machine: one fixed command line over one stream. A short program
 * of the host's own shell looks for the agent of its architecture in a private cache by its
 * SHA-256, asks for it where it is missing, checks it, and becomes it; from then on the stream
 * carries frames. Pure: bytes in, bytes out. */
#ifndef BOOT_H
#define BOOT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"

struct boot_agent {          /* one for each architecture that can be served */
	const char *machine; /* as uname -m says it: "x86_64", "aarch64" */
	const void *bytes;   /* the static program; the caller's */
	size_t len;
	char sha256[65];
};

struct boot_said {                  /* what the host told of itself on the way */
	char machine[32], dir[256]; /* dir: where the agent lies */
	bool is_root;               /* it runs as root: the user is, or sudo -n allowed it */
	bool has_sudo;              /* root can be had; never asked of a user without as_root */
	bool has_nft, has_tcpdump, was_cached;
};

struct boot {                           /* zero but for the agents */
	const struct boot_agent *agent; /* nagent of them; the caller's */
	size_t nagent;
	struct boot_said said;
	struct buf line;    /* what came and is not a whole line yet */
	struct buf skipped; /* "DIR: why; DIR: why", each directory that was tried in vain */
	char heard[200];    /* the last that its start-up files wrote */
	const struct boot_agent *wanted; /* once the host said what it is */
	size_t nnoise, ngiven;
	bool is_up;
};

/* The command line. as_root: sudo -n where the user is not root and it is allowed. */
void boot_command(struct buf *out, const struct boot_agent *agent, size_t nagent, bool as_root);
/* Takes what the stream gave (len may be 0); appends to `out` what it is to be given. 1: the agent
 * runs, and what is left in boot->line are its first bytes; 0: not yet; -1: it cannot run there:
 * why, and what to do (each directory that was tried is named with its reason). */
int boot_take(struct boot *boot, const void *bytes, size_t len, struct buf *out, struct err *err);
/* The stream ended before: what it said on stderr tells why. Always -1. */
int boot_ended(const struct boot *boot, const char *said, struct err *err);
void boot_close(struct boot *boot);

#endif
