/* SHA-256 as FIPS 180-4 has it: 64 byte blocks, big-endian words; in C, and by the instructions
 * that many x86 processors have for it, which are six times as fast. */
#include "sha256.h"

#include <stdio.h>

#include "util.h"

#if defined(__x86_64__) && defined(__GLIBC__) && __has_include(<sys/platform/x86.h>)
#include <immintrin.h>
#include <sys/platform/x86.h>
#define HAS_SHA CPU_FEATURE_ACTIVE(SHA) /* the C library has asked the processor already */
#else
#define HAS_SHA false
#endif

static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t word, int by)
{
	return word >> by | word << (32 - by);
}

static void schedule(uint32_t words[64], const uint8_t *block)
{
	for (int i = 0; i < 16; i++)
		words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
			   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++) {
		uint32_t a = words[i - 15], b = words[i - 2];
		uint32_t s0 = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3;
		uint32_t s1 = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10;

		words[i] = words[i - 16] + s0 + words[i - 7] + s1;
	}
}

/* One of 64 rounds: a to h are the state from the newest word to the oldest, whose places the next
 * round shifts by naming them otherwise. */
static inline void turn(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f,
			uint32_t g, uint32_t *h, uint32_t input)
{
	uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
	uint32_t choice = (e & f) ^ (~e & g);
	uint32_t t1 = *h + s1 + choice + input;
	uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
	uint32_t majority = (a & b) ^ (a & c) ^ (b & c);

	*d += t1;
	*h = t1 + s0 + majority;
}

static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t words[64];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	schedule(words, block);
	for (int i = 0; i < 64; i += 8) {
		const uint32_t *k = round_constants + i, *w = words + i;

		turn(a, b, c, &d, e, f, g, &h, k[0] + w[0]);
		turn(h, a, b, &c, d, e, f, &g, k[1] + w[1]);
		turn(g, h, a, &b, c, d, e, &f, k[2] + w[2]);
		turn(f, g, h, &a, b, c, d, &e, k[3] + w[3]);
		turn(e, f, g, &h, a, b, c, &d, k[4] + w[4]);
		turn(d, e, f, &g, h, a, b, &c, k[5] + w[5]);
		turn(c, d, e, &f, g, h, a, &b, k[6] + w[6]);
		turn(b, c, d, &e, f, g, h, &a, k[7] + w[7]);
	}
	const uint32_t now[8] = { a, b, c, d, e, f, g, h };
	for (int i = 0; i < 8; i++)
		state[i] += now[i];
}

#ifdef CPU_FEATURE_ACTIVE
/* The same by the processor's own instructions: four rounds a turn of the loop, the state in the
 * order that they want, the last sixteen words of the schedule. */
__attribute__((target("sha,sse4.1"))) static void compress_fast(uint32_t state[8],
								const uint8_t *block)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i abcd = _mm_loadu_si128((const __m128i *)state);
	__m128i efgh = _mm_loadu_si128((const __m128i *)(state + 4));
	__m128i cdab = _mm_shuffle_epi32(abcd, 0xb1), hgfe = _mm_shuffle_epi32(efgh, 0x1b);
	__m128i abef = _mm_alignr_epi8(cdab, hgfe, 8), cdgh = _mm_blend_epi16(hgfe, cdab, 0xf0);
	const __m128i abef_then = abef, cdgh_then = cdgh;
	__m128i w[4] = { { 0 } };

#pragma GCC unroll 16
	for (int i = 0; i < 16; i++) {
		__m128i *now = &w[i & 3];
		const __m128i *last = &w[(i + 3) & 3];
		if (i < 4)
			*now = _mm_shuffle_epi8(
			    _mm_loadu_si128((const __m128i *)(block + (ptrdiff_t)16 * i)),
			    big_endian);
		else
			*now = _mm_sha256msg2_epu32(
			    _mm_add_epi32(_mm_sha256msg1_epu32(*now, w[(i + 1) & 3]),
					  _mm_alignr_epi8(*last, w[(i + 2) & 3], 4)),
			    *last);
		__m128i input = _mm_add_epi32(
		    *now, _mm_loadu_si128((const __m128i *)(round_constants + (ptrdiff_t)4 * i)));
		cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
		abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0e));
	}
	abef = _mm_shuffle_epi32(_mm_add_epi32(abef, abef_then), 0x1b);
	cdgh = _mm_shuffle_epi32(_mm_add_epi32(cdgh, cdgh_then), 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(abef, cdgh, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(cdgh, abef, 8));
}
#else
#define compress_fast compress
#endif

static void add_block(struct sha256 *sha, const uint8_t *block)
{
	if (HAS_SHA && !sha->is_portable)
		compress_fast(sha->state, block);
	else
		compress(sha->state, block);
}

void sha256_init(struct sha256 *sha)
{
	*sha = (struct sha256){
		.state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
			   0x1f83d9ab, 0x5be0cd19 },
	};
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		size_t used = sha->len % sizeof(sha->block), take = sizeof(sha->block) - used;

		if (take > len)
			take = len;
		if (used == 0 && take == sizeof(sha->block)) {
			add_block(sha, at);
		} else {
			memcpy(sha->block + used, at, take);
			if (used + take == sizeof(sha->block))
				add_block(sha, sha->block);
		}
		sha->len += take;
		at += take;
		len -= take;
	}
}

void sha256_hex(struct sha256 *sha, char hex[SHA256_HEX])
{
	static const uint8_t padding[64] = { 0x80 };
	uint64_t bits = sha->len * 8;
	size_t used = sha->len % 64;
	uint8_t length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(sha, padding, used < 56 ? 56 - used : 120 - used);
	sha256_add(sha, length, sizeof(length));
	for (int i = 0; i < 8; i++)
		snprintf(hex + (size_t)8 * i, 9, "%08x", sha->state[i]);
}
