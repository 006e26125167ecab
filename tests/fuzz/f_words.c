/* Text that people give, by the first byte: numbers with units, addresses, options, matches of a
 * firewall, wire patterns; and any text on its way to a terminal. */
/* Aims at: common/parse.c common/safe.c common/addr.c orchestrator/cli.c */
#include "fuzz.h"

#include "addr.h"
#include "arena.h"
#include "cli.h"
#include "firewall.h"
#include "history.h"
#include "judge.h"
#include "parse.h"
#include "resolve.h"
#include "snapshot.h"

static void as_numbers(const char *text)
{
	int64_t out = -1;

	LAW(parse_int(text, -7, 1000, &out) < 0 || (out >= -7 && out <= 1000));
	LAW(parse_duration_ns(text, &out) < 0 || out >= 0);
	LAW(parse_size(text, &out) < 0 || out >= 0);
	LAW(parse_rate(text, &out) < 0 || out >= 0);
	LAW(parse_permille(text, &out) < 0 || (out >= 0 && out <= 1000));
}

static void as_address(const char *text)
{
	char name[32], shown[ADDR_TEXT];
	struct addr addr, again;
	struct sockdiag_want want = { 0 };
	struct err err = { 0 };
	uint16_t port;

	if (addr_parse(&addr, text, 1234) == 0) {
		LAW(addr_parse_text(&again, addr_text(&addr, shown)) == 0);
		LAW(addr_same(&addr, &again));
	}
	if (addr_parse_text(&addr, text) == 0)
		LAW(addr_parse_text(&again, addr_text(&addr, shown)) == 0 &&
		    addr_same(&addr, &again));
	if (resolve_split(text, name, sizeof name, &port) == 0)
		LAW(port > 0 && name[0] != '\0');
	LAW(snapshot_ports(&want, text, &err) < 0 || want.nport <= SOCKDIAG_PORTS);
}

/* What is accepted as a match is one match in nft's grammar: nothing in it can end the rule. */
static void as_match(const char *text)
{
	struct err err = { 0 };
	char table[FIREWALL_TABLE];

	if (firewall_match_check(text, &err) == 0)
		LAW(strpbrk(text, "\n\r;#\"'\\`$@") == NULL);
	firewall_table(text + strlen(text) / 2, text, table);
	LAW(strlen(table) < sizeof table);
	LAW(strspn(table, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
	    strlen(table));
}

static void as_pattern(const char *text)
{
	struct err err = { 0 };
	const char *half = text + strlen(text) / 2;

	(void)wire_match(half, "C>S [S] 2, S>C [R.]", &err);
	(void)wire_match(text, half, &err);
	LAW(code_matches(text, text));
	(void)code_matches("timeout", text);
	LAW(!history_is_run(text) || !strchr(text, '/'));
}

/* Words of a command line, one a line. */
static void as_options(const char *text)
{
	struct arena arena = { 0 };
	char *words = arena_dup(&arena, text), *argv[32] = { words };
	struct err err = { 0 };
	struct cli cli;
	int argc = 1;

	for (char *at = words; argc < 31 && (at = strchr(at, '\n')) != NULL; argc++) {
		*at++ = '\0';
		argv[argc] = at;
	}
	if (cli_parse(&cli, argc, argv, &arena, &err) == 0)
		LAW(cli.command && cli.repeat > 0 && cli.jobs > 0 && cli.timeout_ns >= 0);
	else
		LAW(err.kind == ERR_USAGE && err.text[0]);
	arena_close(&arena);
}

static void as_text(const char *text)
{
	struct buf once = { 0 }, twice = { 0 };

	safe_add(&once, text);
	buf_char(&once, '\0');
	fuzz_terminal(once.data, once.len - 1, false);
	LAW(!strchr(once.data, '\n'));
	safe_add(&twice, once.data);
	buf_char(&twice, '\0');
	LAW(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	buf_close(&once);
	buf_close(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const parsers[])(const char *) = { as_numbers, as_address, as_match,
							 as_pattern, as_options, as_text };
	char *text;

	if (len == 0)
		return 0;
	text = malloc(len);
	LAW(text);
	memcpy(text, bytes + 1, len - 1);
	text[len - 1] = '\0';
	parsers[bytes[0] % COUNT(parsers)](text);
	free(text);
	return 0;
}
