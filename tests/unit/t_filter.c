/* Filters of captures: what libpcap would ask a name server, or could not read, is refused. */
#include "scenario_text.h"

#include "filter.h"
#include "util.h"

static void a_filter_asks_nobody_and_has_a_grammar(void **state)
{
	static const struct {
		const char *filter, *text; /* NULL: it is good */
	} rows[] = {
		{ "host server", "server is no word of it" },
		{ "host 1.2.3.4.5", "1.2.3.4.5 is no word of it" },
		{ "host 1-2", "1-2 is no word of it" },
		{ "host dead:1", "dead is no word of it" },
		{ "host \\\\tcp", "stands behind proto alone" },
		{ "tcp and and", "syntax error" },
		{ "tcp and udp", "rejects all packets" },
		{ "port 99999", "illegal port number" },
		{ "tcp port ${port} and portrange 1-2000", NULL },
		{ "host ::1 or net 10.7 or ether host 02:00:0a:07:00:01", NULL },
		{ "tcp[tcpflags:1] = 0x2 and ip[2:2] < 100", NULL },
		{ "ip proto \\\\tcp", NULL },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct loaded loaded;
		snprintf(text, sizeof(text), "[captures]\nserver = filter=\"%s\"", rows[i].filter);
		if (rows[i].text) {
			refused(0, text, 17, rows[i].text);
			continue;
		}
		load_with(&loaded, 0, text);
		if (loaded.status != 0)
			complains(&loaded, -1, -1, text);
		unload(&loaded);
	}
}

static void a_program_is_eight_bytes_an_instruction(void **state)
{
	struct buf hex = { 0 };
	struct err err;

	(void)state;
	/* Of each packet that passes as many bytes as the socket keeps. */
	assert_int_equal(filter_compile(&hex, "len >= 0", 96, &err), 0);
	assert_int_equal(hex.len % 16, 0);
	assert_non_null(strstr(hex.data, "0600000060000000")); /* ret #96, in this byte order */
	buf_close(&hex);
	assert_int_equal(filter_compile(NULL, "tcp", 96, &err), 0);
	assert_int_equal(filter_compile(NULL, "tcp or", 96, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_asks_nobody_and_has_a_grammar),
		cmocka_unit_test(a_program_is_eight_bytes_an_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
