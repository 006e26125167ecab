/* SHA-256 (FIPS 180-4). */
#ifndef SHA256_H
#define SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	uint64_t len;
	bool is_portable; /* as on a processor without instructions for it: tests set it */
	uint8_t block[64];
};

enum {
	SHA256_HEX = 65
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t len);
void sha256_hex(struct sha256 *sha, char hex[SHA256_HEX]); /* ends it; lower case, NUL */

#endif
