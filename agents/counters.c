/* /proc/net/snmp and netstat are pairs of lines, "Tcp: name name" over "Tcp: 1 2"; snmp6 has a name
 * and a value a line. The files stay open: a reading is three pread(2). */
#include "counters.h"

#include <ctype.h>
#include <fcntl.h>

#include "mem.h"
#include "parse.h"
#include "util.h"

enum {
	FILE_MAX = 64 * 1024
};

struct word {
	const char *at;
	size_t len;
};

/* The next blank-separated word of a line; 0: the line ended. *at moves past it. */
static size_t word_next(const char **at, const char *end, struct word *word)
{
	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	word->at = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		(*at)++;
	word->len = (size_t)(*at - word->at);
	return word->len;
}

static struct word line_next(const char **at, const char *end)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	struct word line = { .at = *at };

	if (stop == NULL)
		stop = end;
	line.len = (size_t)(stop - *at);
	*at = stop < end ? stop + 1 : end;
	return line;
}

/* Layouts do not move between readings but for new ICMP types: the place of last time, then all. */
static struct counter *counter_at(struct counters *counters, size_t hint, const char *name)
{
	if (hint < counters->count && streq(counters->all[hint].name, name))
		return &counters->all[hint];
	for (size_t i = 0; i < counters->count && !counters->is_first; i++)
		if (streq(counters->all[i].name, name))
			return &counters->all[i];
	if (counters->count == counters->cap) {
		size_t cap = counters->cap > 0 ? counters->cap * 2 : 512;

		counters->all = mem_resize(counters->all, cap, sizeof *counters->all);
		counters->cap = cap;
	}
	struct counter *added = &counters->all[counters->count++];
	*added = (struct counter){ 0 };
	snprintf(added->name, sizeof added->name, "%s", name);
	return added;
}

static void counter_set(struct counters *counters, size_t *hint, struct word prefix,
			struct word name, struct word value)
{
	char full[COUNTER_NAME], digits[24];
	int64_t number;

	if (prefix.len + name.len >= sizeof full || value.len >= sizeof digits)
		return;
	memcpy(full, prefix.at, prefix.len);
	memcpy(full + prefix.len, name.at, name.len);
	full[prefix.len + name.len] = '\0';
	memcpy(digits, value.at, value.len);
	digits[value.len] = '\0';
	if (parse_int(digits, INT64_MIN, INT64_MAX, &number) < 0)
		return;
	counter_at(counters, *hint, full)->value = number;
	(*hint)++;
}

