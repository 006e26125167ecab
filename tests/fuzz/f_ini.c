/* Bytes as an INI file: what the strict scan accepts, iniparser must read the same, entry by entry
 * and section by section; nothing that the scan has is missing there, nothing is more. */
/* Aims at: orchestrator/scenario_scan.c */
/* Seeds also: scenarios */
#include "fuzz.h"

#include <iniparser/iniparser.h>

#include "scenario_ini.h"

static int silent(const char *fmt, ...)
{
	return fmt != NULL;
}

static size_t keys_below(const struct ini *ini, const char *section)
{
	size_t count = 0;

	for (size_t i = 0; i < ini->nentry; i++)
		count += streq(ini->entry[i].section, section);
	return count;
}

/* Written apart from ini_agrees, which is under test as well. */
static void compare(const struct ini *ini, const dictionary *dict)
{
	char key[2 * INI_LINE + 2];

	LAW(iniparser_getnsec(dict) == (int)ini->nsection);
	for (size_t i = 0; i < ini->nsection; i++) {
		const char *name = ini->section[i].name;

		LAW(streq(iniparser_getsecname(dict, (int)i), name));
		LAW(iniparser_getsecnkeys(dict, name) == (int)keys_below(ini, name));
	}
	for (size_t i = 0; i < ini->nentry; i++) {
		const struct ini_entry *entry = &ini->entry[i];
		const char *value;

		snprintf(key, sizeof key, "%s:%s", entry->section, entry->key);
		value = iniparser_getstring(dict, key, NULL);
		LAW(value && streq(value, entry->value));
		LAW(!entry->is_bad && ini_find(ini, entry->section, entry->key) == entry);
		fuzz_terminal(entry->key, strlen(entry->key), false);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = len > 0 ? (const char *)bytes : "";
	struct arena arena = { 0 };
	struct complaints complaints = { .arena = &arena };
	struct ini ini;
	struct err err;

	ini_scan(&ini, "f", text, len, &arena, &complaints);
	for (size_t i = 0; i < complaints.count; i++) {
		const struct complaint *one = &complaints.at[i];

		LAW(one->line > 0 && one->column > 0);
		LAW(i == 0 || complaints.at[i - 1].line <= one->line);
	}
	if (complaints.count == 0) {
		iniparser_set_error_callback(silent);
		dictionary *dict = iniparser_load(fuzz_file(text, len));

		LAW(dict);
		compare(&ini, dict);
		iniparser_freedict(dict);
		/* The product's own comparison opens a file too: in turns, for speed. */
		LAW((len & 3) != 0 || ini_agrees(&ini, text, len, &err) == 0);
	}
	arena_close(&arena);
	return 0;
}
