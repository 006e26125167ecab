/* Bytes as the console of an instance: keys that say what they are, or none. */
/* Aims at: cloud/console.c */
#include "fuzz.h"

#include "buf.h"
#include "console.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct console_key key[CONSOLE_KEYS];
	struct arena arena = { 0 };
	size_t count = console_parse((const char *)bytes, len, &arena, key);

	LAW(count <= CONSOLE_KEYS);
	for (size_t i = 0; i < count; i++) {
		struct cursor at = cursor_of(key[i].blob, key[i].len);
		size_t type = strlen(key[i].type);
		LAW(type > 4 && cursor_u32(&at) == type);
		const uint8_t *said = cursor_take(&at, type);
		LAW(said && memcmp(said, key[i].type, type) == 0);
		LAW(cursor_left(&at) > 0);
	}
	arena_close(&arena);
	return 0;
}
