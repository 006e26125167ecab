/* One observation: a kind, a time, names and values. In frames it travels as it is, in files it is
 * one line of JSON. The vocabulary is docs/protocol.md. Lab's own record (steps.ndjson) uses the
 * same shape, so one reader serves both files. */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum {
	EVENT_FIELDS = 24
};

struct field {
	const char *name;
	const char *text; /* NULL when it is a number */
	int64_t number;
};

struct event {
	uint64_t seq;      /* its line in the file, from 1: evidence points here; 0: not written */
	int64_t t_ns;      /* the host's own CLOCK_MONOTONIC, unchanged */
	const char *host;  /* set by the controller; "lab" in steps.ndjson */
	const char *kind;  /* "connect", "listen", "counter", ... */
	int step;          /* the step's number in the scenario file, from 1; 0: none */
	const char *label; /* the step's name; NULL: none */
	size_t nfield;
	struct field field[EVENT_FIELDS];
};

/* t_ns = now. Strings are borrowed everywhere in this file. */
void event_init(struct event *event, const char *kind);
/* Beyond EVENT_FIELDS is a programming error (assert). A NULL text leaves the field out. */
void event_text(struct event *event, const char *name, const char *text);
void event_int(struct event *event, const char *name, int64_t number);

const char *event_get(const struct event *event, const char *name); /* NULL: absent or a number */
int64_t event_num(const struct event *event, const char *name, int64_t fallback);
bool event_is(const struct event *event, const char *kind);

/* Binary form (frames); seq and host are the controller's and do not travel. Decode borrows its
 * strings from `bytes`, which must outlive the event. */
void event_encode(struct buf *out, const struct event *event);
int event_decode(struct event *event, const void *bytes, size_t len, struct err *err);
/* One line with its newline: {"seq":1,"t_ns":2,"host":"h","kind":"k","step":3,"label":"l",...}. */
void event_json(struct buf *out, const struct event *event);

#endif
