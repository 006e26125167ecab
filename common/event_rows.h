/* The vocabulary of events.ndjson (what hosts observed) and steps.ndjson (what lab did). */
#ifndef EVENT_ROWS_H
#define EVENT_ROWS_H

/* A row with a kind begins it; those behind it are its fields. All NULL ends the table. */
struct event_row {
	const char *kind; /* NULL: a field of the kind above */
	const char *field;
	const char *text;
};

extern const struct event_row event_rows[];  /* events.ndjson */
extern const struct event_row record_rows[]; /* steps.ndjson */

#endif
