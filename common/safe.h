/* Text from outside made safe for a terminal: no control bytes, no escapes, valid UTF-8. */
#ifndef SAFE_H
#define SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* Appends text; bytes below 0x20, 0x7f, C1 controls, bidi overrides and invalid UTF-8 as \xHH. */
void safe_add(struct buf *out, const char *text);
/* The length in bytes of the valid UTF-8 character at text (1 to 4), 0 when it is none. */
size_t utf8_len(const char *text, const char *end);
/* Its code point (len as utf8_len gave it, not 0). */
uint32_t utf8_code(const char *text, size_t len);
/* Control characters, bidi overrides and marks, line separators, BOM: not for a terminal. */
bool utf8_is_unsafe(uint32_t code);
/* Columns that text takes on a terminal (counts characters; ours are all one column wide). */
size_t utf8_columns(const char *text);

#endif
