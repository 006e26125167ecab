/* names: whatever comes to the DNS server, a reply is to the question asked, and never long. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct names names, read;
	struct names_query query;
	struct buf out = { 0 };
	struct err err = { 0 };
	char type[NAMES_TYPE_TEXT];

	if (names_parse(&names, "server 10.7.0.1 60\nwww.shop 10.7.0.2 5\n", &err) < 0)
		return 0;
	if (names_answer(&out, &names, data, size, &query) == 0) {
		assert(out.len >= 17 && out.len <= 12 + 255 + 4 + 16);
		assert(memcmp(out.data, data, 2) == 0 && (out.data[2] & 0x80) != 0);
		assert(strlen(query.name) < sizeof query.name);
		assert(names_type(query.type, type)[0] != '\0');
	} else {
		assert(out.len == 0);
	}
	buf_close(&out);
	names_close(&names);
	if (names_parse(&read, arena_ndup(&arena, (const char *)data, size), &err) == 0)
		names_close(&read);
	arena_close(&arena);
	return 0;
}
