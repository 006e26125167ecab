/* Names of machines that a person may type, for completion: files are read, and no program is asked
 * nor anything connected to. */
#ifndef MACHINE_NAMES_H
#define MACHINE_NAMES_H

#include "arena.h"

struct machine_names { /* each once, in the order of the files */
	struct arena *arena;
	size_t count, cap;
	const char **name; /* data: any bytes but blanks and control bytes */
};

/* The `Host` lines of ~/.ssh/config and of what it includes, but for patterns. `home` is what ~
 * means. */
void machine_names_aliases(struct machine_names *names, const char *home);
/* Those of an inventory, as far as it can be read. */
void machine_names_inventory(struct machine_names *names, const char *path, const char *home);

#endif
