/* Ties connect events to flows: by local and peer address, and by time where a port was used again.
 * The host that owns the peer's address is the server. */
#include "view.h"

enum {
	SLACK_NS = 2000000
}; /* a SYN may seem this much older than its connect() */

/* Of the same host. */
static bool is_same_step(const struct event *a, const struct event *b)
{
	return a->step == b->step && (a->label ? b->label && streq(a->label, b->label) : !b->label);
}

static bool addr_of(const struct event *event, const char *name, struct addr *out)
{
	const char *text = event_get(event, name);
	return text && addr_parse_text(out, text) == 0 && out->port != 0;
}

/* The newest event of this kind by the same step in front of `event`; NULL: none. */
static const struct event *step_event_before(const struct trace *trace, const struct event *event,
					     const char *kind)
{
	const struct event *older = event_older(trace, event);
	while (older && !(event_is(older, kind) && is_same_step(older, event)))
		older = event_older(trace, older);
	return older;
}

/* A step may connect several times: an older `connecting` is that of an older `connect`. */
static const struct event *connecting_of(const struct trace *trace, const struct event *connect)
{
	const struct event *connecting = step_event_before(trace, connect, "connecting");
	const struct event *older = step_event_before(trace, connect, "connect");

	return older && connecting && older->seq > connecting->seq ? NULL : connecting;
}

/* The same: what an older connect() found is not told of this one. */
static const struct event *way_of_connect(const struct trace *trace, const struct event *connect)
{
	const struct event *way = step_event_before(trace, connect, "route.get");
	const struct event *older = step_event_before(trace, connect, "connect");

	return older && way && older->seq > way->seq ? NULL : way;
}

/* True when a `connect` follows that says how this `connecting` ended. */
static bool is_decided(const struct trace *trace, const struct event *event)
{
	for (const struct event *newer = event_newer(trace, event); newer;
	     newer = event_newer(trace, newer)) {
		if (!is_same_step(newer, event))
			continue;
		if (event_is(newer, "connecting"))
			return false;
		if (event_is(newer, "connect"))
			return true;
	}
	return false;
}

static const char *endpoint_text(const struct trace *trace, const struct addr *addr)
{
	char text[ADDR_TEXT];
	return arena_dup(trace->arena, addr_text(addr, text));
}

/* Nobody's by name, and then of whoever connects there. */
static bool is_loopback(const struct addr *addr)
{
	static const uint8_t one[16] = { [15] = 1 };
	return addr->family == 6 ? memcmp(addr->ip, one, sizeof one) == 0 : addr->ip[0] == 127;
}

static void hosts_set(struct view *view)
{
	const struct trace *trace = view->trace;
	struct connection *connection = &view->connection;
	if (view->has_server) {
		view->server_host = trace_owner(trace, &view->server);
		if (view->server_host == NO_HOST && is_loopback(&view->server))
			view->server_host = view->client_host;
		connection->server = endpoint_text(trace, &view->server);
	}
	if (view->has_client) {
		if (view->client_host == NO_HOST)
			view->client_host = trace_owner(trace, &view->client);
		connection->client = endpoint_text(trace, &view->client);
	}
	if (view->server_host != NO_HOST)
		connection->server_host = trace->host[view->server_host].name;
	if (view->client_host != NO_HOST)
		connection->client_host = trace->host[view->client_host].name;
}

static struct view of_event(const struct trace *trace, const struct event *event)
{
	bool is_connect = event_is(event, "connect");
	const struct event *resolve = step_event_before(trace, event, "resolve");
	const struct event *connecting = is_connect ? connecting_of(trace, event) : event;
	int host = trace_host_of(trace, event);
	int64_t took_ns = is_connect ? time_bound(event_num(event, "took_ns", -1)) : -1;
	int64_t start_ns = time_bound(event_num(event, "start_ns", 0));
	if (start_ns <= 0)
		start_ns = event->t_ns - (took_ns > 0 ? took_ns : 0);
	int64_t end_ns = !is_connect ? INT64_MAX : took_ns >= 0 ? start_ns + took_ns : event->t_ns;
	struct view view = {
		.trace = trace,
		.connection = {
			.label = event->label,
			.step = event->step,
			.target = event_get(event, "target"),
			.result = is_connect ? event_get(event, "result") : NULL,
			.text = is_connect ? event_get(event, "text") : NULL,
			.took_ns = took_ns,
			.event = is_connect ? (uint32_t)event->seq : 0,
			.resolved_by = resolve ? event_get(resolve, "by") : NULL,
		},
		.client_host = host,
		.server_host = NO_HOST,
		.way = is_connect ? way_of_connect(trace, event) : NULL,
		.start_ns = trace_time(trace, host, start_ns),
		.end_ns = end_ns == INT64_MAX ? end_ns : trace_time(trace, host, end_ns),
	};
	view.has_server = addr_of(event, "peer", &view.server) ||
			  (connecting && addr_of(connecting, "peer", &view.server));
	view.has_client = addr_of(event, "local", &view.client) ||
			  (connecting && addr_of(connecting, "local", &view.client));
	hosts_set(&view);
	return view;
}

