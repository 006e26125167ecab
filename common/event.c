/* An event in memory and in a frame:
 *   u64 t_ns, u32 step, string kind, string label, u8 fields, fields * (string name, u8 is_text,
 *   string text | u64 number);  string: u32 length, bytes without NUL, one NUL.
 * The NUL lets the receiver use the bytes where they lie. */
#include "event.h"

#include <assert.h>
#include <limits.h>

#include "clock.h"
#include "json.h"

void event_init(struct event *event, const char *kind)
{
	*event = (struct event){ .t_ns = clock_mono_ns(), .kind = kind };
}

static void add(struct event *event, struct field field)
{
	assert(event->nfield < EVENT_FIELDS);
	event->field[event->nfield++] = field;
}

void event_text(struct event *event, const char *name, const char *text)
{
	if (text)
		add(event, (struct field){ .name = name, .text = text });
}

void event_int(struct event *event, const char *name, int64_t number)
{
	add(event, (struct field){ .name = name, .number = number });
}

static const struct field *find(const struct event *event, const char *name)
{
	for (size_t i = 0; i < event->nfield; i++)
		if (streq(event->field[i].name, name))
			return &event->field[i];
	return NULL;
}

const char *event_get(const struct event *event, const char *name)
{
	const struct field *field = find(event, name);

	return field ? field->text : NULL;
}

int64_t event_num(const struct event *event, const char *name, int64_t fallback)
{
	const struct field *field = find(event, name);

	return field && !field->text ? field->number : fallback;
}

bool event_is(const struct event *event, const char *kind)
{
	return streq(event->kind, kind);
}

static void put_string(struct buf *out, const char *text)
{
	size_t len = strlen(text);

	assert(len <= UINT32_MAX);
	buf_u32(out, (uint32_t)len);
	buf_add(out, text, len + 1);
}

void event_encode(struct buf *out, const struct event *event)
{
	assert(event->nfield <= EVENT_FIELDS && event->step >= 0);
	buf_u64(out, (uint64_t)event->t_ns);
	buf_u32(out, (uint32_t)event->step);
	put_string(out, event->kind);
	put_string(out, event->label ? event->label : "");
	buf_u8(out, (uint8_t)event->nfield);
	for (size_t i = 0; i < event->nfield; i++) {
		const struct field *field = &event->field[i];

		put_string(out, field->name);
		buf_u8(out, field->text != NULL);
		if (field->text)
			put_string(out, field->text);
		else
			buf_u64(out, (uint64_t)field->number);
	}
}

static const char *take_string(struct cursor *cursor)
{
	uint32_t len = cursor_u32(cursor);
	const uint8_t *bytes = cursor_take(cursor, (size_t)len + 1);

	if (!bytes || bytes[len] != '\0' || memchr(bytes, '\0', len)) {
		cursor->is_failed = true;
		return NULL;
	}
	return (const char *)bytes;
}

static bool take_field(struct cursor *cursor, struct field *field)
{
	uint8_t is_text;

	*field = (struct field){ .name = take_string(cursor) };
	is_text = cursor_u8(cursor);
	if (is_text > 1)
		cursor->is_failed = true;
	else if (is_text)
		field->text = take_string(cursor);
	else
		field->number = (int64_t)cursor_u64(cursor);
	return !cursor->is_failed;
}

int event_decode(struct event *event, const void *bytes, size_t len, struct err *err)
{
	struct cursor cursor = cursor_of(bytes, len);
	uint32_t step;
	uint8_t nfield;

	*event = (struct event){ .t_ns = (int64_t)cursor_u64(&cursor) };
	step = cursor_u32(&cursor);
	event->kind = take_string(&cursor);
	event->label = take_string(&cursor);
	nfield = cursor_u8(&cursor);
	if (cursor.is_failed || event->kind[0] == '\0')
		return err_set(err, ERR_BROKE, "event: its head is cut or damaged");
	if (step > INT_MAX)
		return err_set(err, ERR_BROKE, "event %s: %u is no step", event->kind, step);
	if (nfield > EVENT_FIELDS)
		return err_set(err, ERR_BROKE, "event %s: %u fields", event->kind, nfield);
	event->step = (int)step;
	if (event->label[0] == '\0')
		event->label = NULL;
	for (; event->nfield < nfield; event->nfield++)
		if (!take_field(&cursor, &event->field[event->nfield]))
			return err_set(err, ERR_BROKE, "event %s: field %zu is cut or damaged",
				       event->kind, event->nfield + 1);
	if (cursor_left(&cursor) > 0)
		return err_set(err, ERR_BROKE, "event %s: %zu bytes too many", event->kind,
			       cursor_left(&cursor));
	return 0;
}

void event_json(struct buf *out, const struct event *event)
{
	struct json json = json_to(out);

	json_object_begin(&json, NULL);
	json_int(&json, "seq", (int64_t)event->seq);
	json_int(&json, "t_ns", event->t_ns);
	json_text(&json, "host", event->host);
	json_text(&json, "kind", event->kind);
	if (event->step > 0)
		json_int(&json, "step", event->step);
	if (event->label)
		json_text(&json, "label", event->label);
	for (size_t i = 0; i < event->nfield; i++) {
		const struct field *field = &event->field[i];

		if (field->text)
			json_text(&json, field->name, field->text);
		else
			json_int(&json, field->name, field->number);
	}
	json_object_end(&json);
	buf_char(out, '\n');
}
