/* The text report: compared whole with tests/golden, and held to 80 columns whatever it is given.
 */
#include "t_report_fixture.h"

#include "paint.h"
#include "safe.h"
#include "text.h"

/* Not inlined: gcc 12 then takes what it returns for a pointer to `text` itself. */
__attribute__((noinline)) static char *report_text(const struct style *style,
						   const struct result *result)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	text_report(out, style, result);
	fclose(out);
	return text;
}

/* GOLDEN=write makes the file anew; its diff is reviewed like code. */
static void assert_golden(const char *name, const char *text)
{
	struct buf want = { 0 };
	struct err err = { 0 };
	char path[128];
	int dir;

	snprintf(path, sizeof path, "%s.txt", name);
	dir = open("tests/golden", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	if (golden_anew())
		assert_int_equal(file_write(dir, path, text, strlen(text), &err), 0);
	if (file_read(dir, path, 1 << 20, &want, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(text, want.data);
	buf_close(&want);
	close(dir);
}

/* Returns the number of lines; colours take no columns. */
static size_t assert_columns(const char *text)
{
	size_t lines = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[2048];
		size_t used = 0;

		for (size_t i = 0; i < len && used + 1 < sizeof line; i++) {
			if (text[i] == '\033') {
				while (i < len && text[i] != 'm')
					i++;
				continue;
			}
			line[used++] = text[i];
		}
		line[used] = '\0';
		if (utf8_columns(line) > 80)
			fail_msg("%zu columns: %s", utf8_columns(line), line);
		lines++;
		text += len + (text[len] == '\n');
	}
	return lines;
}

static void whole_report_of_a_refused_run(void **state)
{
	const struct style style = { 0 };
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	char *text = report_text(&style, &result);

	(void)state;
	assert_golden("report-refused", text);
	assert_true(assert_columns(text) + 1 <= 48); /* and the controller's last line */
	free(text);
	arena_close(&arena);
}

static void verbose_report_shows_all_messages_and_packets(void **state)
{
	const struct style style = { .verbose = 1 };
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	char *text = report_text(&style, &result);

	(void)state;
	assert_golden("report-refused-verbose", text);
	assert_columns(text);
	assert_non_null(strstr(text, "Message #2 from client alice"));
	assert_non_null(strstr(text, "PSH+ACK 53"));
	free(text);
	arena_close(&arena);
}

static void piped_report_is_one_line_a_step_and_ends_with_the_verdict(void **state)
{
	const struct style style = { .is_plain = true };
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	char *text = report_text(&style, &result);
	const char *last = strstr(text, "verdict=");

	(void)state;
	assert_golden("report-refused-plain", text);
	assert_non_null(last);
	assert_string_equal(strchr(last, '\n'), "\n");
	assert_non_null(strstr(last, "verdict=refused.no-listener confidence=proven expected="));
	assert_non_null(strstr(last, "trace=0123456789ab "));
	free(text);
	arena_close(&arena);
}

static void ascii_report_has_no_other_bytes(void **state)
{
	const struct style style = { .is_ascii = true };
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	char *text = report_text(&style, &result);

	(void)state;
	assert_golden("report-refused-ascii", text);
	assert_columns(text);
	for (const char *at = text; *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
	free(text);
	arena_close(&arena);
}

static void colours_take_no_columns_and_change_no_character(void **state)
{
	const struct style plain = { 0 }, coloured = { .has_colour = true };
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	char *text = report_text(&plain, &result), *painted = report_text(&coloured, &result);
	char *to = painted;

	(void)state;
	assert_non_null(strstr(painted, "\033[38;5;33malice: "));
	assert_non_null(strstr(painted, "\033[38;5;208mbob:   "));
	assert_columns(painted);
	for (const char *at = painted; *at; at++) {
		if (*at == '\033')
			at = strchr(at, 'm');
		else
			*to++ = *at;
	}
	*to = '\0';
	assert_string_equal(painted, text);
	free(text);
	free(painted);
	arena_close(&arena);
}

static void quiet_is_one_line(void **state)
{
	const struct style style = { .verbose = -1 };
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);
	char *text = report_text(&style, &result);

	(void)state;
	assert_string_equal(text, "refused: refused.no-listener (proven)\n");
	free(text);
	arena_close(&arena);
}

/* Every text field of the record and the events made long and hostile. */
static void spoil(const struct event **event, size_t count, struct arena *arena)
{
	struct event *copy = arena_array(arena, count, sizeof *copy);

	for (size_t i = 0; i < count; i++) {
		copy[i] = (*event)[i];
		for (size_t f = 0; f < copy[i].nfield; f++) {
			const char *name = copy[i].field[f].name;
			bool has_meaning = streq(name, "verb") || streq(name, "phase") ||
					   streq(name, "state") || streq(name, "how") ||
					   streq(name, "result");

			if (copy[i].field[f].text && !has_meaning)
				copy[i].field[f].text = arena_printf(
				    arena, "%s\033[31m\r\n\xff%0120d", copy[i].field[f].text, 7);
		}
	}
	*event = copy;
}

static void no_text_from_outside_breaks_the_page(void **state)
{
	const struct style styles[] = { { 0 }, { .verbose = 1 }, { .is_ascii = true } };
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);

	(void)state;
	spoil(&result.record, result.nrecord, &arena);
	spoil(&result.analysis.event, result.analysis.nevent, &arena);
	for (size_t i = 0; i < COUNT(styles); i++) {
		char *text = report_text(&styles[i], &result);

		assert_null(strchr(text, '\033'));
		assert_null(strchr(text, '\r'));
		for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n')
			assert_true(strcspn(at, "\n") < 4 * COLUMNS);
		free(text);
	}
	arena_close(&arena);
}

static void a_command_to_paste_has_its_path_in_one_word(void **state)
{
	static const struct {
		const char *dir, *command;
	} rows[] = {
		{ "my runs/a", "wireshark 'my runs/a/run.pcapng'" },
		{ "$(id)", "wireshark '$(id)/run.pcapng'" },
		{ "it's", "wireshark 'it'\\''s/run.pcapng'" },
		{ "runs/a_1.b-2", "wireshark runs/a_1.b-2/run.pcapng\n" },
	};
	const struct style style = { 0 };
	struct arena arena = { 0 };
	struct result result = refused_result(&arena);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		result.dir = rows[i].dir;
		char *text = report_text(&style, &result);
		assert_non_null(strstr(text, rows[i].command));
		free(text);
	}
	arena_close(&arena);
}