static bool is_same(struct word a, struct word b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* One line of names over one of values, and what both were in the reading before ("": none): only
 * the values that moved are looked at. */
static void pair_parse(struct counters *counters, size_t *hint, const struct word now[2],
		       const struct word old[2])
{
	const char *name_at = now[0].at, *value_at = now[1].at, *old_at = old[1].at;
	const char *name_end = name_at + now[0].len, *value_end = value_at + now[1].len;
	bool is_known = is_same(now[0], old[0]);
	struct word prefix, same, name, value, was;

	if (word_next(&name_at, name_end, &prefix) < 2 ||
	    word_next(&value_at, value_end, &same) != prefix.len)
		return;
	prefix.len--; /* the colon */
	word_next(&old_at, old[1].at + old[1].len, &was);
	while (word_next(&name_at, name_end, &name) > 0 &&
	       word_next(&value_at, value_end, &value) > 0) {
		word_next(&old_at, old[1].at + old[1].len, &was);
		if (is_known && is_same(value, was))
			(*hint)++;
		else
			counter_set(counters, hint, prefix, name, value);
	}
}

static void pairs_parse(struct counters *counters, size_t *hint, struct word text, struct word old)
{
	const char *at = text.at, *end = text.at + text.len;
	const char *old_at = old.at, *old_end = old.at + old.len;

	while (at < end) {
		struct word now[2], before[2];

		for (size_t i = 0; i < 2; i++) {
			now[i] = line_next(&at, end);
			before[i] = line_next(&old_at, old_end);
		}
		pair_parse(counters, hint, now, before);
	}
}

static void lines_parse(struct counters *counters, size_t *hint, struct word text, struct word old)
{
	const char *at = text.at, *end = text.at + text.len;
	const char *old_at = old.at, *old_end = old.at + old.len;

	while (at < end) {
		struct word line = line_next(&at, end), name, value;
		const char *line_at = line.at;

		if (is_same(line, line_next(&old_at, old_end)))
			(*hint)++;
		else if (word_next(&line_at, line.at + line.len, &name) > 0 &&
			 word_next(&line_at, line.at + line.len, &value) > 0)
			counter_set(counters, hint, (struct word){ .at = "" }, name, value);
	}
}

static const struct source_file {
	const char *path;
	void (*parse)(struct counters *counters, size_t *hint, struct word text, struct word old);
	bool is_optional;
} files[] = {
	{ .path = "/proc/thread-self/net/snmp", .parse = pairs_parse },
	{ .path = "/proc/thread-self/net/netstat", .parse = pairs_parse },
	{ .path = "/proc/thread-self/net/snmp6", .parse = lines_parse, .is_optional = true },
};
_Static_assert(COUNT(files) == COUNT(((struct counters *)0)->fd), "one descriptor a file");

/* Most files are as they were between two snapshots. */
static void text_parse(struct counters *counters, size_t file, size_t *hint, const char *bytes,
		       size_t len)
{
	struct counter_text *text = &counters->text[file];
	const struct word now = { .at = bytes, .len = len };
	const struct word old = { .at = text->bytes != NULL ? text->bytes : "", .len = text->len };
	size_t first = *hint;

	if (len > 0 && is_same(now, old)) {
		*hint += text->rows;
		return;
	}
	counters->is_first = text->bytes == NULL && *hint == counters->count;
	files[file].parse(counters, hint, now, old);
	counters->is_first = false;
	text->bytes = mem_resize(text->bytes, len + 1, 1);
	memcpy(text->bytes, bytes, len);
	text->len = len;
	text->rows = *hint - first;
}

int counters_read(struct counters *counters, struct err *err)
{
	static const size_t room = FILE_MAX;
	char *bytes = mem_resize(NULL, room, 1);
	size_t hint = 0;
	int status = 0;

	for (size_t i = 0; i < COUNT(files) && status == 0; i++) {
		size_t len = 0;
		ssize_t n = 0;

		if (counters->fd[i] < 0)
			counters->fd[i] = open(files[i].path, O_RDONLY | O_CLOEXEC);
		if (counters->fd[i] < 0 && files[i].is_optional)
			continue;
		if (counters->fd[i] < 0) {
			status = err_sys(err, "%s", files[i].path);
			break;
		}
		while (len < room &&
		       (n = pread(counters->fd[i], bytes + len, room - len, (off_t)len)) > 0)
			len += (size_t)n;
		if (n < 0)
			status = err_sys(err, "%s", files[i].path);
		else
			text_parse(counters, i, &hint, bytes, len);
	}
	free(bytes);
	return status;
}

int counters_emit(struct counters *counters, int64_t snapshot, const struct sink *sink,
		  struct err *err)
{
	int64_t rows = 0;
	struct event event;

	if (counters_read(counters, err) < 0)
		return -1;
	for (size_t i = 0; i < counters->count; i++) {
		struct counter *counter = &counters->all[i];

		if (counter->value == counter->before)
			continue;
		counter->before = counter->value;
		event_init(&event, "counter");
		event_int(&event, "snapshot", snapshot);
		event_text(&event, "name", counter->name);
		event_int(&event, "value", counter->value);
		sink_event(sink, &event);
		rows++;
	}
	event_init(&event, "counters");
	event_int(&event, "snapshot", snapshot);
	event_int(&event, "rows", rows);
	sink_event(sink, &event);
	return 0;
}

const struct counter *counters_find(const struct counters *counters, const char *name)
{
	for (size_t i = 0; i < counters->count; i++)
		if (streq(counters->all[i].name, name))
			return &counters->all[i];
	return NULL;
}

/* Edit distance without regard to case; names are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[COUNTER_NAME], b_len = strlen(b);

	if (b_len >= COUNT(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < b_len; j++) {
			bool is_same = tolower((unsigned char)a[i]) == tolower((unsigned char)b[j]);
			size_t best = corner + (is_same ? 0 : 1);

			corner = row[j + 1];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (corner + 1 < best)
				best = corner + 1;
			row[j + 1] = best;
		}
	}
	return row[b_len];
}

void counters_near(const struct counters *counters, const char *name, char *out, size_t len)
{
	size_t limit = strlen(name) / 3 + 1, used = 0, shown = 0;

	out[0] = '\0';
	if (strlen(name) >= COUNTER_NAME)
		return;
	for (size_t want = 0; want <= limit && shown < 3; want++)
		for (size_t i = 0; i < counters->count && shown < 3; i++) {
			const char *near = counters->all[i].name;
			size_t far = distance(name, near);
			bool is_near = far == want || (want == limit && far > limit &&
						       strcasestr(near, name) != NULL);

			if (!is_near || used + strlen(near) + 3 > len)
				continue;
			used += (size_t)snprintf(out + used, len - used, "%s%s",
						 shown > 0 ? ", " : "", near);
			shown++;
		}
}

void counters_close(struct counters *counters)
{
	for (size_t i = 0; i < COUNT(counters->fd); i++) {
		if (counters->fd[i] >= 0)
			close(counters->fd[i]);
		counters->fd[i] = -1;
		free(counters->text[i].bytes);
		counters->text[i] = (struct counter_text){ 0 };
	}
	free(counters->all);
	counters->all = NULL;
	counters->count = counters->cap = 0;
}
