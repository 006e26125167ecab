/* Terraform's outputs: what is read, each complaint with its path, and no secret in any of them. */
#include "unit.h"

#include "terraform.h"

#define HOST(n, role)                                                                              \
	"{\"name\":\"" n "\",\"role\":\"" role "\",\"address\":\"192.0.2." n                       \
	"\",\"lab_address\":\"10.0.0." n "\"}"
#define LAB(more, hosts)                                                                           \
	"{\"lab\":{\"sensitive\":false,\"type\":[\"object\",{}],\"value\":{\"version\":\"1\","     \
	"\"user\":\"admin\"" more ",\"hosts\":[" hosts "]}}}"

struct outputs {
	struct arena arena;
	struct complaints complaints;
	struct machines machines;
	int status;
};

static void parse(struct outputs *out, const char *text, size_t len)
{
	*out = (struct outputs){ .status = 0 };
	out->complaints.arena = &out->arena;
	out->status = terraform_parse(&out->machines, text, len, "o.json", "/etc", &out->arena,
				      &out->complaints);
}

static void the_output_lab_becomes_machines(void **state)
{
	static const char text[] = LAB(
	    ",\"schema\":\"lab.terraform/"
	    "1\",\"region\":null,\"zone\":\"lab.internal\",\"identity\":\"~/passwd\"",
	    HOST("1", "server") "," HOST(
		"2", "client") ",{\"name\":\"3\",\"role\":\"client\",\"address\":\"h.example.net\","
			       "\"lab_address\":\"10.0.0.3\",\"port\":2222,\"user\":\"ubuntu\","
			       "\"jump\":\"1\","
			       "\"instance_id\":\"i-0123\",\"public_address\":null}");
	struct outputs o;

	(void)state;
	parse(&o, text, strlen(text));
	assert_int_equal(o.status, 0);
	assert_int_equal(o.machines.count, 3);
	const struct machine *m = o.machines.at;
	assert_string_equal(m[0].name, "1");
	assert_string_equal(m[0].role, "server");
	assert_string_equal(m[0].address, "192.0.2.1");
	assert_string_equal(m[0].lab_address, "10.0.0.1");
	assert_string_equal(m[0].user, "admin");
	assert_int_equal(m[0].nidentity, 1);
	assert_string_equal(m[0].identity[0], "/etc/passwd");
	assert_int_equal(m[0].port, 0);
	assert_null(m[0].jump);
	assert_string_equal(m[2].user, "ubuntu");
	assert_int_equal(m[2].port, 2222);
	assert_string_equal(m[2].jump, "1");
	arena_close(&o.arena);
}

/* One complaint with this path and these words. */
static void refused(const char *text, const char *path, const char *words)
{
	struct outputs o;

	parse(&o, text, strlen(text));
	assert_int_equal(o.status, -1);
	if (o.complaints.count != 1 || strcmp(o.complaints.at[0].path, path) != 0 ||
	    !strstr(o.complaints.at[0].text, words)) {
		for (size_t i = 0; i < o.complaints.count; i++)
			print_message("# got %s: %s\n", o.complaints.at[i].path,
				      o.complaints.at[i].text);
		fail_msg("wanted %s: %s", path, words);
	}
	arena_close(&o.arena);
}

