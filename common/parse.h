/* Strict parsers for numbers, durations, sizes: the whole text or an error, never a prefix but
 * where the name says so. */
#ifndef PARSE_H
#define PARSE_H

#include <stddef.h>
#include <stdint.h>

int parse_int(const char *text, int64_t min, int64_t max, int64_t *out); /* decimal; -1: not one */
int parse_duration_ns(const char *text,
		      int64_t *out);                /* 50us 50ms 3s 2.9s 1m 4h; a unit is needed */
int parse_size(const char *text, int64_t *out);     /* 64 64k 1M; powers of 1024 */
int parse_rate(const char *text, int64_t *out);     /* 64kbit 10mbit 1gbit, in bits a second */
int parse_permille(const char *text, int64_t *out); /* 0% 0.5% 100%, in thousandths */
/* The digits that `text` begins with, as a number; how many, 0: no such number. */
size_t parse_digits(const char *text, int64_t *out);

#endif
