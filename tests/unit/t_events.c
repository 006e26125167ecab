/* Lines of events: the plain form, which lab reads itself, and everything else, which jansson
 * reads, give the same events and the same refusals. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>

#include "file.h"
#include "finding.h"
#include "util.h"

struct loaded {
	struct arena arena;
	const struct event *event;
	size_t count;
	struct err err;
	int status;
};

static struct loaded load(const char *text)
{
	char folder[] = "/tmp/lab-events-XXXXXX";
	struct loaded out = { .count = 0 };

	assert_non_null(mkdtemp(folder));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, "x", text, strlen(text), &out.err), 0);
	out.status = events_load(fd, "x", &out.event, &out.count, &out.arena, &out.err);
	assert_int_equal(unlinkat(fd, "x", 0), 0);
	close(fd);
	assert_int_equal(rmdir(folder), 0);
	return out;
}

static void assert_same(const struct event *a, const struct event *b)
{
	struct buf one = { 0 }, other = { 0 };

	event_json(&one, a);
	event_json(&other, b);
	assert_string_equal(one.data, other.data);
	buf_close(&one);
	buf_close(&other);
}

/* A blank in front of the brace is enough for jansson to read it. */
static void plain_lines_are_read_as_jansson_reads_them(void **state)
{
	static const char *const lines[] = {
		"{\"seq\":1,\"t_ns\":12345678901234567,\"host\":\"a\",\"kind\":\"k\"}",
		"{\"host\":\"a\",\"kind\":\"k\",\"step\":3,\"label\":\"l\",\"n\":-7,\"text\":\"\"}",
		"{\"kind\":\"k\",\"host\":\"a\",\"most\":9223372036854775807,\"zero\":0}",
		"{\"host\":\"a\",\"kind\":\"k\",\"least\":-9223372036854775808,\"none\":-0}",
		"{\"host\":\"a\",\"kind\":\"k\",\"said\":\"\\\"x\\\\\\n\\u001b\"}",
		"{\"host\":\"a\",\"kind\":\"k\",\"accent\":\"\xc3\xa9\"}",
		"{\"host\":\"a\",\"kind\":\"k\",\"yes\":true,\"nothing\":null,\"step\":\"two\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		char text[512];
		snprintf(text, sizeof text, "%s\n %s\n", lines[i], lines[i]);
		struct loaded loaded = load(text);
		if (loaded.status < 0)
			fail_msg("%s", loaded.err.text);
		assert_int_equal(loaded.count, 2);
		struct event second = loaded.event[1];
		second.seq = loaded.event[0].seq;
		assert_same(&loaded.event[0], &second);
		arena_close(&loaded.arena);
	}
}

static void lines_that_are_no_event_are_refused(void **state)
{
	static const char *const lines[] = {
		"{\"host\":\"a\",\"kind\":\"k\",\"n\":1,\"n\":1}",
		"{\"host\":\"a\",\"kind\":\"k\",\"host\":\"b\"}",
		"{\"host\":\"a\",\"kind\":\"k\",\"n\":01}",
		"{\"host\":\"a\",\"kind\":\"k\",\"n\":1.5}",
		"{\"host\":\"a\",\"kind\":\"k\",\"n\":9223372036854775808}",
		"{\"host\":\"a\",\"kind\":\"k\",\"n\":-}",
		"{\"host\":\"a\",\"kind\":\"k\",\"n\":{}}",
		"{\"host\":\"a\",\"kind\":\"k\",\"n\":\"\xff\"}",
		"{\"host\":\"a\",\"kind\":\"k\",}",
		"{\"host\":\"a\",\"kind\":\"k\"}x",
		"{\"host\":\"a\",\"kind\":\"k\"",
		"{\"host\":\"a\",\"kind\":\"k",
		"{\"host\":\"a\" \"kind\":\"k\"}",
		"{\"host\":\"a\"}",
		"{}",
		"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		char text[512];
		snprintf(text, sizeof text, "%s\n{\"host\":\"a\",\"kind\":\"k\"}\n", lines[i]);
		struct loaded loaded = load(text);
		if (loaded.status == 0)
			fail_msg("read: %s", lines[i]);
		assert_non_null(strstr(loaded.err.text, "x:1: "));
		arena_close(&loaded.arena);
	}
}

static void more_fields_than_there_is_room_for_are_refused(void **state)
{
	struct buf text = { 0 };

	(void)state;
	buf_str(&text, "{\"host\":\"a\",\"kind\":\"k\"");
	for (int i = 0; i <= EVENT_FIELDS; i++)
		buf_printf(&text, ",\"n%d\":%d", i, i);
	buf_str(&text, "}\n");
	struct loaded loaded = load(text.data);
	assert_int_equal(loaded.status, -1);
	assert_non_null(strstr(loaded.err.text, "more than 24 fields"));
	buf_close(&text);
	arena_close(&loaded.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_lines_are_read_as_jansson_reads_them),
		cmocka_unit_test(lines_that_are_no_event_are_refused),
		cmocka_unit_test(more_fields_than_there_is_room_for_are_refused),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
