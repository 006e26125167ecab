/* Who may have answered on a machine that others use: their packets move its counters, so there the
 * rules themselves must say it. Two readings around the SYN, of one generation, say which rules it
 * met; that nothing else stood on its way is told by the host. */
#include "fact.h"

#include "way.h"

struct looks { /* at the server, around the SYN */
	const struct reading *rules[2], *hooks[2];
};

/* Why the server could not read it, in its own words. */
static const char *reading_error(const struct view *view, const char *kind, const char *else_why)
{
	const struct trace *trace = view->trace;
	for (size_t i = trace->nreading; i-- > 0;) {
		const struct reading *reading = &trace->reading[i];
		const char *error = event_get(reading->end, "error");
		if (reading->host == view->server_host && streq(reading->kind, kind) && error)
			return error;
	}
	return else_why;
}

/* NULL: they say all that stood on the way; else why not. */
static const char *looks_lack(const struct view *view, struct looks *looks)
{
	struct arena *arena = view->trace->arena;
	if (!view_bracket(view, "ruleset", &looks->rules[0], &looks->rules[1]))
		return reading_error(view, "ruleset", "no ruleset was read");
	if (!view_bracket(view, "hooks", &looks->hooks[0], &looks->hooks[1]))
		return reading_error(view, "hooks", "what stands beside the rules was not read");
	for (size_t i = 0; i < 2; i++) {
		const char *found = event_get(looks->hooks[i]->end, "found");
		if (found)
			return arena_printf(arena, "there is %s", found);
	}
	/* Read in front of the rules: equal in both, the first rules held until the second look. */
	int64_t first = event_num(looks->hooks[0]->end, "generation", -1);
	if (first < 0 || first != event_num(looks->hooks[1]->end, "generation", -1))
		return "the ruleset changed meanwhile";
	if (looks->rules[0]->number != looks->hooks[0]->number)
		return "no ruleset was read";
	return NULL;
}

static void cite(struct fact_value *value, const struct looks *looks)
{
	for (size_t i = 0; i < 2; i++)
		fact_event(value, looks->rules[i]->end);
	for (size_t i = 0; i < 2; i++)
		fact_event(value, looks->hooks[i]->end);
}

static void set_no(struct facts *facts, enum fact fact, const struct looks *looks)
{
	cite(fact_set(facts, fact, NO, NULL), looks);
}

static void passed(struct facts *facts, const struct looks *looks)
{
	cite(fact_set(facts, FACT_WAY_CLEAR, YES, NULL), looks);
	set_no(facts, FACT_RULE_RESET, looks);
	set_no(facts, FACT_RULE_DROP, looks);
}

/* Why the rule that takes the SYN is not believed; NULL: it is. */
static const char *taken_lacks(const struct view *view, const struct way *way, int64_t moved)
{
	struct arena *arena = view->trace->arena;
	size_t arrived = syns_arrived(view);
	if (!way->rule)
		return "a chain drops by policy, which counts nothing";
	const char *name = rule_name(way->rule, arena);
	if (way->action == ACTION_REJECT)
		return arena_printf(arena, "%s rejects by ICMP", name);
	if (moved < 0)
		return arena_printf(arena, "%s has no counter", name);
	if (!arrived || moved < (int64_t)arrived)
		return arena_printf(arena, "the counter of %s did not move", name);
	if (way->is_maybe && !tcp_sent_no_rst(view))
		return arena_printf(arena, "a rule before %s may have let the SYN pass", name);
	/* Where TCP sent no RST at all, what passed it would have been silent: no answer tells a
	 * drop from that. */
	if (way->is_maybe && way->action == ACTION_DROP)
		return arena_printf(arena, "a rule before %s may have let the SYN pass", name);
	return NULL;
}

static void taken(struct facts *facts, const struct view *view, const struct looks *looks,
		  const struct way *way, const struct rules *after)
{
	const json_t *now = way->rule ? rules_find(after, way->rule) : NULL;
	int64_t then = way->rule ? counter_packets(rule_judge(view, way->rule).counter) : -1;
	int64_t moved =
	    now && then >= 0 ? counter_packets(rule_judge(view, now).counter) - then : -1;
	const char *why = taken_lacks(view, way, moved);
	if (why) {
		fact_set(facts, FACT_WAY_CLEAR, UNSEEN, why);
		return;
	}
	bool is_reset = way->action == ACTION_RESET;
	const char *says = rule_words(view, way->rule, way->action, moved);
	cite(fact_set(facts, FACT_WAY_CLEAR, NO, says), looks);
	cite(fact_set(facts, is_reset ? FACT_RULE_RESET : FACT_RULE_DROP, YES, says), looks);
	set_no(facts, is_reset ? FACT_RULE_DROP : FACT_RULE_RESET, looks);
}

static void walk(struct facts *facts, const struct view *view, const struct looks *looks)
{
	struct rules before = { 0 }, after = { 0 };
	struct way way = { .why = "a ruleset cannot be read" };
	bool is_read = rules_open(&before, looks->rules[0]);
	if (rules_open(&after, looks->rules[1]) && is_read)
		way = way_of(view, &before, &after);
	if (way.fate == FATE_UNSEEN)
		fact_set(facts, FACT_WAY_CLEAR, UNSEEN, way.why);
	else if (way.fate == FATE_PASSED)
		passed(facts, looks);
	else
		taken(facts, view, looks, &way, &after);
	rules_close(&before);
	rules_close(&after);
}

void facts_of_way(struct facts *facts, const struct view *view)
{
	struct looks looks = { 0 };
	if (!view->has_server || view->server_host == NO_HOST ||
	    view->trace->host[view->server_host].is_private)
		return;
	const char *why = looks_lack(view, &looks);
	if (why)
		fact_set(facts, FACT_WAY_CLEAR, UNSEEN, why);
	else
		walk(facts, view, &looks);
}
