/* What the server's own firewall did: rulesets as the kernel lists them (nft -j), before and after.
 * A rule is believed when its match fits the SYN, nothing before it in its chain may have taken the
 * SYN, and its counter moved by the SYNs that arrived. A doubt makes the answer unseen, never no.
 */
#include "fact.h"

#include "rule_match.h"

struct rules { /* one ruleset as read back */
	json_t *root, *list;
	const struct event *event;
};

static bool rules_open(struct rules *rules, const struct reading *reading)
{
	const char *text = event_get(reading->end, "json");
	*rules = (struct rules){ .event = reading->end };
	if (!text)
		return event_num(reading->end, "tables", -1) == 0;
	rules->root = json_loads(text, 0, NULL);
	rules->list = json_object_get(rules->root, "nftables");
	return json_is_array(rules->list);
}

static const json_t *element_find(const struct rules *rules, const char *kind, const json_t *like,
				  const char *name_here, const char *name_there)
{
	for (size_t i = 0; i < json_array_size(rules->list); i++) {
		const json_t *one = json_object_get(json_array_get(rules->list, i), kind);
		if (one && streq(rule_text(one, "family"), rule_text(like, "family")) &&
		    streq(rule_text(one, "table"), rule_text(like, "table")) &&
		    json_equal(json_object_get(one, name_here), json_object_get(like, name_there)))
			return one;
	}
	return NULL;
}

/* Is the rule in a chain through which a packet for this host passes by itself? */
static bool is_on_the_way_in(const struct rules *rules, const json_t *rule)
{
	const json_t *chain = element_find(rules, "chain", rule, "name", "chain");
	const char *hook = chain ? rule_text(chain, "hook") : "";
	return streq(hook, "input") || streq(hook, "prerouting") || streq(hook, "ingress");
}

static bool is_off_the_way(const struct rules *rules, const json_t *rule)
{
	const json_t *chain = element_find(rules, "chain", rule, "name", "chain");
	const char *hook = chain ? rule_text(chain, "hook") : "";
	return streq(hook, "output") || streq(hook, "forward") || streq(hook, "postrouting");
}

static int64_t packets_of(const json_t *counter)
{
	const json_t *packets = json_object_get(counter, "packets");
	int64_t count = json_is_integer(packets) ? json_integer_value(packets) : -1;
	return count < 0 ? -1 : count;
}

static bool is_same_chain(const json_t *one, const json_t *rule)
{
	return streq(rule_text(one, "family"), rule_text(rule, "family")) &&
	       streq(rule_text(one, "table"), rule_text(rule, "table")) &&
	       streq(rule_text(one, "chain"), rule_text(rule, "chain"));
}

/* The same rule in another listing; NULL: it is not there. */
static const json_t *rule_find(const struct rules *rules, const json_t *rule)
{
	for (size_t i = 0; i < json_array_size(rules->list); i++) {
		const json_t *one = json_object_get(json_array_get(rules->list, i), "rule");
		if (one && is_same_chain(one, rule) &&
		    json_equal(json_object_get(one, "handle"), json_object_get(rule, "handle")))
			return one;
	}
	return NULL;
}

/* How much its counter had in the earlier listing; 0 when it was not there. */
static int64_t packets_before(const struct rules *before, const struct view *view,
			      const json_t *rule)
{
	const json_t *one = rule_find(before, rule);
	int64_t packets = one ? packets_of(rule_judge(view, one).counter) : 0;
	return packets > 0 ? packets : 0;
}

/* ---- the fact ---- */

static size_t syns_arrived(const struct view *view)
{
	const struct flow *flow = view->server_flow ? view->server_flow : view->client_flow;
	return flow ? flow_count(flow, true, segment_is_syn) : 0;
}

static const char *rule_words(const struct view *view, const json_t *rule, enum action action,
			      int64_t moved)
{
	return arena_printf(view->trace->arena, "rule in %s %s %s %s: its counter +%lld",
			    rule_text(rule, "family"), rule_text(rule, "table"),
			    rule_text(rule, "chain"), action == ACTION_RESET ? "resets" : "drops",
			    (long long)moved);
}

struct search {
	const struct view *view;
	const struct rules *before, *after;
	enum action action;
	enum truth truth; /* NO until something speaks against it */
	const char *says;
};

/* Did a rule before this one in its chain perhaps end the way of the SYN? One whose counter stood
 * still did not. */
static bool is_taken_before(const struct search *search, const json_t *rule)
{
	for (size_t i = 0; i < json_array_size(search->after->list); i++) {
		const json_t *one = json_object_get(json_array_get(search->after->list, i), "rule");
		if (one == rule)
			return false;
		if (!one || !is_same_chain(one, rule))
			continue;
		struct judged judged = rule_judge(search->view, one);
		int64_t now = packets_of(judged.counter);
		if (judged.action != ACTION_NONE && judged.fits != FITS_NO &&
		    (now < 0 || now != packets_before(search->before, search->view, one)))
			return true;
	}
	return false;
}

static void rule_look(struct search *search, const json_t *rule)
{
	struct judged judged = rule_judge(search->view, rule);
	if (judged.action != search->action || judged.fits == FITS_NO ||
	    is_off_the_way(search->after, rule) || search->truth == YES)
		return;
	int64_t now = packets_of(judged.counter);
	int64_t moved = now - packets_before(search->before, search->view, rule);
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
	search->says = now < 0 ? "a rule that may match has no counter"
		       : is_taken_before(search, rule)
			   ? "another rule of its chain may have taken the SYN first"
			   : "a rule that may match counted other packets too";
}

/* A rule that was taken away before the second listing took its counter with it. */
static void gone_look(struct search *search, const json_t *rule)
{
	struct judged judged = rule_judge(search->view, rule);
	if (search->truth != NO || judged.action != search->action || judged.fits == FITS_NO ||
	    is_off_the_way(search->before, rule) || rule_find(search->after, rule))
		return;
	search->truth = UNSEEN;
	search->says = "a rule that may match was removed meanwhile";
}

/* A chain whose policy drops has no counter. */
static void chain_look(struct search *search, const json_t *chain)
{
	const char *hook = rule_text(chain, "hook");
	bool is_on_the_way =
	    streq(hook, "input") || streq(hook, "prerouting") || streq(hook, "ingress");
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
	json_decref(before.root);
	json_decref(after.root);
}
