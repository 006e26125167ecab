/* One time for all: hosts of one boot share CLOCK_MONOTONIC; others are laid beside the controller
 * by their pings, with half the round trip as the bound. */
#include "trace.h"

static const struct event *hello_of(const struct trace *trace, int host)
{
	for (size_t i = 0; i < trace->nevent; i++)
		if (event_is(&trace->event[i], "hello") &&
		    streq(trace->event[i].host, trace->host[host].name))
			return &trace->event[i];
	return NULL;
}

static bool is_same_boot(const struct host_seen *a, const struct host_seen *b)
{
	return a == b || (*a->boot_id && streq(a->boot_id, b->boot_id));
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Realtime minus monotonic: the median over all readings of this boot, because a reader that was
 * interrupted between its two clocks is far off. */
static void real_shift(struct trace *trace, struct host_seen *host)
{
	size_t count = 0, cap = 0;
	int64_t *shift = NULL;
	for (size_t i = 0; i < trace->nevent; i++) {
		const struct event *event = &trace->event[i];
		if (!event_is(event, "hello") && !event_is(event, "clock"))
			continue;
		int other = trace_host(trace, event->host);
		int64_t mono_ns = time_bound(event_num(event, "mono_ns", -1));
		int64_t real_ns = time_bound(event_num(event, "real_ns", -1));
		if (other == NO_HOST || mono_ns < 0 || real_ns < mono_ns ||
		    !is_same_boot(host, &trace->host[other]))
			continue;
		shift = arena_grow(trace->arena, shift, count, &cap, sizeof *shift);
		shift[count++] = mono_ns - real_ns;
	}
	if (!count)
		return;
	qsort(shift, count, sizeof *shift, compare);
	host->has_real = true;
	host->real_shift_ns = shift[count / 2] + host->shift_ns;
}

/* Against the controller: the ping with the shortest way tells most. */
static void ping_shift(const struct trace *trace, struct host_seen *host)
{
	for (size_t i = 0; i < trace->nevent; i++) {
		const struct event *event = &trace->event[i];
		int other = trace_host(trace, event->host);
		if (!event_is(event, "clock") || other == NO_HOST ||
		    !is_same_boot(host, &trace->host[other]))
			continue;
		int64_t sent = time_bound(event_num(event, "sent_ns", -1));
		int64_t received = time_bound(event_num(event, "received_ns", -1));
		int64_t mono = time_bound(event_num(event, "mono_ns", -1));
		if (sent < 0 || received < sent || mono < 0)
			continue;
		int64_t bound = (received - sent) / 2 + 1;
		if (bound >= host->bound_ns)
			continue;
		host->bound_ns = bound;
		host->shift_ns = time_bound(sent + bound - mono);
	}
}

void trace_clocks(struct trace *trace)
{
	bool is_one_boot = true;
	for (size_t i = 0; i < trace->nhost; i++) {
		struct host_seen *host = &trace->host[i];
		const struct event *hello = hello_of(trace, (int)i);
		const char *boot = hello ? event_get(hello, "boot_id") : NULL;
		host->boot_id = boot ? boot : "";
		host->net_ns = hello ? event_num(hello, "net_ns", 0) : 0;
		is_one_boot &= is_same_boot(host, &trace->host[0]);
	}
	for (size_t i = 0; i < trace->nhost; i++) {
		struct host_seen *host = &trace->host[i];
		host->bound_ns = is_one_boot ? 0 : INT64_MAX;
		if (!is_one_boot)
			ping_shift(trace, host);
		real_shift(trace, host);
	}
}

int64_t trace_time(const struct trace *trace, int host, int64_t t_ns)
{
	t_ns = time_bound(t_ns);
	return host == NO_HOST ? t_ns : time_bound(t_ns + trace->host[host].shift_ns);
}

int64_t trace_bound(const struct trace *trace, int a, int b)
{
	if (a == NO_HOST || b == NO_HOST)
		return INT64_MAX;
	const struct host_seen *one = &trace->host[a], *two = &trace->host[b];
	if (is_same_boot(one, two))
		return 0;
	if (one->bound_ns == INT64_MAX || two->bound_ns == INT64_MAX)
		return INT64_MAX;
	return one->bound_ns + two->bound_ns;
}
