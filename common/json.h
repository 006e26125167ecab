/* Streaming JSON writer with a stable key order (reading: jansson, never in the agent).
 * Commas are its business. Text that is not UTF-8 becomes U+FFFD, so the output always parses. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

struct json {
	struct buf *out;
	bool needs_comma;
	bool is_pretty; /* two spaces a level, one member a line */
	int depth;
};

struct json json_to(struct buf *out);
/* `key` is NULL inside arrays and at the top. */
void json_object_begin(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_text(struct json *json, const char *key, const char *text); /* NULL text: null */
void json_int(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_nil(struct json *json, const char *key);
/* The quoted, escaped form alone. */
void json_quote(struct buf *out, const char *text);

#endif
