/* Counters of the server's kernel. A change is evidence only when every packet that can move the
 * counter was captured and their number equals the change. */
#include "fact.h"

struct bracket {
	const struct reading *before, *after;
};

/* The last event that gave this counter at or before `end`; NULL: it never moved. */
static const struct event *counter_event(const struct trace *trace, const char *name,
					 const struct event *end)
{
	for (const struct event *event = event_older(trace, end); event;
	     event = event_older(trace, event)) {
		const char *is = event_is(event, "counter") ? event_get(event, "name") : NULL;
		if (is && streq(is, name))
			return event;
	}
	return NULL;
}

/* Only changes are told, so each reading up to here must be whole. */
static bool is_known(const struct trace *trace, const struct reading *until)
{
	for (const struct reading *reading = trace->reading; reading <= until; reading++)
		if (reading->host == until->host && streq(reading->kind, "counters") &&
		    reading->number > 0 && !reading->is_complete)
			return false;
	return true;
}

/* Files may claim any number; up to this one sums and differences are exact. */
#define COUNTER_MOST (INT64_C(1) << 61)
static int64_t counter_value(const struct event *event)
{
	int64_t value = event ? event_num(event, "value", 0) : 0;
	return value < 0 ? 0 : value > COUNTER_MOST ? COUNTER_MOST : value;
}

static int64_t counter_change(const struct trace *trace, const struct bracket *bracket,
			      const char *name, const struct event **cite)
{
	const struct event *from = counter_event(trace, name, bracket->before->end);
	const struct event *to = counter_event(trace, name, bracket->after->end);
	*cite = to && to != from ? to : bracket->after->end;
	return counter_value(to) - counter_value(from);
}

static bool is_same_stack(const struct trace *trace, int a, int b)
{
	return a == b ||
	       (trace->host[a].net_ns && trace->host[a].net_ns == trace->host[b].net_ns &&
		*trace->host[a].boot_id && streq(trace->host[a].boot_id, trace->host[b].boot_id));
}

/* Every host on the server's network stack was captured without a loss; NULL or why not. */
static const char *captures_lack(const struct view *view)
{
	const struct trace *trace = view->trace;
	struct arena *arena = trace->arena;
	for (size_t h = 0; h < trace->nhost; h++) {
		size_t captures = 0;
		if (!is_same_stack(trace, (int)h, view->server_host) || !trace->host[h].naddress)
			continue;
		for (size_t i = 0; i < trace->ncapture; i++) {
			if (trace->capture[i].host != (int)h)
				continue;
			captures++;
			if (!trace->capture[i].is_whole)
				return arena_printf(arena, "the capture %s is not whole",
						    trace->capture[i].info.file);
			if (trace->capture[i].is_narrow)
				return arena_printf(arena, "the capture %s is filtered",
						    trace->capture[i].info.file);
		}
		if (trace->host[h].gone)
			return arena_printf(arena, "the capture %s is gone", trace->host[h].gone);
		if (!captures)
			return arena_printf(arena, "no capture at %s", trace->host[h].name);
		if (!trace->host[h].has_real)
			return arena_printf(arena, "no clock of %s", trace->host[h].name);
	}
	return NULL;
}

enum {
	AMBIGUOUS = -1
};

/* RSTs that left this capture's host between the readings. A stack shared by hosts shows a packet
 * in two captures: it counts where its sender is. */
static int64_t rsts_in(const struct view *view, const struct capture_seen *capture,
		       const struct bracket *bracket)
{
	const struct host_seen *host = &view->trace->host[capture->host];
	int64_t count = 0;
	for (size_t f = 0; f < capture->flows.nflow; f++) {
		const struct flow *flow = capture->flows.flow[f];
		for (size_t i = 0; i < flow->nsegment; i++) {
			const struct segment *segment = &flow->segment[i];
			if (!segment_is_rst(segment) || segment->t_ns < bracket->before->start_ns ||
			    segment->t_ns > bracket->after->end_ns ||
			    !host_has(host,
				      segment->is_from_client ? &flow->client : &flow->server))
				continue;
			if (segment->t_ns <= bracket->before->end_ns ||
			    segment->t_ns >= bracket->after->start_ns)
				return AMBIGUOUS; /* while the counters were read */
			count++;
		}
	}
	return count;
}

static int64_t rsts_left(const struct view *view, const struct bracket *bracket)
{
	int64_t count = 0;
	for (size_t i = 0; i < view->trace->ncapture; i++) {
		const struct capture_seen *capture = &view->trace->capture[i];
		if (capture->host == NO_HOST ||
		    !is_same_stack(view->trace, capture->host, view->server_host))
			continue;
		int64_t here = rsts_in(view, capture, bracket);
		if (here == AMBIGUOUS)
			return AMBIGUOUS;
		count += here;
	}
	return count;
}

static void out_rsts(struct facts *facts, const struct view *view, const struct bracket *bracket)
{
	const struct event *cite;
	struct arena *arena = view->trace->arena;
	int64_t change = counter_change(view->trace, bracket, "TcpOutRsts", &cite);
	int64_t left = rsts_left(view, bracket);
	const char *server = view->connection.server_host;
	if (facts->at[FACT_RST_LEFT].truth != YES || left < 1)
		return;
	if (change == left)
		fact_event(fact_set(facts, FACT_OUT_RSTS, YES,
				    arena_printf(arena, "%s TcpOutRsts +%lld, all accounted for",
						 server, (long long)change)),
			   cite);
	else if (change == 0)
		fact_event(
		    fact_set(facts, FACT_OUT_RSTS, NO,
			     arena_printf(arena,
					  "%s TcpOutRsts stands still: not its TCP sent the RST",
					  server)),
		    cite);
	else
		fact_set(facts, FACT_OUT_RSTS, UNSEEN,
			 arena_printf(arena, "%s TcpOutRsts +%lld, but %lld RST were captured",
				      server, (long long)change, (long long)left));
}

