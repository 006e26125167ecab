/* One line of a section of items, NAME = words, read by the schema's rows. */
#ifndef SCENARIO_ITEM_H
#define SCENARIO_ITEM_H

#include "scenario_load.h"

enum {
	ITEM_OPTIONS = 16
};

struct option_value {
	const char *value; /* NULL: absent */
	int column;
};

struct item { /* one NAME = words */
	const struct ini_entry *entry;
	const struct schema_row *rows;
	struct words words;
	struct option_value value[ITEM_OPTIONS]; /* by row */
	size_t nbare;                            /* words of ROW_BARES, indexes in words */
	size_t *bare;
	size_t nprefix; /* words of ROW_PREFIX and ROW_OPTIONS */
	size_t *prefix;
	bool is_good;
};

/* By the rows of its section of a scenario. False when there was a complaint; what was understood
 * is there. */
bool item_read(struct loader *loader, const struct ini_entry *entry, struct item *out);
/* By these rows: a file of another format. */
bool item_read_by(struct loader *loader, const struct ini_entry *entry,
		  const struct schema_row *rows, struct item *out);
const struct option_value *item_get(const struct item *item, const char *name); /* never NULL */
int64_t item_number(const struct item *item, const char *name);                 /* 0: absent */
size_t entries_count(const struct loader *loader, const char *section);

#endif
