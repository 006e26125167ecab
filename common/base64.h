/* Base64 (RFC 4648 section 4), with padding. */
#ifndef BASE64_H
#define BASE64_H

#include "buf.h"

void base64_add(struct buf *out, const void *bytes, size_t len);
/* Appends the bytes of `len` characters; white space between them is skipped. -1: they are none. */
int base64_read(struct buf *out, const char *text, size_t len);

#endif
