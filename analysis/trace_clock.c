/* One time for all: hosts of one boot share CLOCK_MONOTONIC; others are laid beside the controller
 * by their pings, with half the round trip as the bound. */
#include "trace.h"

/* The readings of clocks: hello has two of the host's own, a ping also the controller's. */
struct clocks {
	struct event_list hello, ping;
};

/* The first hello of each host. */
static void hellos_read(struct trace *trace, const struct event_list *hello)
{
	for (size_t i = hello->count; i-- > 0;) {
		const struct event *event = hello->event[i];
		struct host_seen *host = &trace->host[trace_host_of(trace, event)];
		const char *boot = event_get(event, "boot_id");
		host->boot_id = boot ? boot : "";
		host->net_ns = event_num(event, "net_ns", 0);
	}
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
static void real_shift(struct trace *trace, struct host_seen *host, const struct clocks *clocks)
{
	const struct event_list *lists[] = { &clocks->hello, &clocks->ping };
	size_t count = 0, cap = 0;
	int64_t *shift = NULL;
	for (size_t k = 0; k < COUNT(lists); k++) {
		for (size_t i = 0; i < lists[k]->count; i++) {
			const struct event *event = lists[k]->event[i];
			int64_t mono_ns = time_bound(event_num(event, "mono_ns", -1));
			int64_t real_ns = time_bound(event_num(event, "real_ns", -1));
			if (mono_ns < 0 || real_ns < mono_ns ||
			    !is_same_boot(host, &trace->host[trace_host_of(trace, event)]))
				continue;
			shift = arena_grow(trace->arena, shift, count, &cap, sizeof *shift);
			shift[count++] = mono_ns - real_ns;
		}
	}
	if (!count)
		return;
	qsort(shift, count, sizeof *shift, compare);
	host->has_real = true;
	host->real_shift_ns = shift[count / 2] + host->shift_ns;
}

/* Hosts of one boot have the same readings: the first of them works it out. */
static void real_shifts(struct trace *trace, const struct clocks *clocks)
{
	for (size_t i = 0; i < trace->nhost; i++) {
		struct host_seen *host = &trace->host[i];
		const struct host_seen *same = trace->host;
		while (same < host && !(same->has_real && is_same_boot(same, host)))
			same++;
		if (same == host) {
			real_shift(trace, host, clocks);
			continue;
		}
		host->has_real = true;
		host->real_shift_ns = same->real_shift_ns - same->shift_ns + host->shift_ns;
	}
}

/* Against the controller: the ping with the shortest way tells most. */
static void ping_shift(const struct trace *trace, struct host_seen *host,
		       const struct event_list *ping)
{
	for (size_t i = 0; i < ping->count; i++) {
		const struct event *event = ping->event[i];
		if (!is_same_boot(host, &trace->host[trace_host_of(trace, event)]))
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
	const struct clocks clocks = {
		.hello = events_of_kind(trace, "hello"),
		.ping = events_of_kind(trace, "clock"),
	};
	bool is_one_boot = true;
	for (size_t i = 0; i < trace->nhost; i++)
		trace->host[i].boot_id = "";
	hellos_read(trace, &clocks.hello);
	for (size_t i = 0; i < trace->nhost; i++)
		is_one_boot &= is_same_boot(&trace->host[i], &trace->host[0]);
	for (size_t i = 0; i < trace->nhost; i++) {
		trace->host[i].bound_ns = is_one_boot ? 0 : INT64_MAX;
		if (!is_one_boot)
			ping_shift(trace, &trace->host[i], &clocks.ping);
	}
	real_shifts(trace, &clocks);
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
