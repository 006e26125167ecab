/* A session as it is told, by programs and instances as JSON: checked, and put where it is wiped.
 */
#ifndef CREDENTIALS_JSON_H
#define CREDENTIALS_JSON_H

#include "credentials.h"

struct credentials_told { /* borrowed; NULL: not told */
	const char *key_id, *secret, *token, *expires;
};

/* 0: *out has all but its region and source. -1: err names what is malformed, without it. */
int credentials_take(struct credentials *out, const struct credentials_told *told,
		     struct arena *arena, struct err *err);
int credentials_region(struct credentials *out, const char *region, struct arena *arena);

/* What a program prints, in the form of credential_process. `is_known`: it is AWS's own, and its
 * last line on stderr may be told when it fails. */
int credentials_from_program(struct credentials *out, const char *const *argv, int deadline_ms,
			     bool is_known, const struct proc_beside *beside, struct arena *arena,
			     struct err *err);
/* The answer of an instance. */
int credentials_from_instance(struct credentials *out, const struct buf *json, struct arena *arena,
			      struct err *err);

#endif