static void a_complaint_has_its_path(void **state)
{
	(void)state;
	refused("[]", "o.json: the whole", "an object of outputs is needed, this is a list");
	refused("{}", "o.json: lab", "has `terraform apply` been run");
	refused("{\"hosts\":[]}", "o.json: hosts", "this is the value of one output");
	refused("{\"lab\":5}", "o.json: lab", "an object is needed, this is a number");
	refused("{\"lab\":{\"sensitive\":false}}", "o.json: lab.value", "it is missing");
	refused("{\"lab\":{\"value\":{}}}", "o.json: lab.sensitive", "it is missing");
	refused("{\"lab\":{\"sensitive\":0,\"value\":{}}}", "o.json: lab.sensitive",
		"false is needed");
	refused("{\"lab\":{\"sensitive\":false,\"value\":\"x\"}}", "o.json: lab.value",
		"an object is needed, this is a text");
	refused(LAB(",\"shema\":\"x\"", HOST("1", "a")), "o.json: lab.value.shema",
		"did you mean schema?");
	refused(LAB(",\"schema\":\"lab.terraform/2\"", HOST("1", "a")), "o.json: lab.value.schema",
		"only lab.terraform/1 is read");
	refused(LAB(",\"region\":\"a\\nb\"", HOST("1", "a")), "o.json: lab.value.region",
		"control byte");
	refused(LAB(",\"zone\":\"\"", HOST("1", "a")), "o.json: lab.value.zone",
		"a text of 1 to 255 bytes");
	refused(LAB(",\"identity\":\"/no/key\"", HOST("1", "a")), "o.json: lab.value.identity",
		"/no/key is not there");
	refused(LAB("", ""), "o.json: lab.value.hosts", "a list of 1 to 1000 hosts");
	refused(LAB("", "7"), "o.json: lab.value.hosts[0]", "an object is needed");
	refused(LAB("", HOST("1", "a") "," HOST("2", "B")), "o.json: lab.value.hosts[1].role",
		"B is no role");
	refused(LAB("", "{\"name\":\"x\",\"role\":\"a\",\"address\":\"192.0.2.300\","
			"\"lab_address\":\"10.0.0.1\"}"),
		"o.json: lab.value.hosts[0].address", "is no IPv4 address");
}

static void a_host_needs_its_members_once(void **state)
{
	(void)state;
	refused(LAB("", HOST("1", "a") "," HOST("1", "b")), "o.json: lab.value.hosts[1].name",
		"1 is the name of hosts[0] already");
	refused(LAB("", "{\"name\":\"x\",\"role\":\"a\",\"address\":\"192.0.2.1\"}"),
		"o.json: lab.value.hosts[0].lab_address", "it is missing");
	refused(LAB("", "{\"name\":\"x\",\"role\":null,\"address\":\"192.0.2.1\","
			"\"lab_address\":\"10.0.0.1\"}"),
		"o.json: lab.value.hosts[0].role", "a text is needed, this is null");
	refused(LAB("", "{\"name\":\"x\",\"role\":\"a\",\"address\":\"-oProxyCommand=x\","
			"\"lab_address\":\"10.0.0.1\"}"),
		"o.json: lab.value.hosts[0].address", "is no address");
	refused(LAB("", "{\"name\":\"x\",\"role\":\"a\",\"address\":\"192.0.2.1\","
			"\"lab_address\":\"10.0.0.1\",\"port\":\"22\"}"),
		"o.json: lab.value.hosts[0].port", "a number from 1 to 65535");
	refused(LAB("", "{\"name\":\"x\",\"role\":\"a\",\"address\":\"192.0.2.1\","
			"\"lab_address\":\"10.0.0.1\",\"jump\":\"x\"}"),
		"o.json: lab.value.hosts[0].jump", "x is reached through x");
}

#define MADE(more)                                                                                 \
	"{\"name\":\"x\",\"role\":\"a\",\"address\":\"192.0.2.1\",\"lab_address\":\"10.0.0."       \
	"1\"" more "}"

static void a_host_that_was_made_has_its_lab_and_its_instance(void **state)
{
	static const char text[] =
	    LAB(",\"id\":\"lab-0f\"",
		MADE(",\"made\":true,\"instance_id\":\"i-1\"") "," HOST("2", "b"));
	struct outputs o;

	(void)state;
	parse(&o, text, strlen(text));
	assert_int_equal(o.status, 0);
	assert_true(o.machines.at[0].is_made);
	assert_string_equal(o.machines.at[0].lab, "lab-0f");
	assert_string_equal(o.machines.at[0].instance, "i-1");
	assert_false(o.machines.at[1].is_made);
	arena_close(&o.arena);
	refused(LAB("", MADE(",\"made\":true,\"instance_id\":\"i-1\"")), "o.json: lab.value.id",
		"it is missing, and hosts are `made`");
	refused(LAB(",\"id\":\"l\"", MADE(",\"made\":true")),
		"o.json: lab.value.hosts[0].instance_id", "it is missing");
	refused(LAB(",\"id\":\"l\"", MADE(",\"made\":true,\"instance_id\":\"i 1\"")),
		"o.json: lab.value.hosts[0].instance_id", "i 1 is no name");
	refused(LAB(",\"id\":\"../l\"", MADE("")), "o.json: lab.value.id", "../l is no name");
	refused(LAB("", MADE(",\"made\":\"yes\"")), "o.json: lab.value.hosts[0].made",
		"true or false is needed, this is a text");
}

