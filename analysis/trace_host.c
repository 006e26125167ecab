/* The hosts that the events name, with their addresses. A run may have a thousand of them and a
 * thousand events each: names are hashed, and each event knows its neighbours of the same host. */
#include "trace.h"

static size_t hash(const char *name)
{
	uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */
	for (; *name; name++)
		sum = (sum ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return (size_t)(sum ^ sum >> 32);
}

/* The slot of this name, or the free one where it would stand. */
static size_t slot_of(const struct trace *trace, const char *name)
{
	size_t mask = trace->host_slots - 1, at = hash(name) & mask;
	while (trace->host_slot[at] && !streq(trace->host[trace->host_slot[at] - 1].name, name))
		at = (at + 1) & mask;
	return at;
}

int trace_host(const struct trace *trace, const char *name)
{
	size_t found = trace->host_slots ? trace->host_slot[slot_of(trace, name)] : 0;
	return found ? (int)found - 1 : NO_HOST;
}

int trace_host_of(const struct trace *trace, const struct event *event)
{
	return trace->place[event->seq - 1].host;
}

const struct event *event_older(const struct trace *trace, const struct event *event)
{
	return trace->place[event->seq - 1].older;
}

const struct event *event_newer(const struct trace *trace, const struct event *event)
{
	return trace->place[event->seq - 1].newer;
}

struct event_list events_of_kind(const struct trace *trace, const char *kind)
{
	struct event_list list = { 0 };
	for (size_t i = 0; i < trace->nevent; i++) {
		if (!event_is(&trace->event[i], kind))
			continue;
		list.event =
		    arena_grow(trace->arena, list.event, list.count, &list.cap,
			       sizeof(struct event *)); /* NOLINT(bugprone-sizeof-expression) */
		list.event[list.count++] = &trace->event[i];
	}
	return list;
}

bool host_has(const struct host_seen *host, const struct addr *addr)
{
	for (size_t i = 0; i < host->naddress; i++)
		if (addr_same_ip(&host->address[i], addr))
			return true;
	return false;
}

int trace_owner(const struct trace *trace, const struct addr *addr)
{
	for (size_t i = 0; i < trace->nhost; i++)
		if (host_has(&trace->host[i], addr))
			return (int)i;
	return NO_HOST;
}

/* Localhost is every stack's own and tells no host from another. */
static bool is_localhost(const struct addr *addr)
{
	static const uint8_t four[4] = { 127, 0, 0, 1 }, six[16] = { [15] = 1 };
	return addr->family == 6 ? memcmp(addr->ip, six, sizeof six) == 0
				 : memcmp(addr->ip, four, sizeof four) == 0;
}

static void address_add(struct trace *trace, struct host_seen *host, const char *text)
{
	struct addr addr;
	if (!text || (addr_parse(&addr, text, 0) < 0 && addr_parse_text(&addr, text) < 0))
		return;
	if (addr_is_any(&addr) || is_localhost(&addr) || host_has(host, &addr))
		return;
	host->address = arena_grow(trace->arena, host->address, host->naddress, &host->cap,
				   sizeof *host->address);
	host->address[host->naddress++] = addr;
}

/* Twice as many slots as hosts at least, so that a look-up ends soon. */
static void slots_grow(struct trace *trace)
{
	if (trace->host_slots > 2 * trace->nhost)
		return;
	trace->host_slots = trace->host_slots ? 2 * trace->host_slots : 64;
	trace->host_slot = arena_array(trace->arena, trace->host_slots, sizeof *trace->host_slot);
	for (size_t i = 0; i < trace->nhost; i++)
		trace->host_slot[slot_of(trace, trace->host[i].name)] = i + 1;
}

static size_t host_find_or_add(struct trace *trace, size_t *cap, const char *name)
{
	slots_grow(trace);
	size_t slot = slot_of(trace, name);
	if (trace->host_slot[slot])
		return trace->host_slot[slot] - 1;
	trace->host = arena_grow(trace->arena, trace->host, trace->nhost, cap, sizeof *trace->host);
	trace->host[trace->nhost] = (struct host_seen){ .name = name };
	trace->host_slot[slot] = ++trace->nhost;
	return trace->nhost - 1;
}

void trace_hosts(struct trace *trace)
{
	size_t cap = 0;
	if (!trace->nevent)
		return;
	trace->place = arena_array(trace->arena, trace->nevent, sizeof *trace->place);
	for (size_t i = 0; i < trace->nevent; i++) {
		const struct event *event = &trace->event[i];
		size_t at = host_find_or_add(trace, &cap, event->host);
		struct host_seen *host = &trace->host[at];
		trace->place[i] = (struct event_place){ .host = (int)at, .older = host->newest };
		if (host->newest)
			trace->place[host->newest->seq - 1].newer = event;
		host->newest = event;
		if (event_num(event, "is_private", 0) == 1)
			host->is_private = true;
		if (event_is(event, "address"))
			address_add(trace, host, event_get(event, "address"));
		if (event_is(event, "connect") || event_is(event, "connecting"))
			address_add(trace, host, event_get(event, "local"));
	}
}