static void times_have_their_unit(void **state)
{
	char text[TIME_TEXT];

	(void)state;
	assert_string_equal(time_text(80000, text), "0.08 ms");
	assert_string_equal(time_text(1010000, text), "1.0 ms");
	assert_string_equal(time_text(340400000, text), "340 ms");
	assert_string_equal(time_text(3060000000, text), "3.06 s");
	assert_string_equal(time_text(-1, text), "-");
}

static struct event told(const char *kind, const char *first, const char *value, const char *second,
			 const char *other, uint64_t seq)
{
	struct event event;

	event_init(&event, kind);
	event.host = "client";
	event.seq = seq;
	event_text(&event, first, value);
	event_text(&event, second, other);
	return event;
}

static void retries_that_a_step_set_are_those_that_are_predicted(void **state)
{
	static const char retries[] = "net.ipv4.tcp_syn_retries";
	const struct event event[] = {
		told("sysctl", "name", retries, "value", "6", 1),
		told("sysctl", "name", "net.ipv4.tcp_syn_linear_timeouts", "value", "0", 2),
		told("fault", "of", "few", "proof", "net.ipv4.tcp_syn_retries = 1", 3),
		told("heal", "of", "few", "proof", "net.ipv4.tcp_syn_retries = 6", 5),
	};
	struct connection connection = { .client_host = "client", .event = 4 };
	const struct finding finding = { .connection = &connection, .code = "timeout.dropped" };
	const struct result result = { .analysis = { .event = event, .nevent = COUNT(event) },
				       .verdict = "timeout.dropped",
				       .finding = &finding };
	char words[320];

	(void)state;
	neighbours_words(words, sizeof words, &result);
	assert_non_null(strstr(words, "with 1 retry this kernel repeats the SYN at 1 s and gives "
				      "up after 3.0 to"));
	connection.event = 2;
	neighbours_words(words, sizeof words, &result);
	assert_non_null(strstr(words, "with 6 retries"));
	connection.event = 6;
	neighbours_words(words, sizeof words, &result);
	assert_non_null(strstr(words, "with 6 retries"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_report_of_a_refused_run),
		cmocka_unit_test(verbose_report_shows_all_messages_and_packets),
		cmocka_unit_test(piped_report_is_one_line_a_step_and_ends_with_the_verdict),
		cmocka_unit_test(ascii_report_has_no_other_bytes),
		cmocka_unit_test(colours_take_no_columns_and_change_no_character),
		cmocka_unit_test(quiet_is_one_line),
		cmocka_unit_test(no_text_from_outside_breaks_the_page),
		cmocka_unit_test(a_command_to_paste_has_its_path_in_one_word),
		cmocka_unit_test(times_have_their_unit),
		cmocka_unit_test(retries_that_a_step_set_are_those_that_are_predicted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
