/* Readings: rows of a table come before the event that ends it. A reading whose rows are not all
 * there says nothing. */
#include "trace.h"

/* Of the same host. */
static bool is_row_of(const struct event *row, const struct event *end, const char *kind)
{
	return event_is(row, kind) && row->step == end->step &&
	       event_num(row, "snapshot", 0) == event_num(end, "snapshot", 0);
}

/* Counts the rows in front of `end`, and finds the oldest time among them. */
static int64_t rows_count(const struct trace *trace, const struct event *end, const char *row,
			  int64_t *start_ns)
{
	int64_t rows = 0;
	bool is_snapshot = event_num(end, "snapshot", 0) > 0;
	for (const struct event *event = event_older(trace, end); event;
	     event = event_older(trace, event)) {
		if (is_row_of(event, end, end->kind))
			break;
		if (is_snapshot && event_is(event, "snapshot"))
			break; /* the one before */
		if (!is_row_of(event, end, row))
			continue;
		rows++;
		if (event->t_ns < *start_ns)
			*start_ns = event->t_ns;
	}
	return rows;
}

/* The event that closes the snapshot a reading is part of; NULL: it is not closed. */
static const struct event *snapshot_of(const struct trace *trace, const struct event *end)
{
	for (const struct event *event = event_newer(trace, end); event;
	     event = event_newer(trace, event))
		if (event_is(event, "snapshot") &&
		    event_num(event, "snapshot", 0) == event_num(end, "snapshot", 0))
			return event;
	return NULL;
}

static void reading_add(struct trace *trace, size_t *cap, const struct event *end, const char *row)
{
	int host = trace_host_of(trace, end);
	int64_t start_ns = end->t_ns, end_ns = end->t_ns;
	bool is_complete = true;
	if (row)
		is_complete =
		    rows_count(trace, end, row, &start_ns) == event_num(end, "rows", -1) &&
		    event_num(end, "left_out", 0) == 0;
	else
		is_complete = !event_get(end, "error");
	int64_t number = event_num(end, "snapshot", 0);
	const struct event *snapshot = number > 0 ? snapshot_of(trace, end) : NULL;
	/* Rows are told after they were read: without what bounds it a reading has no time. */
	const struct event *bound = number > 0 ? snapshot : end;
	int64_t from_ns = bound ? time_bound(event_num(bound, "start_ns", INT64_MAX)) : TIME_MOST;
	is_complete = is_complete && from_ns < TIME_MOST;
	start_ns = from_ns < start_ns ? from_ns : start_ns;
	if (snapshot)
		end_ns = snapshot->t_ns;
	trace->reading =
	    arena_grow(trace->arena, trace->reading, trace->nreading, cap, sizeof *trace->reading);
	trace->reading[trace->nreading++] = (struct reading){
		.host = host,
		.kind = end->kind,
		.number = number,
		.start_ns = trace_time(trace, host, start_ns),
		.end_ns = trace_time(trace, host, end_ns),
		.end = end,
		.is_complete = is_complete,
	};
}

void trace_readings(struct trace *trace)
{
	static const struct {
		const char *end, *row; /* row NULL: the event holds it all */
	} tables[] = { { "sockets", "socket" },
		       { "counters", "counter" },
		       { "ruleset", NULL },
		       { "hooks", NULL } };
	size_t cap = 0;
	for (size_t i = 0; i < trace->nevent; i++) {
		trace->is_in_cloud |= event_is(&trace->event[i], "cloud");
		for (size_t t = 0; t < COUNT(tables); t++)
			if (event_is(&trace->event[i], tables[t].end))
				reading_add(trace, &cap, &trace->event[i], tables[t].row);
	}
}

const struct reading *reading_before(const struct trace *trace, int host, const char *kind,
				     int64_t t_ns)
{
	const struct reading *best = NULL;
	for (size_t i = 0; i < trace->nreading; i++) {
		const struct reading *reading = &trace->reading[i];
		if (reading->host == host && reading->end_ns < t_ns && streq(reading->kind, kind) &&
		    reading->is_complete && (!best || reading->end_ns >= best->end_ns))
			best = reading;
	}
	return best;
}

const struct reading *reading_after(const struct trace *trace, int host, const char *kind,
				    int64_t t_ns)
{
	const struct reading *best = NULL;
	for (size_t i = 0; i < trace->nreading; i++) {
		const struct reading *reading = &trace->reading[i];
		if (reading->host == host && reading->start_ns > t_ns &&
		    streq(reading->kind, kind) && reading->is_complete &&
		    (!best || reading->start_ns < best->start_ns))
			best = reading;
	}
	return best;
}
