/* The lessons: how people's words find them, that every rule has one, and what a page looks like.
 */
#include "t_report_fixture.h"

#include "explain.h"
#include "safe.h"

static void assert_found(const char *text, const char *code)
{
	struct explained explained;

	if (!explain_find(&explained, text))
		fail_msg("not found: %s", text);
	assert_string_equal(explained.code, code);
}

static void words_and_log_lines_find_their_lesson(void **state)
{
	(void)state;
	assert_found("refused", "refused");
	assert_found("ECONNREFUSED", "refused");
	assert_found("111", "refused");
	assert_found("10061", "refused");
	assert_found("Connection refused", "refused");
	assert_found(" connection REFUSED\n", "refused");
	assert_found("curl: (7) Failed to connect to server port 1234: Connection refused",
		     "refused");
	assert_found("curl: (7) Failed to connect to server port 1234 after 0 ms: Couldn't "
		     "connect to server",
		     "refused");
	assert_found("java.net.ConnectException: Connection refused (Connection refused)",
		     "refused");
	assert_found("ConnectionRefusedError: [Errno 111] Connection refused", "refused");
	assert_found("2026/11/22 17:53:08 [error] 7#7: *1 connect() failed (111: Connection "
		     "refused) while connecting to upstream, client: 10.0.0.1",
		     "refused");
	assert_found("No connection could be made because the target machine actively refused it",
		     "refused");
	assert_found("ETIMEDOUT", "timeout");
	assert_found("110", "timeout");
	assert_found("Connection timed out", "timeout");
	assert_found("upstream timed out (110: Connection timed out) while connecting to upstream",
		     "timeout");
	assert_found("java.net.SocketTimeoutException: connect timed out", "timeout");
	assert_found("dial tcp 10.0.0.1:443: i/o timeout", "timeout");
	assert_found("timeout.dropped", "timeout.dropped");
	assert_found("refused.bound-elsewhere", "refused.bound-elsewhere");
	assert_found("ok", "ok");
	assert_found("curl: (56) Recv failure: Connection reset by peer", "reset");
	assert_found("connect: No route to host", "unreachable");
	assert_found("ENETUNREACH", "unreachable");
	assert_found("OSError: [Errno 101] Network is unreachable", "unreachable");
	assert_found("113", "unreachable");
	assert_found("EACCES", "failed");
	assert_found("EPERM", "failed");
	assert_found("connect: Permission denied", "failed");
	assert_found("bind: Operation not permitted", "failed");
}

static void what_befalls_an_open_connection_is_no_failed_connect(void **state)
{
	struct explained explained;

	(void)state;
	assert_false(explain_find(&explained,
				  "upstream timed out (110: Connection timed out) while "
				  "reading response header from upstream"));
	assert_non_null(explained.note);
	assert_false(explain_find(&explained, "java.net.SocketTimeoutException: Read timed out"));
	assert_non_null(explained.note);
	assert_false(explain_find(&explained, "git@host: Permission denied (publickey)."));
	assert_non_null(explained.note);
}

static void unknown_words_find_nothing(void **state)
{
	struct explained explained;

	(void)state;
	assert_false(explain_find(&explained, ""));
	assert_false(explain_find(&explained, "refuse"));
	assert_false(explain_find(&explained, "1110"));
	assert_false(explain_find(&explained, "banana"));
	assert_null(explained.note);
}

static void every_rule_has_a_lesson_and_a_cause(void **state)
{
	const struct rule_info *rules;
	size_t count = rule_list(&rules);

	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		struct explained explained;

		assert_found(rules[i].code, rules[i].code);
		assert_true(explain_find(&explained, rules[i].code));
		assert_string_equal(explained.says, rules[i].says);
		if (strchr(rules[i].code, '.') && !explained.cause)
			fail_msg("no row in causes[]: %s", rules[i].code);
	}
}

static void every_cause_is_a_rule(void **state)
{
	const struct rule_info *rules;
	size_t count = rule_list(&rules);

	(void)state;
	for (const struct cause *cause = causes; cause->code; cause++) {
		size_t i = 0;

		while (i < count && !streq(rules[i].code, cause->code))
			i++;
		if (i == count)
			fail_msg("no rule gives %s", cause->code);
	}
}

static char *page(const char *text, const struct style *style, const struct syn_host *host)
{
	struct explained explained;
	char *out = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&out, &len);

	assert_non_null(stream);
	assert_true(explain_find(&explained, text));
	explain_text(stream, style, &explained, host);
	fclose(stream);
	return out;
}

static void times_are_those_of_the_host_that_asks(void **state)
{
	const struct syn_host new_kernel = { true, 6, 4, 4000 }, quick = { true, 1, 0, 4000 };
	const struct syn_host unknown = { 0 };
	const struct style style = { 0 };
	char *text = page("timeout", &style, &new_kernel);

	(void)state;
	assert_non_null(strstr(text, "134 s on this host"));
	assert_non_null(strstr(text, "11 on this host"));
	free(text);
	text = page("timeout", &style, &quick);
	assert_non_null(strstr(text, "3.0 s on this host"));
	assert_non_null(strstr(text, "2 on this host"));
	free(text);
	text = page("timeout", &style, &unknown);
	assert_null(strstr(text, "on this host"));
	free(text);
}

static void every_page_fits_80_columns_and_48_lines(void **state)
{
	const struct syn_host host = { true, 6, 4, 4000 };
	const struct style styles[] = { { 0 }, { .is_ascii = true } };
	const char *const *words;
	struct arena arena = { 0 };
	size_t count = explain_words(&words, &arena);

	(void)state;
	for (size_t i = 0; i < count * COUNT(styles); i++) {
		char *text = page(words[i % count], &styles[i / count], &host);
		size_t lines = 0;

		for (char *at = text; *at; lines++) {
			size_t len = strcspn(at, "\n");

			at[len] = '\0';
			if (utf8_columns(at) > 80)
				fail_msg("%zu columns: %s", utf8_columns(at), at);
			at += len + 1;
		}
		assert_in_range(lines, 10, 48);
		free(text);
	}
	arena_close(&arena);
}

static void json_has_schema_and_the_same_times(void **state)
{
	const struct syn_host host = { true, 6, 4, 4000 };
	struct explained explained;
	struct buf out = { 0 };

	(void)state;
	assert_true(explain_find(&explained, "110"));
	explain_json(&out, &explained, &host);
	assert_non_null(strstr(out.data, "\"schema\": \"lab.explain/1\""));
	assert_non_null(strstr(out.data, "\"syns\": 11"));
	assert_non_null(strstr(out.data, "134 s on this host"));
	buf_close(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_log_lines_find_their_lesson),
		cmocka_unit_test(what_befalls_an_open_connection_is_no_failed_connect),
		cmocka_unit_test(unknown_words_find_nothing),
		cmocka_unit_test(every_rule_has_a_lesson_and_a_cause),
		cmocka_unit_test(every_cause_is_a_rule),
		cmocka_unit_test(times_are_those_of_the_host_that_asks),
		cmocka_unit_test(every_page_fits_80_columns_and_48_lines),
		cmocka_unit_test(json_has_schema_and_the_same_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
