/* Rulesets as hosts listed them: looked through, never changed. */
#include "ruleset_seen.h"

bool rules_open(struct rules *rules, const struct reading *reading)
{
	const char *text = event_get(reading->end, "json");
	*rules = (struct rules){ .event = reading->end };
	if (!text)
		return event_num(reading->end, "tables", -1) == 0;
	rules->root = json_loads(text, 0, NULL);
	rules->list = json_object_get(rules->root, "nftables");
	return json_is_array(rules->list);
}

void rules_close(struct rules *rules)
{
	json_decref(rules->root);
	*rules = (struct rules){ 0 };
}

const json_t *rules_chain_of(const struct rules *rules, const json_t *rule)
{
	for (size_t i = 0; i < json_array_size(rules->list); i++) {
		const json_t *one = json_object_get(json_array_get(rules->list, i), "chain");
		if (one && streq(rule_text(one, "family"), rule_text(rule, "family")) &&
		    streq(rule_text(one, "table"), rule_text(rule, "table")) &&
		    json_equal(json_object_get(one, "name"), json_object_get(rule, "chain")))
			return one;
	}
	return NULL;
}

bool hook_is_way_in(const char *hook)
{
	return streq(hook, "input") || streq(hook, "prerouting") || streq(hook, "ingress");
}

bool hook_is_elsewhere(const char *hook)
{
	return streq(hook, "output") || streq(hook, "forward") || streq(hook, "postrouting");
}

int64_t counter_packets(const json_t *counter)
{
	const json_t *packets = json_object_get(counter, "packets");
	int64_t count = json_is_integer(packets) ? json_integer_value(packets) : -1;
	return count < 0 ? -1 : count;
}

bool rule_is_same_chain(const json_t *one, const json_t *rule)
{
	return streq(rule_text(one, "family"), rule_text(rule, "family")) &&
	       streq(rule_text(one, "table"), rule_text(rule, "table")) &&
	       streq(rule_text(one, "chain"), rule_text(rule, "chain"));
}

const json_t *rules_find(const struct rules *rules, const json_t *rule)
{
	for (size_t i = 0; i < json_array_size(rules->list); i++) {
		const json_t *one = json_object_get(json_array_get(rules->list, i), "rule");
		if (one && rule_is_same_chain(one, rule) &&
		    json_equal(json_object_get(one, "handle"), json_object_get(rule, "handle")))
			return one;
	}
	return NULL;
}

int64_t rules_packets(const struct rules *rules, const struct view *view, const json_t *rule)
{
	const json_t *one = rules_find(rules, rule);
	int64_t packets = one ? counter_packets(rule_judge(view, one).counter) : 0;
	return packets > 0 ? packets : 0;
}

const char *rule_name(const json_t *rule, struct arena *arena)
{
	return arena_printf(arena, "table %s %s, chain %s, handle %lld", rule_text(rule, "family"),
			    rule_text(rule, "table"), rule_text(rule, "chain"),
			    (long long)json_integer_value(json_object_get(rule, "handle")));
}

const char *rule_words(const struct view *view, const json_t *rule, enum action action,
		       int64_t moved)
{
	struct arena *arena = view->trace->arena;
	return arena_printf(arena, "%s %s: %+lld packet%s", rule_name(rule, arena),
			    action == ACTION_RESET ? "resets" : "drops", (long long)moved,
			    moved == 1 ? "" : "s");
}

size_t syns_arrived(const struct view *view)
{
	const struct flow *flow = view->server_flow ? view->server_flow : view->client_flow;
	return flow ? flow_count(flow, true, segment_is_syn) : 0;
}
