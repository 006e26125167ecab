/* "did you mean": the nearest of the known names. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/* The nearest by edit distance (at most a third of the name's length, at least 1), NULL when none
 * is near. A letter has nothing near it but itself, nor have names over 63 bytes. */
const char *nearest(const char *name, const char *const *names, size_t count);

#endif
