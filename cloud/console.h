/* The SSH host keys of an instance, as it wrote them on its console when it was born: cloud-init
 * prints them between two marks, and EC2 tells the console over TLS to those who may ask. So a
 * host is known before the first SSH. What a console shows is untrusted text all the same: whoever
 * is root there writes it, and may say a wrong key of that one host, which is root's to have. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "aws.h"

enum {
	CONSOLE_KEYS = 16,
	CONSOLE_BYTES = 1 << 20
};

struct console_key {
	const char *type; /* "ssh-ed25519": a word */
	const void *blob; /* RFC 4253 section 6.6 */
	size_t len;
};

/* The keys of the last whole block in the text; 0: it has none. Pure. */
size_t console_parse(const char *text, size_t len, struct arena *arena,
		     struct console_key key[CONSOLE_KEYS]);
/* What GetConsoleOutput tells of an instance now: the newest where its kind has that, else what EC2
 * kept. *count 0: not yet. */
int console_host_keys(const struct aws *aws, const char *instance, struct arena *arena,
		      struct console_key **out, size_t *count, struct err *err);

#endif
