/* A run directory as one time line: events, hosts with their clocks, captures with their flows, and
 * the readings of socket tables, counters and rulesets. Never scenario, plan or steps.ndjson. */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding.h"
#include "flow.h"

enum {
	NO_HOST = -1,
	NO_READING = -1
};

struct host_seen {
	const char *name;
	const char *boot_id;   /* "" when unknown: a clock of its own */
	int64_t net_ns;        /* 0: unknown */
	bool is_private;       /* its network stack is the run's own */
	int64_t shift_ns;      /* add to the host's monotonic time: the trace's time */
	int64_t bound_ns;      /* how wrong that may be; INT64_MAX: not comparable */
	int64_t real_shift_ns; /* add to the host's realtime: the trace's time */
	bool has_real;
	size_t naddress, cap;
	struct addr *address;
	const char *gone; /* a capture that it said to have made and whose file is not there */
	const struct event *newest;
};

struct capture_seen {
	struct capture_info info; /* what the report gets */
	int host;                 /* NO_HOST: a file by itself */
	const char *iface;        /* the device; NULL: unknown */
	const char *filter;       /* in the language of pcap-filter(7); NULL: none, or unknown */
	bool is_filtered;         /* it does not hold all packets of its link */
	bool is_narrow;           /* ... nor all that its host sends and receives there */
	bool
	    is_whole; /* nothing dropped, not cut: absence in it is absence (for what it filters) */
	int64_t said; /* packets that its host said to be in it; -1: unknown */
	struct flow_table flows; /* times in the trace's time */
};

/* One reading of a host's socket table, counters, ruleset or hooks: events in (first, last]. */
struct reading {
	int host;
	const char *kind;         /* "sockets", "counters", "ruleset", "hooks" */
	int64_t number;           /* of the snapshot; 0: asked by a step */
	int64_t start_ns, end_ns; /* the trace's time; nothing in it is older or newer */
	const struct event *end;  /* the event that ends it */
	bool is_complete;         /* every row is there, none left out */
};

struct event_place {
	int host;
	const struct event *older, *newer; /* NULL: none */
};

/* Some of a trace's events, in file order. */
struct event_list {
	size_t count, cap;
	const struct event **event;
};

struct trace {
	struct arena *arena;
	size_t nevent, nhost, ncapture, nreading;
	const struct event *event;
	/* Beside each event: its host, and the same host's event before and after it. */
	struct event_place *place;
	struct host_seen *host;
	size_t host_slots, *host_slot; /* names to hosts: index + 1 in `host`, 0: free */
	struct capture_seen *capture;
	struct reading *reading; /* in file order */
	bool is_pcap;            /* one capture file and nothing else */
	bool is_interrupted;
	bool is_in_cloud; /* some event tells what a cloud decides */
	int64_t until_ns; /* what closes later is the run's own end */
};

/* Files may claim any time: within these bounds (the year 2043) sums and differences are exact. */
#define TIME_MOST (INT64_C(1) << 61)
static inline int64_t time_bound(int64_t t_ns)
{
	if (t_ns > TIME_MOST)
		return TIME_MOST;
	return t_ns < -TIME_MOST ? -TIME_MOST : t_ns;
}

int trace_load(struct trace *trace, const char *path, struct arena *arena, struct err *err);

int trace_host(const struct trace *trace, const char *name); /* NO_HOST: unknown */
int trace_host_of(const struct trace *trace, const struct event *event);
/* The same host's event before, and after; NULL: none. */
const struct event *event_older(const struct trace *trace, const struct event *event);
const struct event *event_newer(const struct trace *trace, const struct event *event);
struct event_list events_of_kind(const struct trace *trace, const char *kind);
/* The host that has this address; the one named first when several do. */
int trace_owner(const struct trace *trace, const struct addr *addr);
bool host_has(const struct host_seen *host, const struct addr *addr);
int64_t trace_time(const struct trace *trace, int host, int64_t t_ns);
/* How far apart two hosts' times may be at most; INT64_MAX: unknown. */
int64_t trace_bound(const struct trace *trace, int a, int b);
/* The last complete reading that ended before, the first that began after; NULL: none. */
const struct reading *reading_before(const struct trace *trace, int host, const char *kind,
				     int64_t t_ns);
const struct reading *reading_after(const struct trace *trace, int host, const char *kind,
				    int64_t t_ns);

/* trace_host.c: finds the hosts that the events name, with their addresses. */
void trace_hosts(struct trace *trace);
/* trace_clock.c */
void trace_clocks(struct trace *trace);
/* trace_reading.c */
void trace_readings(struct trace *trace);

#endif
