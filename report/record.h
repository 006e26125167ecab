/* Lab's own record of a run (steps.ndjson) as events: looking things up in it. Pure. */
#ifndef RECORD_H
#define RECORD_H

#include "event.h"

/* The first event of this kind behind `after` (NULL: from the start); NULL: none. */
const struct event *record_next(const struct event *record, size_t count, const struct event *after,
				const char *kind);
/* The step with this label; NULL. */
const struct event *record_step(const struct event *record, size_t count, const char *label);
/* Field as text, `fallback` when absent. */
const char *record_text(const struct event *event, const char *name, const char *fallback);
/* Field as a number, also when it was written as text. */
int64_t record_num(const struct event *event, const char *name, int64_t fallback);
/* Did the step go as it should? A background step without a result has none yet: true. */
bool record_is_ok(const struct event *step);

#endif
