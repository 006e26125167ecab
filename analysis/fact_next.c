/* What the client's kernel knew of the way in the moment that connect() failed for want of one. */
#include "fact.h"

static bool is_any_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; word && i < count; i++)
		if (streq(word, words[i]))
			return true;
	return false;
}

static void neighbour(struct facts *facts, const struct view *view)
{
	static const char *const silent[] = { "FAILED", "INCOMPLETE" };
	const char *state = event_get(view->way, "neighbour");
	const char *iface = event_get(view->way, "iface"), *next = event_get(view->way, "gateway");
	bool is_silent = is_any_of(state, silent, COUNT(silent));

	if (!state)
		return;
	next = next ? next : event_get(view->way, "destination");
	fact_event(fact_set(facts, FACT_NEXT_SILENT, is_silent ? YES : NO,
			    arena_printf(view->trace->arena,
					 is_silent ? "%s does not answer on %s: ip neigh says %s"
						   : "%s is there on %s: ip neigh says %s",
					 next ? next : "the next machine",
					 iface ? iface : "its link", state)),
		   view->way);
}

void facts_of_next(struct facts *facts, const struct view *view)
{
	static const char *const none[] = { "ENETUNREACH", "EHOSTUNREACH" };
	const char *result;

	/* An answer from farther on: the way had begun, whatever is known of it now. */
	if (!view->way || facts->at[FACT_WAY_REFUSED].truth == YES ||
	    facts->at[FACT_WAY_FORBIDDEN].truth == YES)
		return;
	result = event_get(view->way, "result");
	if (is_any_of(result, none, COUNT(none))) {
		fact_event(
		    fact_set(facts, FACT_NO_ROUTE, YES,
			     arena_printf(view->trace->arena,
					  "the client has no route to it: ip route get says %s",
					  result)),
		    view->way);
		return;
	}
	if (event_get(view->way, "type")) {
		fact_event(fact_set(facts, FACT_NO_ROUTE, NO, NULL), view->way);
		neighbour(facts, view);
	}
}
