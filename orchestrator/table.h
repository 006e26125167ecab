/* A small table for people and programs: columns aligned on a terminal, tabs when piped. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"

enum {
	TABLE_COLUMNS = 8
};

struct table {
	struct arena *arena;
	size_t ncolumn, nrow, cap;
	const char *(*row)[TABLE_COLUMNS]; /* strings are borrowed; NULL: empty */
};

/* `cells` ends with NULL or holds TABLE_COLUMNS; the first row is the head. */
void table_add(struct table *table, const char *const *cells);
/* On a terminal the last column is broken so that a line holds 80 columns. */
void table_print(FILE *out, const struct table *table, bool is_piped);

#endif