static void what_is_no_json_is_told_by_line_and_column(void **state)
{
	static const struct {
		const char *text, *words;
		int line;
	} rows[] = {
		{ "", "the JSON ends too early", 1 },
		{ "{\"lab\":\n{\"value\":1", "the JSON ends too early", 2 },
		{ "{\n\n\"lab\" 5}", "this is not JSON", 3 },
		{ "{\"lab\":{},\n\"lab\":{}}", "a member is there twice", 2 },
		{ "{\"lab\":\"\xff\"}", "this is not UTF-8", 1 },
		{ "{\"lab\":99999999999999999999}", "a number is too large", 1 },
		{ "{\"lab\":\"\\u0000\"}", "this is not JSON", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outputs o;
		parse(&o, rows[i].text, strlen(rows[i].text));
		assert_int_equal(o.status, -1);
		assert_int_equal(o.complaints.count, 1);
		assert_string_equal(o.complaints.at[0].path, "o.json");
		assert_string_equal(o.complaints.at[0].text, rows[i].words);
		assert_int_equal(o.complaints.at[0].line, rows[i].line);
		assert_true(o.complaints.at[0].column > 0);
		arena_close(&o.arena);
	}
}

static void no_complaint_shows_a_secret(void **state)
{
	/* Marked sensitive, in another output, and where the JSON breaks off. */
	static const char *const texts[] = {
		"{\"lab\":{\"sensitive\":true,\"type\":\"string\",\"value\":\"canary\"}}",
		"{\"lab\":{\"sensitive\":true,\"value\":{\"canary\":1,\"user\":\"canary x\"}}}",
		"{\"lab\":{\"sensitive\":\"canary\",\"value\":{\"canary\":1}}}",
		"{\"password\":{\"sensitive\":true,\"value\":\"canary\"}}",
		"{\"password\":{\"value\":\"canary\" \"canary\"",
		"{\"password\":{\"value\":canary}}",
		"{\"canary\":1,\"canary\":2}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct outputs o;
		parse(&o, texts[i], strlen(texts[i]));
		assert_int_equal(o.status, -1);
		for (size_t n = 0; n < o.complaints.count; n++) {
			assert_null(strstr(o.complaints.at[n].text, "canary"));
			assert_null(strstr(o.complaints.at[n].path, "canary"));
		}
		arena_close(&o.arena);
	}
}

static void size_depth_and_number_are_bounded(void **state)
{
	struct buf text = { 0 };
	struct outputs o;

	(void)state;
	for (int i = 0; i < TERRAFORM_DEPTH + 1; i++)
		buf_char(&text, '[');
	parse(&o, text.data, text.len);
	assert_non_null(strstr(o.complaints.at[0].text, "32 levels"));
	arena_close(&o.arena);
	buf_clear(&text);
	buf_str(&text, "{\"x\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[\"}");
	parse(&o, text.data, text.len);
	assert_non_null(strstr(o.complaints.at[0].text, "there is no such output"));
	arena_close(&o.arena);
	buf_reserve(&text, TERRAFORM_BYTES + 1);
	memset(text.data, ' ', TERRAFORM_BYTES + 1);
	parse(&o, text.data, TERRAFORM_BYTES + 1);
	assert_non_null(strstr(o.complaints.at[0].text, "1048576 bytes"));
	arena_close(&o.arena);
	buf_clear(&text);
	buf_str(&text, "{\"lab\":{\"sensitive\":false,\"value\":{\"version\":\"1\",\"user\":\"a\","
		       "\"hosts\":[0");
	for (int i = 0; i < TERRAFORM_HOSTS; i++)
		buf_str(&text, ",0");
	buf_str(&text, "]}}}");
	parse(&o, text.data, text.len);
	assert_int_equal(o.complaints.count, 1);
	assert_non_null(strstr(o.complaints.at[0].text, "a list of 1 to 1000 hosts"));
	arena_close(&o.arena);
	buf_close(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_output_lab_becomes_machines),
		cmocka_unit_test(a_complaint_has_its_path),
		cmocka_unit_test(a_host_needs_its_members_once),
		cmocka_unit_test(a_host_that_was_made_has_its_lab_and_its_instance),
		cmocka_unit_test(what_is_no_json_is_told_by_line_and_column),
		cmocka_unit_test(no_complaint_shows_a_secret),
		cmocka_unit_test(size_depth_and_number_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
