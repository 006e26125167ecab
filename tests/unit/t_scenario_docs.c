/* docs/scenario.md holds the tables as the program has them. UPDATE=1 writes them anew. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>

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

static void the_reference_is_printed_from_the_tables(void **state)
{
	static const char mark[] = "<!-- from here on: printed from the tables -->\n";
	char *schema = printed(schema_markdown), *steps = printed(steps_markdown);
	struct buf page = { 0 }, want = { 0 };
	struct err err;

	(void)state;
	if (file_read(AT_FDCWD, "docs/scenario.md", 1 << 20, &page, &err) < 0)
		SKIP("not in the repository");
	char *at = strstr(page.data, mark);
	assert_non_null(at);
	buf_add(&want, page.data, (size_t)(at - page.data));
	buf_printf(&want, "%s\n## Sections\n%s## Verbs\n%s", mark, schema, steps);
	while (want.len > 1 && want.data[want.len - 1] == '\n' && want.data[want.len - 2] == '\n')
		want.data[--want.len] = 0;
	if (getenv("UPDATE")) {
		FILE *out = fopen("docs/scenario.md", "we");
		assert_non_null(out);
		assert_int_equal(fwrite(want.data, 1, want.len, out), want.len);
		assert_int_equal(fclose(out), 0);
	} else {
		assert_string_equal(page.data, want.data);
	}
	buf_close(&page);
	buf_close(&want);
	free(schema);
	free(steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_is_printed_from_the_tables),
	};

	return cmocka_run_group_tests_name("scenario docs", tests, NULL, NULL);
}
