/* events.ndjson and steps.ndjson: one JSON object a line, read with jansson (exact 64-bit
 * numbers), kept as events in the arena. */
#include "finding.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>

#include "file.h"
#include "trace.h"

enum {
	EVENTS_MAX = 256 << 20,
	STEP_MAX = 1000000
};

static int member_read(struct event *event, const char *name, const json_t *value,
		       struct arena *arena, struct err *err)
{
	const char *text = json_is_string(value) ? json_string_value(value) : NULL;
	bool is_number = json_is_integer(value) || json_is_boolean(value);
	int64_t number = json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
	if (json_is_null(value) || streq(name, "seq"))
		return 0;
	if (!text && !is_number)
		return err_set(err, ERR_BROKE, "\"%s\" is neither text nor an integer", name);
	if (streq(name, "host") && text)
		event->host = arena_dup(arena, text);
	else if (streq(name, "kind") && text)
		event->kind = arena_dup(arena, text);
	else if (streq(name, "label") && text)
		event->label = arena_dup(arena, text);
	else if (streq(name, "t_ns") && is_number)
		event->t_ns = time_bound(number);
	else if (streq(name, "step") && is_number && number >= 0 && number <= STEP_MAX)
		event->step = (int)number;
	else if (event->nfield < EVENT_FIELDS)
		event->field[event->nfield++] = (struct field){
			.name = arena_dup(arena, name),
			.text = text ? arena_dup(arena, text) : NULL,
			.number = text ? 0 : number,
		};
	else
		return err_set(err, ERR_BROKE, "more than %d fields", EVENT_FIELDS);
	return 0;
}

static int line_read(struct event *event, const char *line, size_t len, struct arena *arena,
		     struct err *err)
{
	json_error_t why;
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	if (!object)
		return err_set(err, ERR_BROKE, "column %d: %s", why.column, why.text);
	int status = 0;
	const char *name;
	json_t *value;
	if (!json_is_object(object))
		status = err_set(err, ERR_BROKE, "not an object");
	json_object_foreach(object, name, value)
	{
		if (status == 0)
			status = member_read(event, name, value, arena, err);
	}
	json_decref(object);
	if (status == 0 && (!event->kind || !event->host))
		return err_set(err, ERR_BROKE, "no \"kind\" or no \"host\"");
	return status;
}

int events_load(int dirfd, const char *name, const struct event **event, size_t *count,
		struct arena *arena, struct err *err)
{
	struct buf text = { 0 };
	struct event *list = NULL;
	size_t cap = 0;
	*event = NULL;
	*count = 0;
	if (faccessat(dirfd, name, F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	if (file_read(dirfd, name, EVENTS_MAX, &text, err) < 0) {
		buf_close(&text);
		return -1;
	}
	int status = 0;
	for (size_t at = 0; at < text.len && status == 0;) {
		const char *line = text.data + at;
		const char *end = memchr(line, '\n', text.len - at);
		size_t len = end ? (size_t)(end - line) : text.len - at;
		struct event one = { .seq = *count + 1 };
		at += len + 1;
		status = line_read(&one, line, len, arena, err);
		if (status < 0 && !end) { /* cut by a crash */
			status = 0;
			break;
		}
		if (status < 0) {
			err_in(err, "%s:%zu", name, *count + 1);
			break;
		}
		list = arena_grow(arena, list, *count, &cap, sizeof *list);
		list[(*count)++] = one;
	}
	buf_close(&text);
	*event = list;
	return status;
}
