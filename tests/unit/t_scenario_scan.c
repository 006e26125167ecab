/* The strict scan: whatever iniparser would silently change is refused, in its line and column. */
#include "scenario_text.h"

#include <sys/stat.h>
#include <unistd.h>

#include "scenario_ini.h"
#include "util.h"

static void a_plain_file_is_read_by_both_alike(void **state)
{
	struct loaded loaded;

	(void)state;
	load_bytes(&loaded, good_text, sizeof good_text - 1);
	assert_int_equal(loaded.status, 0);
	assert_int_equal(loaded.scenario.nstep, 4);
	assert_string_equal(loaded.scenario.title, "a test");
	unload(&loaded);
}

static void a_comment_inside_a_line_is_refused(void **state)
{
	(void)state;
	refused(3, "title = a test ; not a comment", 16, "a comment stands on its own line");
	refused(3, "title = a test # not a comment", 16, "\\x23");
	refused(10, "serve = server tcp.serve 1234 \"a;b\"", 33, "\\x3b");
}

static void a_backslash_at_the_end_is_refused_also_in_a_comment(void **state)
{
	(void)state;
	refused(3, "title = a test \\", 16, "would join the next line");
	refused(0, "# C:\\lab\\", 9, "would join the next line");
}

static void what_stands_twice_is_refused(void **state)
{
	(void)state;
	refused(0, "verdict = ok on alice", 1, "verdict is in line 16 already");
	refused(0, "[hosts]", 1, "section [hosts] is in line 6 already");
}

static void upper_case_is_refused_with_the_mend(void **state)
{
	(void)state;
	refused(3, "Title = a test", 1, "write title");
	refused(4, "[Params]", 2, "write [params]");
}

static void names_are_single_plain_words(void **state)
{
	(void)state;
	refused(0, "title a test", 1, "no '='");
	refused(0, "= a test", 1, "no name");
	refused(0, "a b = c", 2, "a name is one word");
}

static void a_file_is_scanned_to_its_end(void **state)
{
	static const char text[] = "port = 1\n[lab\n[a:b]\n[lab] x\nformat = \"1\"\n[]\n";
	struct ini ini;
	struct arena arena = { 0 };
	struct loaded loaded = { .complaints = { .arena = &arena } };

	(void)state;
	ini_scan(&ini, "x", text, sizeof text - 1, &arena, &loaded.complaints);
	assert_true(complains(&loaded, 1, 1, "stands before the first [section]"));
	assert_true(complains(&loaded, 2, 5, "no closing ]"));
	assert_true(complains(&loaded, 3, 3, "':' in a section name"));
	assert_true(complains(&loaded, 4, 6, "text behind a section"));
	assert_true(complains(&loaded, 5, 10, "never begins with a quote"));
	assert_true(complains(&loaded, 6, 1, "a section needs a name"));
	assert_int_equal(loaded.complaints.count, 6);
	arena_close(&arena);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int column;
		const char *words;
	} rows[] = {
		{ "[lab]\nt\0 = 1\n", 13, 2, "a NUL byte" },
		{ "[lab]\nt =\x1b[1m\n", 14, 4, "control byte 0x1b" },
		{ "[lab]\nt = \xff\n", 12, 5, "byte 0xff is not UTF-8" },
		{ "[lab]\nt = a\rb\n", 14, 6, "control byte 0x0d" },
		{ "[lab]\nt = \xc2\x9b\n", 13, 5, "U+009B changes how a terminal shows" },
		{ "[lab]\nt = \xe2\x80\xae\n", 14, 5, "U+202E" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena arena = { 0 };
		struct loaded loaded = { .complaints = { .arena = &arena } };
		struct ini ini;
		ini_scan(&ini, "x", rows[i].bytes, rows[i].len, &arena, &loaded.complaints);
		assert_true(complains(&loaded, 2, rows[i].column, rows[i].words));
		arena_close(&arena);
	}
}

static void a_byte_order_mark_is_refused(void **state)
{
	struct loaded loaded;

	(void)state;
	load_bytes(&loaded, "\xef\xbb\xbf[lab]\n", 9);
	assert_true(complains(&loaded, 1, 1, "a byte order mark"));
	unload(&loaded);
}

static void long_lines_and_large_files_are_refused(void **state)
{
	struct loaded loaded;
	char *line = calloc(1, INI_BYTES + 2);

	(void)state;
	memset(line, 'x', INI_BYTES + 1);
	load_bytes(&loaded, line, INI_BYTES + 1);
	assert_true(complains(&loaded, 1, 1, "larger than"));
	unload(&loaded);
	memcpy(line, "title = ", 8);
	line[INI_LINE] = 0;
	accepted(3, line);
	line[INI_LINE] = 'x';
	line[INI_LINE + 1] = 0;
	refused(3, line, INI_LINE + 1, "at most 1000");
	free(line);
}

static void windows_line_ends_are_read(void **state)
{
	struct loaded loaded;
	struct buf text = { 0 };

	(void)state;
	for (const char *c = good_text; *c; c++)
		buf_printf(&text, *c == '\n' ? "\r%c" : "%c", *c);
	load_bytes(&loaded, text.data, text.len);
	assert_int_equal(loaded.status, 0);
	assert_string_equal(loaded.scenario.title, "a test");
	unload(&loaded);
	buf_close(&text);
}

static void only_regular_files_are_opened(void **state)
{
	struct loaded loaded;

	(void)state;
	assert_int_equal(mkfifo(test_file("fifo.ini"), 0600), 0);
	load_file(&loaded, "fifo.ini", NULL); /* would hang */
	assert_int_equal(loaded.status, -1);
	assert_int_equal(loaded.err.kind, ERR_USAGE);
	assert_non_null(strstr(loaded.err.text, "not a regular file"));
	unload(&loaded);
	load_file(&loaded, ".", NULL);
	assert_non_null(strstr(loaded.err.text, "not a regular file"));
	unload(&loaded);
	load_file(&loaded, "absent.ini", NULL);
	assert_int_equal(loaded.err.kind, ERR_USAGE);
	unload(&loaded);
	load_file(&loaded, "../../dev/zero", NULL);
	assert_non_null(strstr(loaded.err.text, "not a regular file"));
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_file_is_read_by_both_alike),
		cmocka_unit_test(a_comment_inside_a_line_is_refused),
		cmocka_unit_test(a_backslash_at_the_end_is_refused_also_in_a_comment),
		cmocka_unit_test(what_stands_twice_is_refused),
		cmocka_unit_test(upper_case_is_refused_with_the_mend),
		cmocka_unit_test(names_are_single_plain_words),
		cmocka_unit_test(a_file_is_scanned_to_its_end),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(a_byte_order_mark_is_refused),
		cmocka_unit_test(long_lines_and_large_files_are_refused),
		cmocka_unit_test(windows_line_ends_are_read),
		cmocka_unit_test(only_regular_files_are_opened),
	};

	return cmocka_run_group_tests_name("scenario scan", tests, NULL, NULL);
}