static size_t arrivals(const struct view *view, const struct bracket *bracket)
{
	size_t count = 0;
	for (size_t i = 0; view->server_flow && i < view->server_flow->nsegment; i++) {
		const struct segment *segment = &view->server_flow->segment[i];
		if (segment->is_from_client && segment->t_ns > bracket->before->end_ns &&
		    segment->t_ns < bracket->after->start_ns)
			count++;
	}
	return count;
}

static void undelivered(struct facts *facts, const struct view *view, const struct bracket *bracket)
{
	bool is_v6 = view->server.family == 6;
	const struct event *received, *delivered;
	int64_t in = counter_change(view->trace, bracket, is_v6 ? "Ip6InReceives" : "IpInReceives",
				    &received);
	int64_t up = counter_change(view->trace, bracket, is_v6 ? "Ip6InDelivers" : "IpInDelivers",
				    &delivered);
	size_t arrived = arrivals(view, bracket);
	struct arena *arena = view->trace->arena;
	if (!arrived || in < (int64_t)arrived)
		return;
	if (in != up && in - up != (int64_t)arrived) {
		fact_set(facts, FACT_UNDELIVERED, UNSEEN,
			 arena_printf(arena,
				      "%lld packets were not delivered, %zu are of this flow",
				      (long long)(in - up), arrived));
		return;
	}
	const char *says = in == up ? NULL
				    : arena_printf(arena,
						   "%s received %lld packet%s, delivered %lld: "
						   "%zu SYN lost between",
						   view->connection.server_host, (long long)in,
						   in == 1 ? "" : "s", (long long)up, arrived);
	struct fact_value *value = fact_set(facts, FACT_UNDELIVERED, in == up ? NO : YES, says);
	fact_event(value, received);
	fact_event(value, delivered);
}

static size_t rsts_of_flow(const struct view *view)
{
	return view->server_flow ? flow_count(view->server_flow, false, segment_is_rst) : 0;
}

/* Unseen, as the way is; or, where the way was seen, for another reason. */
static struct fact_value lacks_way(const struct fact_value *way, const char *else_why)
{
	if (way->truth != UNSEEN)
		return (struct fact_value){ .says = else_why };
	return (struct fact_value){ .says = way->says, .lack = FACT_WAY_CLEAR };
}

/* Where others move the counters, a change says nothing by itself: that TCP sent the RST is told by
 * a way on which nothing else could, and a counter that does not speak against it. */
static void out_rsts_shared(struct facts *facts, const struct view *view,
			    const struct bracket *bracket)
{
	const struct event *cite;
	struct arena *arena = view->trace->arena;
	const struct fact_value way = facts->at[FACT_WAY_CLEAR];
	int64_t change = counter_change(view->trace, bracket, "TcpOutRsts", &cite);
	size_t left = rsts_of_flow(view);
	const char *server = view->connection.server_host;
	struct fact_value *value = &facts->at[FACT_OUT_RSTS];
	if (facts->at[FACT_RST_LEFT].truth != YES || !left)
		return;
	if (change == 0) {
		fact_event(fact_set(facts, FACT_OUT_RSTS, NO,
				    arena_printf(arena,
						 "%s TcpOutRsts stands still: not its TCP "
						 "sent the RST",
						 server)),
			   cite);
	} else if (way.truth == NO) {
		*value = way;
	} else if (way.truth == YES && change >= (int64_t)left) {
		fact_event(
		    fact_set(facts, FACT_OUT_RSTS, YES,
			     arena_printf(arena,
					  "%s TcpOutRsts %+lld, nothing before it could answer",
					  server, (long long)change)),
		    cite);
		for (size_t i = 0; i < way.nsource && value->nsource < SOURCES; i++)
			value->source[value->nsource++] = way.source[i];
	} else {
		*value = lacks_way(&way, "its counter moved by less than was captured");
	}
}

static void counters_shared(struct facts *facts, const struct view *view,
			    const struct bracket *bracket)
{
	const struct fact_value *way = &facts->at[FACT_WAY_CLEAR];
	out_rsts_shared(facts, view, bracket);
	struct fact_value *value = &facts->at[FACT_UNDELIVERED];
	*value = lacks_way(way, "its rules let the SYN pass");
	if (way->truth != NO)
		return;
	*value = *way;
	value->truth = YES;
	value->says = "the rule took the SYN before its TCP saw it";
}

bool tcp_sent_no_rst(const struct view *view)
{
	struct bracket bracket = { 0 };
	const struct event *cite;
	return view_bracket(view, "counters", &bracket.before, &bracket.after) &&
	       is_known(view->trace, bracket.after) &&
	       counter_change(view->trace, &bracket, "TcpOutRsts", &cite) == 0;
}

void facts_of_counters(struct facts *facts, const struct view *view)
{
	struct bracket bracket;
	if (!view_bracket(view, "counters", &bracket.before, &bracket.after))
		return;
	bool is_private = view->trace->host[view->server_host].is_private;
	const char *why = is_private ? captures_lack(view) : NULL;
	if (!why && !is_known(view->trace, bracket.after))
		why = "a reading of the server's counters is not whole";
	if (why) {
		fact_set(facts, FACT_OUT_RSTS, UNSEEN, why);
		fact_set(facts, FACT_UNDELIVERED, UNSEEN, why);
		return;
	}
	if (!is_private) {
		counters_shared(facts, view, &bracket);
		return;
	}
	out_rsts(facts, view, &bracket);
	undelivered(facts, view, &bracket);
}
