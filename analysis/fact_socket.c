/* What the kernel's socket tables say: who listens, on which address, and in which state the
 * connection hung. Before and after must agree; a table that is not whole proves no absence. */
#include "fact.h"

#include "parse.h"

enum {
	NEARBY_PORTS = 10
};

enum place {
	PLACE_NONE,
	PLACE_HERE,
	PLACE_ELSEWHERE,
	PLACE_NEARBY
};

/* Would the reading have a row whose port at this side ("local", "peer") is `port`? Its ports are
 * "1234,1235" (absent or empty: all); a step asks for one side of them. */
static bool covers(const struct reading *reading, const char *side, uint16_t port)
{
	const char *ports = event_get(reading->end, "ports");
	const char *asked = event_get(reading->end, "side");
	if (asked ? !streq(asked, side) : reading->number == 0)
		return false;
	if (!ports || !*ports)
		return event_num(reading->end, "ports", port) == port;
	while (*ports) {
		char word[8] = "";
		int64_t number;
		size_t len = strcspn(ports, ",");
		if (len < sizeof word) {
			memcpy(word, ports, len);
			if (parse_int(word, 0, 65535, &number) == 0 && number == port)
				return true;
		}
		ports += len + (ports[len] == ',');
	}
	return false;
}

/* The rows of a reading, newest first: the next one in front of `at` (first: the reading's end);
 * NULL: no more. */
static const struct event *row_before(const struct trace *trace, const struct reading *reading,
				      const struct event *at)
{
	while ((at = event_older(trace, at))) {
		if (at->step != reading->end->step ||
		    event_num(at, "snapshot", 0) != reading->number)
			continue;
		if (event_is(at, "sockets"))
			return NULL;
		if (event_is(at, "socket"))
			return at;
	}
	return NULL;
}

/* A wildcard takes its own family; [::] takes IPv4 too unless it has IPV6_V6ONLY. */
static bool takes_family(const struct addr *any, const struct event *row, const struct addr *server)
{
	if (any->family == server->family)
		return true;
	return any->family == 6 && event_num(row, "v6only", 0) == 0;
}

/* A port next to the one that was asked for is that service's only where the process is known to
 * belong to this run: on a machine that others use, neighbours are strangers. */
static bool is_of_this_run(const struct view *view, const struct event *row)
{
	const struct trace *trace = view->trace;
	const struct host_seen *host = &trace->host[view->server_host];
	int64_t pid = event_num(row, "pid", 0);
	if (pid <= 0 || host->is_private)
		return pid > 0;
	for (const struct event *event = host->newest; event; event = event_older(trace, event))
		if (event_is(event, "listen") && event_num(event, "pid", 0) == pid)
			return true;
	return false;
}

/* Where this LISTEN row stands to the address that the client used. */
static enum place place_of(const struct view *view, const struct event *row)
{
	struct addr local;
	const char *text = event_get(row, "local"), *state = event_get(row, "state");
	if (!text || !state || !streq(state, "LISTEN") || addr_parse_text(&local, text) < 0)
		return PLACE_NONE;
	/* On a shared stack a listener on another host's address is that host's. */
	int owner = addr_is_any(&local) ? NO_HOST : trace_owner(view->trace, &local);
	if (owner != NO_HOST && owner != view->server_host)
		return PLACE_NONE;
	bool accepts = addr_same_ip(&local, &view->server) ||
		       (addr_is_any(&local) && takes_family(&local, row, &view->server));
	if (local.port == view->server.port)
		return accepts ? PLACE_HERE : PLACE_ELSEWHERE;
	int away = (int)local.port - (int)view->server.port;
	bool is_near = away <= NEARBY_PORTS && away >= -NEARBY_PORTS;
	return accepts && is_near && is_of_this_run(view, row) ? PLACE_NEARBY : PLACE_NONE;
}

static const struct event *listener_in(const struct view *view, const struct reading *reading,
				       enum place place)
{
	const struct event *row = reading->end;
	while ((row = row_before(view->trace, reading, row)))
		if (place_of(view, row) == place)
			return row;
	return NULL;
}

static const char *row_words(const struct view *view, const struct event *row, const char *verb)
{
	struct arena *arena = view->trace->arena;
	const char *local = event_get(row, "local"), *process = event_get(row, "process");
	int64_t pid = event_num(row, "pid", 0);
	if (pid <= 0)
		return arena_printf(arena, "a socket %s on %s", verb, local);
	return arena_printf(arena, "%s %lld %s on %s", process ? process : "pid", (long long)pid,
			    verb, local);
}

static bool did_listen_here(const struct view *view, const struct event *last, int64_t pid)
{
	for (; last; last = event_older(view->trace, last))
		if (event_is(last, "listen") && event_num(last, "pid", -1) == pid &&
		    event_num(last, "port", -1) == view->server.port)
			return true;
	return false;
}

/* Did a process begin or end to listen on the port between the tables? Then two tables that agree
 * do not say how it was when the SYN came. */
static bool changed_between(const struct view *view, const struct reading *before,
			    const struct reading *after)
{
	const struct trace *trace = view->trace;
	const struct event *event = trace->host[view->server_host].newest;
	for (; event; event = event_older(trace, event)) {
		int64_t t_ns = trace_time(trace, view->server_host, event->t_ns);
		if (t_ns < before->start_ns || t_ns > after->end_ns)
			continue;
		if (event_is(event, "listen") && event_num(event, "port", -1) == view->server.port)
			return true;
		if (event_is(event, "exit") &&
		    did_listen_here(view, event, event_num(event, "pid", -2)))
			return true;
	}
	return false;
}

