/* A scenario file as sections, keys and values with their place in the file. The strict scan
 * refuses whatever iniparser would silently change; iniparser then reads the values, and both must
 * agree. */
#ifndef SCENARIO_INI_H
#define SCENARIO_INI_H

#include "scenario.h"

enum {
	INI_BYTES = 256 * 1024,
	INI_LINE = 1000,
	INI_SECTIONS = 64,
	INI_ENTRIES = 4096,
};

struct ini_entry {
	const char *section, *key, *value; /* trimmed, as written */
	const char *path;
	int line, key_column, column; /* column: of the value; all from 1, in bytes */
	bool is_bad; /* its value was complained about: the name is known all the same */
};

struct ini_section {
	const char *name;
	int line;
};

struct ini {
	size_t nsection, section_cap;
	struct ini_section *section; /* file order */
	size_t nentry, entry_cap;
	struct ini_entry *entry; /* file order */
};

/* The scan alone: every complaint of the bytes in one pass. */
void ini_scan(struct ini *out, const char *path, const char *bytes, size_t len, struct arena *arena,
	      struct complaints *complaints);
/* Does iniparser, given the same bytes, read the same sections, keys and values? -1 when not. */
int ini_agrees(const struct ini *ini, const char *bytes, size_t len, struct err *err);
/* Opens (regular files only), scans and compares. 0 also with complaints; -1: could not be read. */
int ini_read(struct ini *out, const char *path, struct arena *arena, struct complaints *complaints,
	     struct err *err);

struct ini_entry *ini_find(const struct ini *ini, const char *section, const char *key);
void ini_add(struct ini *ini, const struct ini_entry *entry, struct arena *arena);

#endif
