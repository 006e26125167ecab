/* docs/scenario.md and lab-scenario(5) hold the tables as the program has them. GOLDEN=write
 * writes them anew. */
#include "unit.h"

#include <fcntl.h>

#include "file.h"
#include "scenario.h"

static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	print(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

struct page {
	const char *path, *mark, *sections, *verbs;
	void (*schema)(FILE *out), (*steps)(FILE *out);
	const char *end; /* the mark of what follows; NULL: nothing does */
};

/* The page up to its mark, then what the tables say, then what follows its end mark. */
static void compare(const struct page *page)
{
	char *schema = printed(page->schema), *steps = printed(page->steps);
	struct buf have = { 0 }, want = { 0 };
	struct err err;

	if (file_read(AT_FDCWD, page->path, 1 << 20, &have, &err) < 0)
		SKIP("not in the repository");
	char *at = strstr(have.data, page->mark);
	assert_non_null(at);
	buf_add(&want, have.data, (size_t)(at - have.data));
	const char *tail = page->end ? strstr(at, page->end) : "";
	assert_non_null(tail);
	buf_printf(&want, "%s\n\n%s\n\n%s%s\n\n%s%s", page->mark, page->sections, schema,
		   page->verbs, steps, tail);
	while (want.len > 1 && want.data[want.len - 1] == '\n' && want.data[want.len - 2] == '\n')
		want.data[--want.len] = 0;
	if (golden_anew()) {
		FILE *out = fopen(page->path, "we");
		assert_non_null(out);
		assert_int_equal(fwrite(want.data, 1, want.len, out), want.len);
		assert_int_equal(fclose(out), 0);
	} else {
		assert_string_equal(have.data, want.data);
	}
	buf_close(&have);
	buf_close(&want);
	free(schema);
	free(steps);
}

static void the_reference_is_printed_from_the_tables(void **state)
{
	(void)state;
	compare(&(struct page){
	    .path = "docs/scenario.md",
	    .mark = "<!-- from here on: printed from the tables -->",
	    .sections = "## Sections",
	    .verbs = "## Verbs",
	    .schema = schema_markdown,
	    .steps = steps_markdown,
	    .end = NULL,
	});
}

static void the_manual_page_is_printed_from_the_tables(void **state)
{
	(void)state;
	compare(&(struct page){
	    .path = "man/lab-scenario.5.scd",
	    .mark = "; from here on: printed from the tables",
	    .sections = "# SECTIONS",
	    .verbs = "# VERBS",
	    .schema = schema_scdoc,
	    .steps = steps_scdoc,
	    .end = "; end of the tables\n",
	});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_is_printed_from_the_tables),
		cmocka_unit_test(the_manual_page_is_printed_from_the_tables),
	};

	return cmocka_run_group_tests_name("scenario docs", tests, NULL, NULL);
}
