/* The list of facts as a table, and what all fillers share. */
#include "fact.h"

static const struct fact_row rows[FACT_COUNT] = {
#define X_ROW(name, fact_id, by, when_yes, when_no, what, command)                                 \
	[FACT_##name] = {                                                                          \
		.id = fact_id,                                                                     \
		.witness = WITNESS_##by,                                                           \
		.yes = when_yes,                                                                   \
		.no = when_no,                                                                     \
		.missing = what,                                                                   \
		.fetch = command,                                                                  \
	},
#define X(...) X_ROW(__VA_ARGS__)
	FACTS(X)
#undef X
#undef X_ROW
};

const struct fact_row *fact_row(enum fact fact)
{
	return &rows[fact];
}

struct fact_value *fact_set(struct facts *facts, enum fact fact, enum truth truth, const char *says)
{
	facts->at[fact] = (struct fact_value){ .truth = truth, .says = says };
	return &facts->at[fact];
}

void fact_packet(struct fact_value *value, const struct capture_seen *capture, uint32_t first,
		 uint32_t last)
{
	if (value->nsource < SOURCES)
		value->source[value->nsource++] = (struct source){
			.kind = SOURCE_PACKET,
			.file = capture->info.file,
			.first = first,
			.last = last,
		};
}

void fact_event(struct fact_value *value, const struct event *event)
{
	if (event && value->nsource < SOURCES)
		value->source[value->nsource++] = (struct source){
			.kind = SOURCE_EVENT,
			.first = (uint32_t)event->seq,
			.last = (uint32_t)event->seq,
		};
}

bool view_bracket(const struct view *view, const char *kind, const struct reading **before,
		  const struct reading **after)
{
	const struct trace *trace = view->trace;
	int64_t bound_ns = trace_bound(trace, view->client_host, view->server_host);
	if (view->server_host == NO_HOST || bound_ns == INT64_MAX || view->end_ns == INT64_MAX)
		return false;
	*before = reading_before(trace, view->server_host, kind, view->start_ns - bound_ns);
	*after = reading_after(trace, view->server_host, kind, view->end_ns + bound_ns);
	return *before && *after;
}

/* What application and wire say together: the application where it was heard, else the wire. */
static void together(struct facts *facts, enum fact out, enum fact application, enum fact wire)
{
	const struct fact_value *said = &facts->at[application];
	facts->at[out] = said->truth != UNSEEN ? *said : facts->at[wire];
	facts->at[out].says = NULL;
}

/* That the SYN came to the server is told by its capture, or by what its kernel lost there. */
static void reached(struct facts *facts)
{
	static const enum fact signs[] = { FACT_SYN_ARRIVED, FACT_UNDELIVERED, FACT_RULE_DROP };
	struct fact_value *out = &facts->at[FACT_REACHED];
	*out = facts->at[FACT_SYN_ARRIVED];
	for (size_t i = 0; i < COUNT(signs) && out->truth != YES; i++)
		if (facts->at[signs[i]].truth == YES)
			*out = facts->at[signs[i]];
	out->says = NULL;
}

void facts_fill(struct facts *facts, const struct view *view)
{
	*facts = (struct facts){ 0 };
	facts_of_application(facts, view);
	facts_of_wire(facts, view);
	together(facts, FACT_ESTABLISHED, FACT_CONNECT_OK, FACT_HANDSHAKE);
	together(facts, FACT_REFUSED, FACT_CONNECT_REFUSED, FACT_RST_TO_SYN);
	together(facts, FACT_TIMED_OUT, FACT_CONNECT_TIMED_OUT, FACT_UNANSWERED);
	together(facts, FACT_UNREACHABLE, FACT_CONNECT_UNREACHABLE, FACT_WAY_REFUSED);
	if (facts->at[FACT_UNREACHABLE].truth != YES && facts->at[FACT_WAY_FORBIDDEN].truth == YES)
		together(facts, FACT_UNREACHABLE, FACT_CONNECT_UNREACHABLE, FACT_WAY_FORBIDDEN);
	facts_of_next(facts, view);
	facts_of_sockets(facts, view);
	facts_of_ruleset(facts, view);
	facts_of_way(facts, view);
	facts_of_cloud(facts, view);
	facts_of_counters(facts, view);
	reached(facts);
}
