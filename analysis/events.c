/* events.ndjson and steps.ndjson: one JSON object a line, kept as events in the arena. Lines in the
 * form that lab writes are read here, as there are many; all others by jansson (exact 64-bit
 * numbers), which alone says what is wrong with one. */
#include "finding.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>

#include "file.h"
#include "parse.h"
#include "trace.h"

enum {
	EVENTS_MAX = 256 << 20,
	STEP_MAX = 1000000
};

/* What stands beside one name. */
struct member {
	const char *name, *text; /* text NULL: a number */
	int64_t number;
};

static int member_put(struct event *event, const struct member *member, struct err *err)
{
	const char *name = member->name, *text = member->text;
	int64_t number = member->number;

	if (streq(name, "seq"))
		return 0;
	if (streq(name, "host") && text)
		event->host = text;
	else if (streq(name, "kind") && text)
		event->kind = text;
	else if (streq(name, "label") && text)
		event->label = text;
	else if (streq(name, "t_ns") && !text)
		event->t_ns = time_bound(number);
	else if (streq(name, "step") && !text && number >= 0 && number <= STEP_MAX)
		event->step = (int)number;
	else if (event->nfield < EVENT_FIELDS)
		event->field[event->nfield++] =
		    (struct field){ .name = name, .text = text, .number = text ? 0 : number };
	else
		return err_set(err, ERR_BROKE, "more than %d fields", EVENT_FIELDS);
	return 0;
}

static int member_read(struct event *event, const char *name, const json_t *value,
		       struct arena *arena, struct err *err)
{
	const char *text = json_is_string(value) ? json_string_value(value) : NULL;
	bool is_number = json_is_integer(value) || json_is_boolean(value);
	struct member member = {
		.number = json_is_integer(value) ? json_integer_value(value) : json_is_true(value),
	};

	if (json_is_null(value) || streq(name, "seq"))
		return 0;
	if (!text && !is_number)
		return err_set(err, ERR_BROKE, "\"%s\" is neither text nor an integer", name);
	member.name = arena_dup(arena, name);
	member.text = text ? arena_dup(arena, text) : NULL;
	return member_put(event, &member, err);
}

static int json_read(struct event *event, const char *line, size_t len, struct arena *arena,
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
	return status;
}

/* The text in front of *at, whose closing quote becomes its NUL; NULL: not a plain one. */
static const char *plain_text(char **at)
{
	char *text = *at + 1, *end = text;

	if (**at != '"')
		return NULL;
	while (*end >= 0x20 && *end < 0x7f && *end != '"' && *end != '\\')
		end++;
	if (*end != '"')
		return NULL;
	*end = '\0';
	*at = end + 1;
	return text;
}

static bool plain_value(char **at, struct member *member)
{
	bool is_negative = **at == '-';

	*member = (struct member){ .name = member->name };
	if (**at == '"')
		return (member->text = plain_text(at)) != NULL;
	*at += is_negative;
	size_t len = parse_digits(*at, &member->number);
	if (len == 0 || (is_negative && member->number == 0))
		return false;
	*at += len;
	member->number = is_negative ? -member->number : member->number;
	return true;
}

/* The form that lab itself writes, but where a text needs escapes: no blanks, printable ASCII,
 * integers, no name twice. False: jansson is to say what it is; the event is half filled. */
static bool plain_read(struct event *event, char *line, size_t len)
{
	const char *seen[EVENT_FIELDS + 8];
	struct member member;
	struct err ignored;
	size_t count = 0;
	char *at = line, after = '{';

	for (; *at == after; after = ',', count++) {
		at++;
		if (count == COUNT(seen) || !(member.name = plain_text(&at)) || *at++ != ':')
			return false;
		for (size_t i = 0; i < count; i++)
			if (streq(seen[i], member.name))
				return false;
		seen[count] = member.name;
		if (!plain_value(&at, &member) || member_put(event, &member, &ignored) < 0)
			return false;
	}
	return count > 0 && *at == '}' && at + 1 == line + len;
}

static int line_read(struct event *event, const char *line, size_t len, struct arena *arena,
		     struct err *err)
{
	int status = 0;

	if (!plain_read(event, arena_ndup(arena, line, len), len)) {
		*event = (struct event){ .seq = event->seq };
		status = json_read(event, line, len, arena, err);
	}
	if (status == 0 && (!event->kind || !event->host))
		return err_set(err, ERR_BROKE, "no \"kind\" or no \"host\"");
	return status;
}

/* How many events there are at most: room for all at once, as they are large. */
static size_t lines_count(const struct buf *text)
{
	static const char shortest[] = "{'host':'','kind':''}";
	size_t count = 1, most = text->len / sizeof shortest + 1;
	const char *end = text->data + text->len;

	for (const char *at = text->data; count < most; count++, at++)
		if (!(at = memchr(at, '\n', (size_t)(end - at))))
			break;
	return count;
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
	if (text.len > 0) {
		cap = lines_count(&text);
		list = arena_array(arena, cap, sizeof *list);
	}
	for (size_t at = 0; at < text.len && status == 0;) {
		const char *line = text.data + at;
		const char *end = memchr(line, '\n', text.len - at);
		size_t len = end ? (size_t)(end - line) : text.len - at;
		at += len + 1;
		list = arena_grow(arena, list, *count, &cap, sizeof *list);
		list[*count].seq = *count + 1;
		status = line_read(&list[*count], line, len, arena, err);
		if (status < 0 && !end) { /* cut by a crash */
			status = 0;
			break;
		}
		if (status < 0) {
			err_in(err, "%s:%zu", name, *count + 1);
			break;
		}
		++*count;
	}
	buf_close(&text);
	*event = list;
	return status;
}
