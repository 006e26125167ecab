/* dns and hosts files: no reply is read past its end, and only an answer to the question counts. */
#include <assert.h>
#include <stdint.h>

#include "arena.h"
#include "dns.h"
#include "resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t id = size >= 2 ? (uint16_t)(data[0] << 8 | data[1]) : 0;
	struct arena arena = { 0 };
	struct addr addr = { 0 };
	char name[32];
	uint16_t port;

	if (dns_reply_read(&addr, data, size, id, "server.lab") == DNS_ADDRESS)
		assert(addr.family == 4);
	if (resolve_hosts(&addr, arena_ndup(&arena, (const char *)data, size), "server") == 0)
		assert(addr.family == 4 || addr.family == 6);
	if (resolve_split(arena_ndup(&arena, (const char *)data, size), name, sizeof name, &port) ==
	    0)
		assert(port > 0 && name[0] != '\0');
	arena_close(&arena);
	return 0;
}
