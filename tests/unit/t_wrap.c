/* wrap.c: text in lines of 80 columns. */
#include "unit.h"

#include "buf.h"
#include "safe.h"
#include "util.h"
#include "wrap.h"

static char *text;
static size_t len;

static void same(FILE *out, const char *want)
{
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, want);
	free(text);
}

/* What `lines` becomes on a terminal. */
static void same_lines(const char *lines, const char *want)
{
	struct wrapped wrapped;
	FILE *out = open_memstream(&text, &len);

	fputs(lines, wrap_begin(&wrapped, out, false));
	wrap_end(&wrapped);
	same(out, want);
}

#define TEN "123456789 "
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

static void a_text_goes_on_behind_its_indent(void **state)
{
	FILE *out = open_memstream(&text, &len);

	(void)state;
	wrap_text(out, 0, 4, SEVENTY "1234567890 next");
	same(out, SEVENTY "1234567890\n    next\n");
	out = open_memstream(&text, &len);
	wrap_entry(out, "term", 10, "what it is");
	wrap_entry(out, "a-long-term", 10, "what it is");
	same(out, "  term    what it is\n  a-long-term\n          what it is\n");
}

static void a_word_is_never_cut(void **state)
{
	FILE *out = open_memstream(&text, &len);
	char word[101];

	(void)state;
	memset(word, 'x', 100);
	word[100] = 0;
	wrap_text(out, 0, 2, word);
	fprintf(out, "|");
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), 102);
	assert_memory_equal(text, word, 100);
	free(text);
}

static void what_comes_from_files_is_made_safe(void **state)
{
	FILE *out = open_memstream(&text, &len);

	(void)state;
	wrap_text(out, 0, 0, "a\033[31m b");
	assert_int_equal(fclose(out), 0);
	assert_null(strchr(text, '\033'));
	free(text);
}

static void a_long_line_goes_on_at_its_last_column(void **state)
{
	(void)state;
	same_lines("short\n\n  two  columns\n", "short\n\n  two  columns\n");
	same_lines(" 1  name  " SEVENTY "end\n", " 1  name  " TEN TEN TEN TEN TEN TEN "123456789\n"
						 "          end\n");
	same_lines("key\t" SEVENTY "and more\n", "key  " SEVENTY "and\n     more\n");
}

static void every_line_fits_and_no_word_is_lost(void **state)
{
	(void)state;
	for (size_t first = 0; first < 50; first++) {
		struct buf line = { 0 };
		struct wrapped wrapped;
		FILE *out = open_memstream(&text, &len);
		for (size_t i = 0; i < first; i++)
			buf_char(&line, 'a');
		buf_str(&line, "  ");
		for (int i = 0; i < 60; i++)
			buf_printf(&line, "%s%d", i ? " " : "", 1 << i % 20);
		fprintf(wrap_begin(&wrapped, out, false), "%s\n", line.data);
		wrap_end(&wrapped);
		assert_int_equal(fclose(out), 0);
		struct buf back = { 0 };
		for (char *save = text, *at; (at = strsep(&save, "\n"));) {
			assert_true(utf8_columns(at) <= 80);
			at += back.len ? strspn(at, " ") : 0;
			buf_printf(&back, "%s%s", back.len && *at ? " " : "", at);
		}
		assert_string_equal(back.data, line.data);
		buf_close(&back);
		buf_close(&line);
		free(text);
	}
}

static void a_pipe_gets_the_lines_as_they_are(void **state)
{
	struct wrapped wrapped;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_ptr_equal(wrap_begin(&wrapped, out, true), out);
	fputs("key\t" SEVENTY SEVENTY "\n", out);
	wrap_end(&wrapped);
	same(out, "key\t" SEVENTY SEVENTY "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_goes_on_behind_its_indent),
		cmocka_unit_test(a_word_is_never_cut),
		cmocka_unit_test(what_comes_from_files_is_made_safe),
		cmocka_unit_test(a_long_line_goes_on_at_its_last_column),
		cmocka_unit_test(every_line_fits_and_no_word_is_lost),
		cmocka_unit_test(a_pipe_gets_the_lines_as_they_are),
	};

	return cmocka_run_group_tests_name("wrap", tests, NULL, NULL);
}
