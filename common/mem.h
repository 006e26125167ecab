/* The one way to get memory from the heap: there is always enough, or the process ends. */
#ifndef MEM_H
#define MEM_H

#include <stddef.h>

/* As realloc(3) of count * size bytes (the product is checked); never NULL, never 0 bytes. */
void *mem_resize(void *old, size_t count, size_t size);
/* The same, new and zeroed; a copy of text. */
void *mem_zeroed(size_t count, size_t size);
char *mem_text(const char *text);

#endif
