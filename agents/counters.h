/* The kernel's network counters under nstat's names, and what changed since the last look. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "sink.h"

enum {
	COUNTER_NAME = 48
};

struct counter {
	char name[COUNTER_NAME]; /* "TcpOutRsts" */
	int64_t value, before;
};

enum {
	COUNTER_FILES = 3
};

struct counter_text { /* a file as it was read last: what is still the same is not parsed again */
	char *bytes;  /* owned */
	size_t len, rows;
};

struct counters {
	int fd[COUNTER_FILES]; /* of /proc/thread-self/net, kept open; -1 */
	struct counter_text text[COUNTER_FILES];
	bool is_first;       /* while a file is read for the first time: its names are all new */
	struct counter *all; /* owned; in the kernel's order */
	size_t count, cap;
};

#define COUNTERS_INIT                                                                              \
	{                                                                                          \
		.fd = { -1, -1, -1 }                                                               \
	}

/* Reads all of them; `before` is untouched. */
int counters_read(struct counters *counters, struct err *err);
/* Reads, emits a `counter` event for each value that differs from the emitted one before (0 at
 * first), then `counters`. */
int counters_emit(struct counters *counters, int64_t snapshot, const struct sink *sink,
		  struct err *err);
/* NULL: no such name in what was read last. */
const struct counter *counters_find(const struct counters *counters, const char *name);
/* Up to three names that are much like `name`, with commas; "" when none is. */
void counters_near(const struct counters *counters, const char *name, char *out, size_t len);
void counters_close(struct counters *counters); /* safe twice */

#endif
