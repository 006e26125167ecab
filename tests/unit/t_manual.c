/* What the tables say stands in the manual pages and in docs/protocol.md as the program has it, in
 * regions between two marks. GOLDEN=write writes the regions anew. */
#include "unit.h"

#include <fcntl.h>

#include "event_rows.h"
#include "file.h"
#include "inventory.h"
#include "scdoc.h"
#include "terraform.h"
#include "util.h"

static void exit_codes(FILE *out)
{
	topic_scdoc(out, topic_find("exit-codes"));
}

static void environment(FILE *out)
{
	topic_scdoc(out, topic_find("environment"));
}

static void scenario_file(FILE *out)
{
	topic_scdoc(out, topic_find("scenario-file"));
}

static void evidence(FILE *out)
{
	topic_scdoc(out, topic_find("evidence"));
}

/* A page, the text of the mark before a region ("; printed: NAME"), the mark behind it. */
static const struct region {
	const char *path, *begin, *end;
	void (*print)(FILE *out);
} regions[] = {
	{ "man/lab.1.scd", "; printed: commands\n", "; end of commands\n", commands_scdoc },
	{ "man/lab.1.scd", "; printed: options\n", "; end of options\n", options_scdoc },
	{ "man/lab.1.scd", "; printed: scenario-file\n", "; end of scenario-file\n",
	  scenario_file },
	{ "man/lab.1.scd", "; printed: evidence\n", "; end of evidence\n", evidence },
	{ "man/lab.1.scd", "; printed: exit-codes\n", "; end of exit-codes\n", exit_codes },
	{ "man/lab.1.scd", "; printed: environment\n", "; end of environment\n", environment },
	{ "man/lab-agent.1.scd", "; printed: server\n", "; end of server\n", byhand_server_scdoc },
	{ "man/lab-agent.1.scd", "; printed: client\n", "; end of client\n", byhand_client_scdoc },
	{ "man/lab-run.5.scd", "; printed: events\n", "; end of events\n", events_scdoc },
	{ "man/lab-run.5.scd", "; printed: records\n", "; end of records\n", records_scdoc },
	{ "docs/inventory.md", "<!-- printed: inventory -->\n", "<!-- end of inventory -->\n",
	  inventory_markdown },
	{ "docs/inventory.md", "<!-- printed: terraform -->\n", "<!-- end of terraform -->\n",
	  terraform_markdown },
	{ "docs/protocol.md", "<!-- printed: events -->\n", "<!-- end of events -->\n",
	  events_markdown },
	{ "docs/protocol.md", "<!-- printed: records -->\n", "<!-- end of records -->\n",
	  records_markdown },
};

static void compare(const struct region *region)
{
	struct buf have = { 0 }, want = { 0 };
	struct err err;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	region->print(out);
	assert_int_equal(fclose(out), 0);
	assert_true(len > 0);
	if (file_read(AT_FDCWD, region->path, 1 << 20, &have, &err) < 0)
		SKIP("not in the repository");
	const char *begin = strstr(have.data, region->begin), *end = strstr(have.data, region->end);
	if (!begin || !end || end < begin)
		fail_msg("%s has no region between %s and %s", region->path, region->begin,
			 region->end);
	begin += strlen(region->begin);
	buf_add(&want, have.data, (size_t)(begin - have.data));
	buf_add(&want, text, len);
	buf_str(&want, end);
	if (golden_anew()) {
		FILE *page = fopen(region->path, "we");
		assert_non_null(page);
		assert_int_equal(fwrite(want.data, 1, want.len, page), want.len);
		assert_int_equal(fclose(page), 0);
	} else {
		assert_string_equal(have.data, want.data);
	}
	buf_close(&have);
	buf_close(&want);
	free(text);
}

static void each_region_is_printed_from_its_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(regions); i++)
		compare(&regions[i]);
}

static void a_field_belongs_to_a_kind_and_no_kind_stands_twice(void **state)
{
	const struct event_row *const tables[] = { event_rows, record_rows };

	(void)state;
	for (size_t i = 0; i < COUNT(tables); i++) {
		assert_non_null(tables[i]->kind);
		for (const struct event_row *a = tables[i]; a->text; a++) {
			assert_true(!a->kind != !a->field);
			for (const struct event_row *b = a + 1; a->kind && b->text; b++)
				if (b->kind)
					assert_string_not_equal(a->kind, b->kind);
		}
	}
}

static void every_topic_fits_a_terminal_and_is_found_by_its_name(void **state)
{
	(void)state;
	for (const struct topic *t = topics; t->name; t++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		topic_text(out, t);
		assert_int_equal(fclose(out), 0);
		for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
			assert_true(end - line <= 80);
		assert_ptr_equal(topic_find(t->name), t);
		free(text);
	}
	assert_null(topic_find("evidences"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_region_is_printed_from_its_table),
		cmocka_unit_test(a_field_belongs_to_a_kind_and_no_kind_stands_twice),
		cmocka_unit_test(every_topic_fits_a_terminal_and_is_found_by_its_name),
	};

	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
