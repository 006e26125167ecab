/* The inventory: an INI file with one line a machine, as docs/inventory.md says. */
#ifndef INVENTORY_H
#define INVENTORY_H

#include <stdio.h>

#include "machine.h"
#include "scenario.h"

/* 0: `out` is whole; -1: at least one complaint, or err alone when the file could not be read.
 * `home` is what ~ means. Nothing is touched but the files of keys, which must exist. */
int inventory_read(struct machines *out, const char *path, const char *home, struct arena *arena,
		   struct complaints *complaints, struct err *err);
/* The sections and words, as docs/inventory.md holds them. */
void inventory_markdown(FILE *out);

#endif