static bool is_flow_of(const struct view *view, const struct flow *flow)
{
	if (flow->is_claimed || !flow->nsegment || !view->has_server ||
	    !addr_same(&flow->server, &view->server))
		return false;
	if (view->has_client)
		return addr_same(&flow->client, &view->client);
	return flow->has_syn && flow->segment[0].t_ns >= view->start_ns - SLACK_NS &&
	       (view->end_ns == INT64_MAX || flow->segment[0].t_ns <= view->end_ns + SLACK_NS);
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* The flow in this capture whose first packet is nearest to the connect(). */
static struct flow *flow_nearest(const struct view *view, const struct capture_seen *capture)
{
	struct flow *best = NULL;
	for (size_t i = 0; i < capture->flows.nflow; i++) {
		struct flow *flow = capture->flows.flow[i];
		if (is_flow_of(view, flow) &&
		    (!best || distance(flow->segment[0].t_ns, view->start_ns) <
				  distance(best->segment[0].t_ns, view->start_ns)))
			best = flow;
	}
	return best;
}

/* Finds the flow in the captures of one host; `twin` (may be NULL): the same flow seen elsewhere.
 */
static void find_at(struct view *view, int host, const struct flow *twin,
		    const struct capture_seen **capture, struct flow **flow)
{
	for (size_t i = 0; i < view->trace->ncapture; i++) {
		const struct capture_seen *candidate = &view->trace->capture[i];
		if (host == NO_HOST || candidate->host != host)
			continue;
		struct flow *found =
		    twin ? flow_find(&candidate->flows, &twin->client, &twin->server, twin->isn)
			 : flow_nearest(view, candidate);
		if (found && !*flow) {
			*flow = found;
			*capture = candidate;
		} else if (!*capture) {
			*capture = candidate;
		}
	}
}

static void flows_find(struct view *view)
{
	find_at(view, view->client_host, NULL, &view->client_capture, &view->client_flow);
	find_at(view, view->server_host, view->client_flow, &view->server_capture,
		&view->server_flow);
	struct flow *flow = view->client_flow ? view->client_flow : view->server_flow;
	if (flow && !view->has_client) {
		view->has_client = true;
		view->client = flow->client;
		hosts_set(view);
	}
	/* Claims it in every capture, so that nobody counts it twice. */
	for (size_t i = 0; flow && i < view->trace->ncapture; i++) {
		struct flow *twin = flow_find(&view->trace->capture[i].flows, &flow->client,
					      &flow->server, flow->isn);
		if (twin)
			twin->is_claimed = true;
	}
}

static struct view of_flow(const struct trace *trace, const struct capture_seen *capture,
			   struct flow *flow)
{
	struct view view = {
		.trace = trace,
		.connection = { .took_ns = -1 },
		.has_server = true,
		.has_client = true,
		.client = flow->client,
		.server = flow->server,
		.client_host = NO_HOST,
		.server_host = NO_HOST,
		.start_ns = flow->segment[0].t_ns,
		.end_ns = flow->segment[flow->nsegment - 1].t_ns,
	};
	hosts_set(&view);
	find_at(&view, view.client_host, flow, &view.client_capture, &view.client_flow);
	find_at(&view, view.server_host, flow, &view.server_capture, &view.server_flow);
	if (!view.client_flow && !view.server_flow) { /* somebody's file: whose it is is not told */
		view.client_capture = capture;
		view.client_flow = flow;
	}
	flow->is_claimed = true;
	struct flow *seen[] = { view.client_flow, view.server_flow };
	for (size_t i = 0; i < COUNT(seen); i++)
		if (seen[i])
			seen[i]->is_claimed = true;
	return view;
}

static int compare(const void *a, const void *b)
{
	const struct view *one = a, *two = b;
	int x = one->connection.step, y = two->connection.step;
	if (x != y)
		return x == 0 ? 1 : y == 0 ? -1 : x < y ? -1 : 1;
	if (one->start_ns != two->start_ns)
		return one->start_ns < two->start_ns ? -1 : 1;
	return (one->connection.event > two->connection.event) -
	       (one->connection.event < two->connection.event);
}

size_t view_all(struct trace *trace, struct view **out)
{
	struct view *view = NULL;
	size_t count = 0, cap = 0;
	for (size_t i = 0; i < trace->nevent; i++) {
		const struct event *event = &trace->event[i];
		if (!event_is(event, "connect") &&
		    !(event_is(event, "connecting") && !is_decided(trace, event)))
			continue;
		view = arena_grow(trace->arena, view, count, &cap, sizeof *view);
		view[count++] = of_event(trace, event);
	}
	/* First who knows its own end: one that never had any may take no flow of theirs. */
	for (int knows = 1; knows >= 0; knows--)
		for (size_t i = 0; i < count; i++)
			if (view[i].has_client == knows && !view[i].client_flow)
				flows_find(&view[i]);
	for (size_t i = 0; i < trace->ncapture; i++) {
		const struct capture_seen *capture = &trace->capture[i];
		for (size_t f = 0; f < capture->flows.nflow; f++) {
			struct flow *flow = capture->flows.flow[f];
			if (flow->is_claimed || !flow->has_syn)
				continue;
			view = arena_grow(trace->arena, view, count, &cap, sizeof *view);
			view[count++] = of_flow(trace, capture, flow);
		}
	}
	if (count)
		qsort(view, count, sizeof *view, compare);
	*out = view;
	return count;
}
