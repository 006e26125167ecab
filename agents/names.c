/* A query is read strictly: one question, no pointer in its name, whole records behind it, nothing
 * left over. The reply repeats the question's bytes as they came (RFC 1035 4.1). */
#include "names.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mem.h"
#include "parse.h"

enum {
	HEADER = 12,
	LABEL_MAX = 63,
	WIRE_NAME_MAX = 255,
	TYPE_A = 1,
	CLASS_IN = 1,
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_RD = 0x0100,
	OPCODE = 0x7800,
	RECORDS_MAX = 4, /* behind the question: EDNS, a signature */
	RCODE_OK = 0,
	RCODE_NO_NAME = 3,
	RCODE_REFUSED = 5,
	TTL_MAX = INT32_MAX,
};

/* One line, cut in place; -1: it is none. */
static int parse_line(struct names_entry *out, char *line)
{
	char *save = NULL, *name = strtok_r(line, " ", &save), *ip = strtok_r(NULL, " ", &save);
	char *ttl = strtok_r(NULL, " ", &save);
	int64_t seconds;

	if (!ttl || strtok_r(NULL, " ", &save) || strlen(name) >= WIRE_NAME_MAX - 1 ||
	    inet_pton(AF_INET, ip, out->ip) != 1 || parse_int(ttl, 0, TTL_MAX, &seconds) < 0)
		return -1;
	out->name = name;
	out->ttl = (uint32_t)seconds;
	return 0;
}

int names_parse(struct names *out, const char *text, struct err *err)
{
	char *save = NULL;

	*out = (struct names){ .text = mem_text(text) };
	for (char *line = strtok_r(out->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		out->entry = mem_resize(out->entry, out->count + 1, sizeof(*out->entry));
		if (out->count == NAMES_COUNT || parse_line(&out->entry[out->count], line) < 0) {
			err_set(err, ERR_USAGE, "names: line %zu is no NAME ADDRESS TTL%s",
				out->count + 1,
				out->count == NAMES_COUNT ? ", it is one more" : "");
			names_close(out);
			return -1;
		}
		out->count++;
	}
	return 0;
}

void names_close(struct names *names)
{
	free(names->entry);
	free(names->text);
	*names = (struct names){ 0 };
}

static size_t put_byte(char *text, uint8_t byte)
{
	bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			(byte >= '0' && byte <= '9') || byte == '-' || byte == '_';

	if (is_plain)
		text[0] = (char)byte;
	else
		snprintf(text, 5, "\\%03u", byte);
	return is_plain ? 1 : 4;
}

/* A name without pointers as text; a record's owner may be the root alone, which is "". */
static int read_name(struct cursor *cursor, char text[NAMES_TEXT])
{
	size_t used = 0, wire = 1;

	for (;;) {
		uint8_t len = cursor_u8(cursor);
		const uint8_t *label = cursor_take(cursor, len);

		wire += len + 1u;
		if (cursor->is_failed || len > LABEL_MAX || (len > 0 && wire > WIRE_NAME_MAX))
			return -1;
		if (len == 0)
			break;
		if (used > 0)
			text[used++] = '.';
		for (size_t i = 0; i < len; i++)
			used += put_byte(text + used, label[i]);
	}
	text[used] = '\0';
	return 0;
}

/* What may stand behind a question (EDNS): whole records, then the end. */
static int skip_records(struct cursor *cursor, unsigned count)
{
	char owner[NAMES_TEXT];

	if (count > RECORDS_MAX)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		if (read_name(cursor, owner) < 0)
			return -1;
		(void)cursor_take(cursor, 8); /* type, class, TTL */
		(void)cursor_take(cursor, cursor_u16(cursor));
	}
	return cursor->is_failed || cursor_left(cursor) > 0 ? -1 : 0;
}

static const struct names_entry *find(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcasecmp(names->entry[i].name, name) == 0)
			return &names->entry[i];
	return NULL;
}

static void decide(struct names_query *told, const struct names *names, uint16_t flags)
{
	const struct names_entry *entry = find(names, told->name);

	told->answer = NULL;
	if ((flags & OPCODE) != 0 || told->class != CLASS_IN)
		told->rcode = RCODE_REFUSED;
	else
		told->rcode = entry ? RCODE_OK : RCODE_NO_NAME;
	if (told->rcode == RCODE_OK && told->type == TYPE_A)
		told->answer = entry;
}

int names_answer(struct buf *out, const struct names *names, const void *packet, size_t len,
		 struct names_query *told)
{
	struct cursor cursor = cursor_of(packet, len);
	uint16_t id = cursor_u16(&cursor), flags = cursor_u16(&cursor);
	unsigned questions = cursor_u16(&cursor), answers = cursor_u16(&cursor);
	unsigned authorities = cursor_u16(&cursor), more = cursor_u16(&cursor);

	if (cursor.is_failed || (flags & FLAG_QR) != 0 || questions != 1 || answers != 0 ||
	    authorities != 0)
		return -1;
	const uint8_t *question = cursor.at;
	if (read_name(&cursor, told->name) < 0)
		return -1;
	told->type = cursor_u16(&cursor);
	told->class = cursor_u16(&cursor);
	size_t size = (size_t)(cursor.at - question);
	if (cursor.is_failed || skip_records(&cursor, more) < 0)
		return -1;
	decide(told, names, flags);
	buf_u16(out, id);
	buf_u16(out, (uint16_t)(FLAG_QR | (flags & (OPCODE | FLAG_RD)) |
				(told->rcode == RCODE_REFUSED ? 0 : FLAG_AA) | told->rcode));
	buf_u16(out, 1);
	buf_u16(out, told->answer ? 1 : 0);
	buf_u32(out, 0);
	buf_add(out, question, size);
	if (!told->answer)
		return 0;
	buf_u16(out, 0xc000 | HEADER); /* the question's name */
	buf_u16(out, TYPE_A);
	buf_u16(out, CLASS_IN);
	buf_u32(out, told->answer->ttl);
	buf_u16(out, sizeof told->answer->ip);
	buf_add(out, told->answer->ip, sizeof told->answer->ip);
	return 0;
}

const char *names_rcode(unsigned rcode)
{
	return rcode == RCODE_OK ? "NOERROR" : rcode == RCODE_NO_NAME ? "NXDOMAIN" : "REFUSED";
}

const char *names_type(uint16_t type, char text[NAMES_TYPE_TEXT])
{
	static const struct {
		uint16_t type;
		const char *name;
	} known[] = {
		{ TYPE_A, "A" }, { 2, "NS" },     { 5, "CNAME" }, { 6, "SOA" },
		{ 12, "PTR" },   { 15, "MX" },    { 16, "TXT" },  { 28, "AAAA" },
		{ 33, "SRV" },   { 65, "HTTPS" }, { 255, "ANY" },
	};

	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].type == type)
			return known[i].name;
	snprintf(text, NAMES_TYPE_TEXT, "TYPE%u", type);
	return text;
}
