/* What `lab help TOPIC` tells. lab(1) holds the same text, printed from these rows. */
#ifndef TOPIC_H
#define TOPIC_H

#include <stdbool.h>
#include <stdio.h>

struct topic_row {
	const char *term; /* NULL: a paragraph */
	const char *text; /* NULL ends the list */
};

struct topic {
	const char *name; /* NULL ends the table */
	const char *line; /* what it is about */
	const struct topic_row *rows;
	bool has_variables; /* a row for each variable of env.h comes behind its rows */
};

extern const struct topic topics[];
const struct topic *topic_find(const char *name);
void topic_text(FILE *out, const struct topic *topic); /* at most 80 columns */
void topic_list(FILE *out);                            /* a line each */

#endif
