/* AWS's shared files as AWS's own tools read them: cloud/profile.c. */
#include "profile.h"

#include <fcntl.h>

#include "file.h"
#include "folder.h"
#include "util.h"

struct fixture {
	char folder[FOLDER_PATH], path[FOLDER_PATH + 8];
	struct arena arena;
	struct profile_file file;
	struct err err;
	int status;
};

static void begin(struct fixture *f, void **state)
{
	*f = (struct fixture){ .status = -1 };
	folder_inside(*state, f->folder);
	snprintf(f->path, sizeof f->path, "%s/file", f->folder);
}

static void read_bytes(struct fixture *f, enum profile_kind kind, const char *bytes, size_t len)
{
	struct err err;
	int fd = open(f->folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	profile_close(&f->file);
	assert_int_equal(file_write(fd, "file", bytes, len, &err), 0);
	close(fd);
	f->err = (struct err){ .kind = ERR_NONE };
	f->status = profile_read(&f->file, f->path, kind, &f->arena, &f->err);
}

static void read_text(struct fixture *f, enum profile_kind kind, const char *text)
{
	read_bytes(f, kind, text, strlen(text));
}

static void end(struct fixture *f)
{
	profile_close(&f->file);
	profile_close(&f->file);
	arena_close(&f->arena);
}

static const char *value(const struct fixture *f, const char *profile, const char *key)
{
	const struct profile_row *row = profile_find(&f->file, profile, key);

	return row ? row->value : NULL;
}

static void a_file_that_is_not_there_has_no_rows(void **state)
{
	struct fixture f;

	begin(&f, state);
	assert_int_equal(profile_read(&f.file, f.path, PROFILE_CONFIG, &f.arena, &f.err), 0);
	assert_int_equal(f.file.count, 0);
	end(&f);
}

static void sections_are_those_of_their_file(void **state)
{
	static const char text[] = "[default]\nregion = a\n[profile dev]\nregion = b\n[dev]\n"
				   "region = c\n[sso-session dev]\nregion = d\n[services x]\n"
				   "ec2 =\n  endpoint_url = e\n[profile \"a b\"]\nregion = f\n";
	struct fixture f;

	begin(&f, state);
	read_text(&f, PROFILE_CONFIG, text);
	assert_int_equal(f.status, 0);
	assert_string_equal(value(&f, "default", "region"), "a");
	assert_string_equal(value(&f, "dev", "region"), "b");
	assert_string_equal(value(&f, "a b", "region"), "f");
	assert_false(profile_has(&f.file, "x"));
	read_text(&f, PROFILE_CREDENTIALS, text);
	assert_string_equal(value(&f, "dev", "region"), "c");
	assert_false(profile_has(&f.file, "a b"));
	end(&f);
}

static void the_long_name_of_default_counts_more(void **state)
{
	struct fixture f;

	begin(&f, state);
	read_text(&f, PROFILE_CONFIG,
		  "[profile default]\nregion = long\n[default]\nregion = bare\noutput = json\n");
	assert_string_equal(value(&f, "default", "region"), "long");
	assert_null(value(&f, "default", "output"));
	end(&f);
}

static void values_are_what_stands_there(void **state)
{
	struct fixture f;

	begin(&f, state);
	read_text(&f, PROFILE_CREDENTIALS,
		  "\xef\xbb\xbf# first\r\n[p]\r\n  a=1\r\nb = x#y ; a comment\nC = # nothing\n"
		  "c = last\nempty =\ns3 =\n  max = 3\n  a = nested\nd = =\nb = again\n");
	assert_int_equal(f.status, 0);
	assert_string_equal(value(&f, "p", "a"), "1");
	assert_string_equal(value(&f, "p", "b"), "again");
	assert_string_equal(value(&f, "p", "c"), "last");
	assert_string_equal(value(&f, "p", "d"), "=");
	assert_null(value(&f, "p", "empty"));
	assert_null(value(&f, "p", "max"));
	end(&f);
}

static void what_is_wrong_is_told_by_its_line_alone(void **state)
{
	static const struct {
		const char *text, *why;
	} row[] = {
		{ "[a\ncanary = 1\n", ":1: " },
		{ "[]\n", ":1: a section without a name" },
		{ "canary = 1\n", ":1: a key before the first [section]" },
		{ "[a]\n\ncanary\n", ":3: neither [section] nor key = value" },
		{ "[a]\n= canary\n", ":2: a value without a key" },
		{ "[a]\nb = canary\x01\n", ":2: a control character" },
	};
	struct fixture f;

	begin(&f, state);
	for (size_t i = 0; i < COUNT(row); i++) {
		read_text(&f, PROFILE_CREDENTIALS, row[i].text);
		assert_int_equal(f.status, -1);
		assert_int_equal(f.err.kind, ERR_CANNOT);
		if (!strstr(f.err.text, row[i].why) || strstr(f.err.text, "canary"))
			fail_msg("%s, of: %s", f.err.text, row[i].text);
	}
	read_bytes(&f, PROFILE_CREDENTIALS, "[a]\nb = c\0d\n", 12);
	assert_int_equal(f.status, -1);
	assert_non_null(strstr(f.err.text, ":2: a zero byte"));
	end(&f);
}

static void a_file_has_its_bound(void **state)
{
	struct fixture f;
	struct buf text = { 0 };

	begin(&f, state);
	buf_str(&text, "[a]\nb = ");
	while (text.len < PROFILE_BYTES)
		buf_char(&text, 'x');
	read_bytes(&f, PROFILE_CREDENTIALS, text.data, text.len);
	assert_int_equal(f.status, 0);
	assert_int_equal(strlen(value(&f, "a", "b")), PROFILE_BYTES - strlen("[a]\nb = "));
	buf_char(&text, 'x');
	read_bytes(&f, PROFILE_CREDENTIALS, text.data, text.len);
	assert_int_equal(f.status, -1);
	buf_close(&text);
	end(&f);
}

static void closing_wipes_what_was_read(void **state)
{
	struct fixture f;

	begin(&f, state);
	read_text(&f, PROFILE_CREDENTIALS, "[a]\nb = canary\n");
	assert_int_equal(f.file.count, 2);
	profile_close(&f.file);
	assert_int_equal(f.file.count, 0);
	assert_null(f.file.text.data);
	end(&f);
}

static void words_are_split_as_a_shell_would(void **state)
{
	static const struct {
		const char *line;
		int count;
		const char *word[3];
	} row[] = {
		{ "a b c", 3, { "a", "b", "c" } },
		{ "  a\t'b c' ", 2, { "a", "b c" } },
		{ "\"a \\\"b\\\\\" c\\ d", 2, { "a \"b\\", "c d" } },
		{ "'a\\b' \"$HOME `x`\"", 2, { "a\\b", "$HOME `x`" } },
		{ "a'b'\"c\"", 1, { "abc" } },
		{ "'' a", 2, { "", "a" } },
		{ "'a", -1, { NULL } },
		{ "\"a", -1, { NULL } },
		{ "", -1, { NULL } },
		{ "  ", -1, { NULL } },
	};
	const char *words[PROFILE_WORDS + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char *line = strdup(row[i].line);
		int count = profile_words(line, words);
		if (count != row[i].count)
			fail_msg("%s: %d words", row[i].line, count);
		for (int w = 0; w < count; w++)
			assert_string_equal(words[w], row[i].word[w]);
		assert_true(count < 0 || !words[count]);
		free(line);
	}
}

static void there_are_not_too_many_words(void **state)
{
	const char *words[PROFILE_WORDS + 1];
	struct buf line = { 0 };

	(void)state;
	for (int i = 0; i < PROFILE_WORDS; i++)
		buf_str(&line, "w ");
	assert_int_equal(profile_words(line.data, words), PROFILE_WORDS);
	buf_clear(&line);
	for (int i = 0; i <= PROFILE_WORDS; i++)
		buf_str(&line, "w ");
	assert_int_equal(profile_words(line.data, words), -1);
	buf_close(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_not_there_has_no_rows),
		cmocka_unit_test(sections_are_those_of_their_file),
		cmocka_unit_test(the_long_name_of_default_counts_more),
		cmocka_unit_test(values_are_what_stands_there),
		cmocka_unit_test(what_is_wrong_is_told_by_its_line_alone),
		cmocka_unit_test(a_file_has_its_bound),
		cmocka_unit_test(closing_wipes_what_was_read),
		cmocka_unit_test(words_are_split_as_a_shell_would),
		cmocka_unit_test(there_are_not_too_many_words),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
