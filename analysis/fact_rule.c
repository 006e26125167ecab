/* What the server's own firewall did: rulesets as the kernel lists them (nft -j), before and after.
 * A rule is believed when its match fits the SYN, nothing before it in its chain may have taken the
 * SYN, and its counter moved by the SYNs that arrived. A doubt makes the answer unseen, never no.
 */
#include "fact.h"

#include "ruleset_seen.h"

/* Is the rule in a chain through which a packet for this host passes by itself? */
static bool is_on_the_way_in(const struct rules *rules, const json_t *rule)
{
	const json_t *chain = rules_chain_of(rules, rule);
	return chain && hook_is_way_in(rule_text(chain, "hook"));
}

static bool is_off_the_way(const struct rules *rules, const json_t *rule)
{
	const json_t *chain = rules_chain_of(rules, rule);
	return chain && hook_is_elsewhere(rule_text(chain, "hook"));
}

/* ---- the fact ---- */

struct search {
	const struct view *view;
	const struct rules *before, *after;
	enum action action;
	enum truth truth; /* NO until something speaks against it */
	const char *says;
};

/* May a rule that stood in front of this one, or perhaps did, and is gone by the second listing
 * have ended the way of the SYN? */
static bool is_taken_by_gone(const struct search *search, const json_t *rule)
{
	for (size_t i = 0; i < json_array_size(search->before->list); i++) {
		const json_t *one =
		    json_object_get(json_array_get(search->before->list, i), "rule");
		if (!one || !rule_is_same_chain(one, rule))
			continue;
		if (json_equal(json_object_get(one, "handle"), json_object_get(rule, "handle")))
			return false;
		struct judged judged = rule_judge(search->view, one);
		if (judged.action != ACTION_NONE && judged.fits != FITS_NO &&
		    !rules_find(search->after, one))
			return true;
	}
	return false;
}

/* Did a rule before this one in its chain perhaps end the way of the SYN? One whose counter stood
 * still did not. */
static bool is_taken_before(const struct search *search, const json_t *rule)
{
	if (is_taken_by_gone(search, rule))
		return true;
	for (size_t i = 0; i < json_array_size(search->after->list); i++) {
		const json_t *one = json_object_get(json_array_get(search->after->list, i), "rule");
		if (one == rule)
			return false;
		if (!one || !rule_is_same_chain(one, rule))
			continue;
		struct judged judged = rule_judge(search->view, one);
		int64_t now = counter_packets(judged.counter);
		if (judged.action != ACTION_NONE && judged.fits != FITS_NO &&
		    (now < 0 || now != rules_packets(search->before, search->view, one)))
			return true;
	}
	return false;
}

static const char *doubt_words(const struct search *search, const json_t *rule, int64_t now,
			       int64_t moved)
{
	struct arena *arena = search->view->trace->arena;
	const char *name = rule_name(rule, arena);
	if (now < 0)
		return arena_printf(arena, "%s may match and has no counter", name);
	if (is_taken_before(search, rule))
		return arena_printf(arena, "%s: %+lld; a rule before it may have taken the SYN",
				    name, (long long)moved);
	return arena_printf(arena, "%s may match: %+lld packet%s, others too", name,
			    (long long)moved, moved == 1 ? "" : "s");
}

static void rule_look(struct search *search, const json_t *rule)
{
	struct judged judged = rule_judge(search->view, rule);
	if (judged.action != search->action || judged.fits == FITS_NO ||
	    is_off_the_way(search->after, rule) || search->truth == YES)
		return;
	int64_t now = counter_packets(judged.counter);
	int64_t moved = now - rules_packets(search->before, search->view, rule);
	if (now >= 0 && moved == 0)
		return;
	int64_t arrived = (int64_t)syns_arrived(search->view);
	if (now >= 0 && judged.fits == FITS_YES && arrived > 0 && moved == arrived &&
	    is_on_the_way_in(search->after, rule) && !is_taken_before(search, rule)) {
		search->truth = YES;
		search->says = rule_words(search->view, rule, search->action, moved);
		return;
	}
	search->truth = UNSEEN;
	search->says = doubt_words(search, rule, now, moved);
}

/* A rule that was taken away before the second listing took its counter with it. */
static void gone_look(struct search *search, const json_t *rule)
{
	struct judged judged = rule_judge(search->view, rule);
	if (search->truth != NO || judged.action != search->action || judged.fits == FITS_NO ||
	    is_off_the_way(search->before, rule) || rules_find(search->after, rule))
		return;
	search->truth = UNSEEN;
	search->says = arena_printf(search->view->trace->arena, "%s may match and was removed",
				    rule_name(rule, search->view->trace->arena));
}

/* A chain whose policy drops has no counter. */
static void chain_look(struct search *search, const json_t *chain)
{
	bool is_on_the_way = hook_is_way_in(rule_text(chain, "hook"));
	if (search->action == ACTION_DROP && search->truth == NO &&
	    streq(rule_text(chain, "policy"), "drop") && is_on_the_way) {
		search->truth = UNSEEN;
		search->says = "a chain drops by policy, which counts nothing";
	}
}

static void search_run(struct facts *facts, enum fact fact, struct search search)
{
	for (size_t i = 0; i < json_array_size(search.after->list); i++) {
		const json_t *one = json_array_get(search.after->list, i);
		if (json_object_get(one, "rule"))
			rule_look(&search, json_object_get(one, "rule"));
		else if (json_object_get(one, "chain"))
			chain_look(&search, json_object_get(one, "chain"));
	}
	for (size_t i = 0; i < json_array_size(search.before->list); i++) {
		const json_t *one = json_array_get(search.before->list, i);
		if (json_object_get(one, "rule"))
			gone_look(&search, json_object_get(one, "rule"));
	}
	struct fact_value *value = fact_set(facts, fact, search.truth, search.says);
	if (search.truth == UNSEEN)
		return;
	fact_event(value, search.before->event);
	fact_event(value, search.after->event);
}

void facts_of_ruleset(struct facts *facts, const struct view *view)
{
	const struct reading *one, *two;
	struct rules before = { 0 }, after = { 0 };
	if (!view->has_server || !view_bracket(view, "ruleset", &one, &two))
		return;
	if (rules_open(&before, one) && rules_open(&after, two)) {
		struct search search = {
			.view = view,
			.before = &before,
			.after = &after,
			.action = ACTION_RESET,
			.truth = NO,
		};
		search_run(facts, FACT_RULE_RESET, search);
		search.action = ACTION_DROP;
		search_run(facts, FACT_RULE_DROP, search);
	}
	rules_close(&before);
	rules_close(&after);
}
