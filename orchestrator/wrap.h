/* Text in lines of 80 columns. */
#ifndef WRAP_H
#define WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	WRAP_COLUMNS = 80
};

/* Prints `text` behind what its line already holds (`used` columns), more lines behind an indent of
 * `indent` columns, and a newline. A word that is longer than a line is not cut. Text from files is
 * made safe for a terminal. */
void wrap_text(FILE *out, size_t used, size_t indent, const char *text);
/* The same with `term` behind an indent of 2 and the text from column `at` on; a term that reaches
 * there has its text below it. */
void wrap_entry(FILE *out, const char *term, size_t at, const char *text);

/* What is printed to wrap_begin's file comes out at wrap_end in lines of 80 columns, longer ones
 * broken at blanks; with is_plain (a pipe) it is `out` itself, and nothing is changed. */
struct wrapped {
	FILE *out, *memory; /* memory NULL: nothing to break */
	char *text;
	size_t len;
};
FILE *wrap_begin(struct wrapped *wrapped, FILE *out, bool is_plain);
void wrap_end(struct wrapped *wrapped);

#endif
