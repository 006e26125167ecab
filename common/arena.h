/* Memory with one end: everything that describes a run (scenario, plan, trace, facts) lives in the
 * arena that its caller gives and ends with it. Out of memory ends the process. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

#include "util.h"

struct arena {
	struct arena_block *block; /* newest first; {0} is an empty arena */
};

void *arena_alloc(struct arena *arena, size_t len); /* zeroed, aligned for any type */
/* Array of count zeroed elements; the product is checked. */
void *arena_array(struct arena *arena, size_t count, size_t size);
char *arena_dup(struct arena *arena, const char *text);
char *arena_ndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF(2, 3);
void arena_close(struct arena *arena); /* frees all; safe twice */

/* For a growing array in an arena: returns `items` with room for one more (doubles; copies).
 *   items = arena_grow(arena, items, count, &cap, sizeof *items); items[count++] = x; */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *cap, size_t size);

#endif
