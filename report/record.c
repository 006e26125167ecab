/* Looking things up in lab's own record. */
#include "record.h"

#include "parse.h"

const struct event *record_next(const struct event *record, size_t count, const struct event *after,
				const char *kind)
{
	for (size_t i = after ? (size_t)(after - record) + 1 : 0; i < count; i++)
		if (event_is(&record[i], kind))
			return &record[i];
	return NULL;
}

const struct event *record_step(const struct event *record, size_t count, const char *label)
{
	const struct event *step = NULL;

	while ((step = record_next(record, count, step, "step")))
		if (step->label && streq(step->label, label))
			return step;
	return NULL;
}

const char *record_text(const struct event *event, const char *name, const char *fallback)
{
	const char *text = event ? event_get(event, name) : NULL;

	return text ? text : fallback;
}

int64_t record_num(const struct event *event, const char *name, int64_t fallback)
{
	const char *text = event ? event_get(event, name) : NULL;
	int64_t number;

	if (!event)
		return fallback;
	if (!text)
		return event_num(event, name, fallback);
	return parse_int(text, INT64_MIN, INT64_MAX, &number) == 0 ? number : fallback;
}

bool record_is_ok(const struct event *step)
{
	if (record_num(step, "background", 0) && !event_get(step, "result"))
		return true;
	return record_num(step, "is_ok", 0) == 1;
}