static void listener(struct facts *facts, const struct view *view, enum fact fact, enum place place,
		     const struct reading *before, const struct reading *after)
{
	const struct event *first = listener_in(view, before, place);
	const struct event *second = listener_in(view, after, place);
	struct fact_value *value;
	if (changed_between(view, before, after)) {
		fact_set(facts, fact, UNSEEN, "a server began or ended between the tables");
	} else if (first && second) {
		value = fact_set(facts, fact, YES, row_words(view, second, "listens"));
		fact_event(value, first);
		fact_event(value, second);
	} else if (!first && !second) {
		value = fact_set(facts, fact, NO, NULL);
		fact_event(value, before->end);
		fact_event(value, after->end);
	} else {
		fact_set(facts, fact, UNSEEN, "the socket tables before and after differ");
	}
}

/* Somebody listened there in an older table: the evidence that the service was there. */
static void listened_before(struct facts *facts, const struct view *view)
{
	const struct trace *trace = view->trace;
	for (size_t i = trace->nreading; i-- > 0;) {
		const struct reading *reading = &trace->reading[i];
		if (reading->host != view->server_host || !streq(reading->kind, "sockets") ||
		    reading->end_ns >= view->start_ns)
			continue;
		const struct event *row = listener_in(view, reading, PLACE_HERE);
		if (!row)
			continue;
		fact_event(
		    fact_set(facts, FACT_LISTENED_BEFORE, YES, row_words(view, row, "did listen")),
		    row);
		return;
	}
}

static void port_closed(struct facts *facts, const struct view *view)
{
	const struct fact_value *here = &facts->at[FACT_LISTENER];
	const struct fact_value *elsewhere = &facts->at[FACT_LISTENER_ELSEWHERE];
	struct fact_value value = *here;
	if (here->truth == NO && elsewhere->truth == NO) {
		value.truth = YES;
		value.says = arena_printf(view->trace->arena, "no socket listens on port %u",
					  view->server.port);
	} else if (here->truth == YES || elsewhere->truth == YES) {
		value = here->truth == YES ? *here : *elsewhere;
		value.truth = NO;
	} else {
		value = here->truth == UNSEEN ? *here : *elsewhere;
	}
	facts->at[FACT_PORT_CLOSED] = value;
}

static void listeners(struct facts *facts, const struct view *view)
{
	const struct reading *before, *after;
	if (!view->has_server || !view_bracket(view, "sockets", &before, &after) ||
	    !covers(before, "local", view->server.port) ||
	    !covers(after, "local", view->server.port))
		return;
	listener(facts, view, FACT_LISTENER, PLACE_HERE, before, after);
	listener(facts, view, FACT_LISTENER_ELSEWHERE, PLACE_ELSEWHERE, before, after);
	listener(facts, view, FACT_LISTENER_NEARBY, PLACE_NEARBY, before, after);
	port_closed(facts, view);
	listened_before(facts, view);
}

/* Is this row the connection itself, seen by the host that has `local`? */
static bool is_row_of(const struct event *row, const char *state, const struct addr *local,
		      const struct addr *peer)
{
	struct addr here, there;
	const char *is = event_get(row, "state");
	const char *here_text = event_get(row, "local"), *there_text = event_get(row, "peer");
	return is && streq(is, state) && here_text && there_text &&
	       addr_parse_text(&here, here_text) == 0 && addr_parse_text(&there, there_text) == 0 &&
	       addr_same(&here, local) && addr_same(&there, peer);
}

static bool may_have_arrived(const struct view *view, const struct reading *reading)
{
	const struct flow *flow = view->server_flow ? view->server_flow : view->client_flow;
	return flow && flow->nsegment && reading->start_ns > flow->segment[0].t_ns;
}

/* The state in which the connection hung, in the tables read while connect() was not decided. */
static void hanging(struct facts *facts, const struct view *view, enum fact fact, int host,
		    const char *state, const struct addr *local, const struct addr *peer)
{
	const struct trace *trace = view->trace;
	int64_t bound_ns = trace_bound(trace, view->client_host, host);
	if (host == NO_HOST || bound_ns == INT64_MAX || !view->has_client || !view->has_server)
		return;
	for (size_t i = 0; i < trace->nreading; i++) {
		const struct reading *reading = &trace->reading[i];
		if (reading->host != host || !streq(reading->kind, "sockets") ||
		    reading->start_ns <= view->start_ns + bound_ns ||
		    (view->end_ns != INT64_MAX && reading->end_ns >= view->end_ns - bound_ns))
			continue;
		const struct event *row = reading->end;
		while ((row = row_before(trace, reading, row))) {
			if (is_row_of(row, state, local, peer)) {
				fact_event(fact_set(facts, fact, YES, NULL), row);
				return;
			}
		}
		const char *side = local == &view->server ? "local" : "peer";
		if (reading->is_complete && covers(reading, side, view->server.port) &&
		    may_have_arrived(view, reading))
			fact_event(fact_set(facts, fact, NO, NULL), reading->end);
	}
}

void facts_of_sockets(struct facts *facts, const struct view *view)
{
	listeners(facts, view);
	hanging(facts, view, FACT_ROW_SYN_SENT, view->client_host, "SYN-SENT", &view->client,
		&view->server);
	hanging(facts, view, FACT_ROW_SYN_RECV, view->server_host, "SYN-RECV", &view->server,
		&view->client);
}
