/* What the parts of the scenario reader share; outside only scenario.h is used. */
#ifndef SCENARIO_LOAD_H
#define SCENARIO_LOAD_H

#include "nearest.h"
#include "scenario.h"
#include "scenario_ini.h"
#include "scenario_places.h"
#include "scenario_schema.h"

struct loader {
	struct scenario *out;
	const struct scenario_options *options;
	const char *path;
	struct arena *arena;
	struct complaints *complaints;
	struct ini flat;            /* merged: extends, backend keys and --set are done */
	struct scenario_host *host; /* the same arrays as in out, still open for writing */
	struct scenario_step *step;
	bool *is_waited, *is_healed; /* by step */
	const struct places *places; /* NULL: not known yet, ${HOST.address} is refused */
};

#define COMPLAIN_AT(loader, entry, column, ...)                                                    \
	complaint_add((loader)->complaints, (entry)->path, (entry)->line, (column), __VA_ARGS__)
/* " (did you mean x?)" or "". */
const char *did_you_mean(struct arena *arena, const char *name, const char *const *names,
			 size_t count);

/* One word of a value, ${} expanded and escapes undone. */
struct word {
	const char *text;
	int column;
	bool is_quoted; /* from its first character: never syntax */
};

struct words {
	size_t count, cap;
	struct word *at;
	const char *folded; /* the value, ${} expanded, blanks folded, quotes and escapes kept */
};

/* False when there was a complaint. */
bool words_split(struct loader *loader, const struct ini_entry *entry, struct words *out);
/* The whole value with ${} expanded (for free text); NULL when there was a complaint. */
const char *value_expand(struct loader *loader, const struct ini_entry *entry);

/* `text` checked against the kind of `param` and brought into the form the agent gets (durations as
 * ns, sizes as bytes); NULL when there was a complaint. */
const char *value_check(struct loader *loader, const struct ini_entry *entry, int column,
			const struct param *param, const char *text);

size_t host_check(struct loader *loader, const struct ini_entry *entry, int column,
		  const char *name); /* SIZE_MAX after a complaint */
/* Also the name of a group; *count: how many hosts it means, from the returned one on. */
size_t hosts_check(struct loader *loader, const struct ini_entry *entry, int column,
		   const char *name, size_t *count);
size_t step_check(struct loader *loader, const struct ini_entry *entry, int column,
		  const char *name);                    /* of the steps read so far */
bool name_is_plain(const char *name, const char *more); /* a to z, 0 to 9, - and `more` */

/* The file and what it extends, as one in loader->flat; --set put in, backend keys chosen; the flat
 * file as text in out->source. -1 with err. */
int merge_files(struct loader *loader, struct err *err);

void load_lab(struct loader *loader);
void load_hosts(struct loader *loader);
void load_links(struct loader *loader);
void load_names(struct loader *loader);
void load_captures(struct loader *loader);
void load_steps(struct loader *loader);
/* One of them: `step` holds its name, phase and line; the rest is read here. */
void load_step(struct loader *loader, const struct ini_entry *entry, struct scenario_step *step);
void load_expect(struct loader *loader);
/* What stands behind ->, words[from] on; `kind` is the one whose results are meant. */
void load_result(struct loader *loader, const struct ini_entry *entry, const struct words *words,
		 size_t from, const struct step_kind *kind, struct expectation *out);

#endif
