/* Answers of AWS: what is read of them, and what is refused. */
#include "unit.h"

#include "xml.h"

static const char instances[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n"
    "  <requestId>8f7724cf</requestId>\n"
    "  <reservationSet>\n"
    "    <item><instancesSet><item><instanceId>i-1</instanceId>\n"
    "      <instanceState><code>16</code><name>running</name></instanceState>\n"
    "      <reason/></item></instancesSet></item>\n"
    "    <item><instancesSet><item><instanceId>i-2</instanceId></item></instancesSet></item>\n"
    "  </reservationSet>\n"
    "  <note>a &lt;b&gt; &amp; <![CDATA[<c>]]></note>\n"
    "</DescribeInstancesResponse>\n";

static void refuses(const char *text, size_t len, const char *why)
{
	struct arena arena = { 0 };
	struct err err = { 0 };

	assert_null(xml_parse(text, len, &arena, &err));
	assert_int_equal(err.kind, ERR_BROKE);
	assert_non_null(strstr(err.text, why));
	arena_close(&arena);
}

static void a_path_leads_to_a_text(void **state)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct xml *root = xml_parse(instances, strlen(instances), &arena, &err);
	const struct xml *set = xml_at(root, "reservationSet"), *item;

	(void)state;
	assert_non_null(root);
	assert_string_equal(root->name, "DescribeInstancesResponse");
	assert_string_equal(xml_text(root, "requestId"), "8f7724cf");
	item = xml_at(set, "item/instancesSet/item");
	assert_string_equal(xml_text(item, "instanceState/name"), "running");
	assert_string_equal(xml_text(set->first->next, "instancesSet/item/instanceId"), "i-2");
	assert_null(set->first->next->next);
	assert_string_equal(xml_text(root, "note"), "a <b> & <c>");
	assert_null(xml_text(item, "reason"));
	assert_null(xml_text(item, "instanceState"));
	assert_null(xml_at(root, "reservation"));
	assert_null(xml_text(NULL, "requestId"));
	arena_close(&arena);
}

static void a_document_type_is_refused_before_it_grows(void **state)
{
	static const char bomb[] = "<?xml version=\"1.0\"?>\n<!DOCTYPE b [<!ENTITY a \"aaaa\">"
				   "<!ENTITY b \"&a;&a;\">]><b>&b;</b>";

	(void)state;
	refuses(bomb, strlen(bomb), "line 2: a document type is not accepted");
}

static void half_a_document_and_a_page_are_refused(void **state)
{
	static const char page[] = "<!DOCTYPE html><html><body><h1>502</h1></body></html>";

	(void)state;
	for (size_t len = 0; len < strlen(instances) - 1; len++)
		refuses(instances, len, "no XML of AWS");
	refuses(page, strlen(page), "a document type is not accepted");
	refuses("{}", 2, "no XML of AWS");
}

static void there_are_bounds(void **state)
{
	struct buf text = { 0 };

	(void)state;
	for (int i = 0; i <= XML_DEPTH; i++)
		buf_str(&text, "<a>");
	refuses(text.data, text.len, "nested too deep");
	buf_clear(&text);
	buf_str(&text, "<a>");
	for (int i = 0; i < XML_NODES; i++)
		buf_str(&text, "<b/>");
	refuses(text.data, text.len, "too many elements");
	buf_reserve(&text, XML_BYTES);
	refuses(text.data, XML_BYTES + 1, "longer than");
	buf_close(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_leads_to_a_text),
		cmocka_unit_test(a_document_type_is_refused_before_it_grows),
		cmocka_unit_test(half_a_document_and_a_page_are_refused),
		cmocka_unit_test(there_are_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
