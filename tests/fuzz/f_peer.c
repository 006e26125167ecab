/* What a peer on the network sends, by the first byte: the sandbox's messages, DNS replies, DNS
 * queries; and the files that say whom to ask. */
/* Aims at: agents/message.c agents/dns.c agents/names.c */
#include "fuzz.h"

#include "arena.h"
#include "dns.h"
#include "message.h"
#include "names.h"
#include "resolve.h"

/* Messages, more bytes needed, or an error; answers stay within the wire. */
static void as_messages(const uint8_t *bytes, size_t len)
{
	struct buf in = { 0 }, out = { 0 };
	struct message message, answer;
	struct err err = { 0 };

	buf_add(&in, bytes, len);
	while (message_peek(&in, &message, &err) > 0) {
		char shown[MESSAGE_SHORT + 4], name[16];

		LAW(message_size(&message) <= in.len);
		LAW(strlen(message_short(&message, shown)) <= MESSAGE_SHORT + 3);
		LAW(!message_name(&message, name, sizeof name) || strlen(name) > 0);
		buf_clear(&out);
		if (message_answer(&out, &message, &err) == 0) {
			LAW(message_peek(&out, &answer, &err) == 1);
			LAW(message_size(&answer) == out.len);
		}
		buf_drop(&in, message_size(&message));
	}
	(void)message_cut(&in, &err);
	buf_close(&in);
	buf_close(&out);
}

static void as_reply(const uint8_t *bytes, size_t len)
{
	uint16_t id = len >= 2 ? (uint16_t)(bytes[0] << 8 | bytes[1]) : 0;
	struct addr addr = { 0 };

	if (dns_reply_read(&addr, bytes, len, id, "server.lab") == DNS_ADDRESS)
		LAW(addr.family == 4);
	LAW(dns_reply_read(&addr, bytes, len, (uint16_t)~id, "server.lab") != DNS_ADDRESS);
}

/* A reply is to the question asked, and never long. */
static void as_query(const uint8_t *bytes, size_t len)
{
	static struct names names;
	struct names_query query;
	struct buf out = { 0 };
	struct err err = { 0 };
	char type[NAMES_TYPE_TEXT];

	if (names.count == 0)
		LAW(names_parse(&names, "server 10.7.0.1 60\nwww.shop 10.7.0.2 5\n", &err) == 0);
	if (names_answer(&out, &names, bytes, len, &query) == 0) {
		LAW(out.len >= 17 && out.len <= 12 + 255 + 4 + 16);
		LAW(memcmp(out.data, bytes, 2) == 0 && (out.data[2] & 0x80) != 0);
		LAW(strlen(query.name) < sizeof query.name);
		LAW(names_type(query.type, type)[0] != '\0');
		fuzz_terminal(query.name, strlen(query.name), false);
	} else {
		LAW(out.len == 0);
	}
	buf_close(&out);
}

static void as_files(const uint8_t *bytes, size_t len)
{
	struct arena arena = { 0 };
	const char *text = arena_ndup(&arena, (const char *)bytes, len);
	struct names names;
	struct addr addr = { 0 };
	struct err err = { 0 };

	if (resolve_hosts(&addr, text, "server") == 0)
		LAW(addr.family == 4 || addr.family == 6);
	if (names_parse(&names, text, &err) == 0)
		names_close(&names);
	arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const parsers[])(const uint8_t *, size_t) = { as_messages, as_reply, as_query,
								    as_files };

	if (len > 0)
		parsers[bytes[0] % COUNT(parsers)](bytes + 1, len - 1);
	return 0;
}
