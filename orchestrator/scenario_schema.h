/* The format as a table: it drives the check, `lab show --schema` and docs/scenario.md. */
#ifndef SCENARIO_SCHEMA_H
#define SCENARIO_SCHEMA_H

#include <stdio.h>

#include "arena.h"
#include "buf.h"
#include "step.h"

enum section_form {
	SECTION_KEYS,  /* its keys are rows of the table */
	SECTION_ITEMS, /* NAME = words; the rows are words */
	SECTION_STEPS, /* NAME = SUBJECT VERB ... */
};

enum row_form {
	ROW_KEY,     /* key = value */
	ROW_BARE,    /* a word by its place */
	ROW_BARES,   /* one or more of them */
	ROW_FLAG,    /* the word itself */
	ROW_OPTION,  /* name=value */
	ROW_OPTIONS, /* the same, as often as needed */
	ROW_PREFIX,  /* name.REST=value */
};

struct schema_row {         /* name NULL ends a list */
	struct param param; /* name, kind, is_required, fallback, choices, text; see step.h */
	enum row_form form;
	const char *form_text; /* how its value is written: "HOST", "TIME" */
	const char *not_yet;   /* known to the format, refused by this version: why; NULL */
};

struct schema_section { /* name NULL ends the table */
	const char *name;
	enum section_form form;
	const char *text;
	const struct schema_row *rows; /* NULL: none */
};

extern const struct schema_section schema[];
/* Sections as a table of the documents, those of other files too. */
void sections_markdown(FILE *out, const struct schema_section *sections);
const struct schema_section *schema_section_find(const char *name);
const struct schema_row *schema_row_find(const struct schema_section *section, const char *name);
/* "via=HOST", "address"; what it means, with its default. */
void schema_row_form(struct buf *out, const struct schema_row *row);
void schema_row_text(struct buf *out, const struct schema_row *row);
bool schema_is_backend(const char *name); /* loopback netns ssh aws */

#endif
