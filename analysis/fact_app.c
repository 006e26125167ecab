/* What the application was told by connect(). */
#include "fact.h"

static const struct event *connect_event(const struct view *view)
{
	uint32_t seq = view->connection.event;
	return seq ? &view->trace->event[seq - 1] : NULL;
}

static const char *in_words(const struct view *view)
{
	const struct connection *connection = &view->connection;
	if (connection->took_ns < 0)
		return arena_printf(view->trace->arena, "connect: %s", connection->result);
	bool is_long = connection->took_ns >= 1000000000;
	return arena_printf(view->trace->arena, "connect: %s after %.2f %s", connection->result,
			    (double)connection->took_ns / (is_long ? 1e9 : 1e6),
			    is_long ? "s" : "ms");
}

void facts_of_application(struct facts *facts, const struct view *view)
{
	static const struct {
		enum fact fact;
		const char *result[2];
	} results[] = {
		{ FACT_CONNECT_OK, { "ok", "ok" } },
		{ FACT_CONNECT_REFUSED, { "ECONNREFUSED", "ECONNREFUSED" } },
		{ FACT_CONNECT_TIMED_OUT, { "ETIMEDOUT", "TIMEOUT" } },
		{ FACT_CONNECT_UNREACHABLE, { "EHOSTUNREACH", "ENETUNREACH" } },
	};
	const struct event *event = connect_event(view);
	if (!event || !view->connection.result)
		return;
	for (size_t i = 0; i < COUNT(results); i++) {
		bool is = streq(view->connection.result, results[i].result[0]) ||
			  streq(view->connection.result, results[i].result[1]);
		fact_event(fact_set(facts, results[i].fact, is ? YES : NO, in_words(view)), event);
	}
}
