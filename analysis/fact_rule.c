/* What the server's own firewall did: rulesets as the kernel lists them (nft -j), before and after.
 * A rule is believed when its match fits the SYN and its counter moved by the SYNs that arrived.
 * An expression that we cannot judge makes the answer unseen, never no. */
#include "fact.h"

#include <jansson.h>

#include "parse.h"

enum fits {
	FITS_NO,
	FITS_UNKNOWN,
	FITS_YES
}; /* the least of several holds for all */
enum action {
	ACTION_NONE,
	ACTION_DROP,
	ACTION_RESET,
	ACTION_REJECT
};

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

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

/* ---- does a match fit the SYN of this flow? ---- */

static enum fits number_fits(const json_t *right, int64_t number)
{
	const json_t *range = json_object_get(right, "range");
	const json_t *set = json_object_get(right, "set");
	if (json_is_array(right))
		set = right;
	if (json_is_integer(right))
		return json_integer_value(right) == number ? FITS_YES : FITS_NO;
	if (json_is_array(range) && json_is_integer(json_array_get(range, 0)) &&
	    json_is_integer(json_array_get(range, 1)))
		return number >= json_integer_value(json_array_get(range, 0)) &&
			       number <= json_integer_value(json_array_get(range, 1))
			   ? FITS_YES
			   : FITS_NO;
	enum fits best = json_is_array(set) ? FITS_NO : FITS_UNKNOWN;
	for (size_t i = 0; i < json_array_size(set); i++) {
		const json_t *element = json_array_get(set, i);
		enum fits fits =
		    json_is_array(element) ? FITS_UNKNOWN : number_fits(element, number);
		best = fits > best ? fits : best;
	}
	return best;
}

static bool prefix_has(const struct addr *net, int64_t bits, const struct addr *addr)
{
	int64_t most = net->family == 4 ? 32 : 128;
	if (net->family != addr->family || bits < 0 || bits > most)
		return false;
	for (int64_t i = 0; i < bits; i++) {
		unsigned mask = 0x80u >> (i % 8);
		if ((net->ip[i / 8] & mask) != (addr->ip[i / 8] & mask))
			return false;
	}
	return true;
}

static enum fits address_fits(const json_t *right, const struct addr *addr)
{
	struct addr net;
	const json_t *prefix = json_object_get(right, "prefix");
	const json_t *set = json_object_get(right, "set");
	const char *text = json_string_value(right);
	if (text && addr_parse(&net, text, 0) == 0)
		return addr_same_ip(&net, addr) ? FITS_YES : FITS_NO;
	if (prefix && addr_parse(&net, text_of(prefix, "addr"), 0) == 0)
		return prefix_has(&net, json_integer_value(json_object_get(prefix, "len")), addr)
			   ? FITS_YES
			   : FITS_NO;
	enum fits best = json_is_array(set) ? FITS_NO : FITS_UNKNOWN;
	for (size_t i = 0; i < json_array_size(set); i++) {
		const json_t *element = json_array_get(set, i);
		enum fits fits =
		    json_object_get(element, "set") ? FITS_UNKNOWN : address_fits(element, addr);
		best = fits > best ? fits : best;
	}
	return best;
}

static enum fits payload_fits(const struct view *view, const json_t *payload, const json_t *right)
{
	const char *protocol = text_of(payload, "protocol"), *field = text_of(payload, "field");
	bool is_ip = streq(protocol, "ip"), is_ip6 = streq(protocol, "ip6");
	if (streq(protocol, "udp") || streq(protocol, "icmp") || streq(protocol, "icmpv6") ||
	    (is_ip && view->server.family == 6) || (is_ip6 && view->server.family == 4))
		return FITS_NO;
	if ((streq(protocol, "tcp") || streq(protocol, "th")) && streq(field, "dport"))
		return number_fits(right, view->server.port);
	if ((streq(protocol, "tcp") || streq(protocol, "th")) && streq(field, "sport"))
		return view->has_client ? number_fits(right, view->client.port) : FITS_UNKNOWN;
	if ((is_ip || is_ip6) && streq(field, "daddr"))
		return address_fits(right, &view->server);
	if ((is_ip || is_ip6) && streq(field, "saddr"))
		return view->has_client ? address_fits(right, &view->client) : FITS_UNKNOWN;
	if (is_ip && streq(field, "protocol") && json_is_string(right))
		return streq(json_string_value(right), "tcp") ? FITS_YES : FITS_NO;
	return FITS_UNKNOWN;
}

static enum fits meta_fits(const struct view *view, const json_t *meta, const json_t *right)
{
	const char *key = text_of(meta, "key"), *is = json_string_value(right);
	if (streq(key, "l4proto") && is)
		return streq(is, "tcp") ? FITS_YES : FITS_NO;
	if (streq(key, "nfproto") && is)
		return streq(is, view->server.family == 6 ? "ipv6" : "ipv4") ? FITS_YES : FITS_NO;
	return FITS_UNKNOWN;
}

static enum fits match_fits(const struct view *view, const json_t *match)
{
	const json_t *left = json_object_get(match, "left"),
		     *right = json_object_get(match, "right");
	const json_t *payload = json_object_get(left, "payload"),
		     *meta = json_object_get(left, "meta");
	const char *op = text_of(match, "op");
	enum fits fits = payload ? payload_fits(view, payload, right)
			 : meta  ? meta_fits(view, meta, right)
				 : FITS_UNKNOWN;
	if (streq(op, "=="))
		return fits;
	if (streq(op, "!=") && fits != FITS_UNKNOWN)
		return fits == FITS_YES ? FITS_NO : FITS_YES;
	return FITS_UNKNOWN;
}

/* ---- one rule ---- */

struct judged {
	enum action action;
	enum fits fits;
	const json_t *counter; /* NULL: the rule has none */
};

static enum action verdict_of(const json_t *expression)
{
	const json_t *reject = json_object_get(expression, "reject");
	if (json_object_get(expression, "drop"))
		return ACTION_DROP;
	if (!reject)
		return ACTION_NONE;
	return streq(text_of(reject, "type"), "tcp reset") ? ACTION_RESET : ACTION_REJECT;
}

static struct judged rule_judge(const struct view *view, const json_t *rule)
{
	struct judged out = { .fits = FITS_YES };
	const json_t *expr = json_object_get(rule, "expr");
	const char *family = text_of(rule, "family");
	if (streq(family, view->server.family == 6 ? "ip" : "ip6"))
		out.fits = FITS_NO;
	for (size_t i = 0; i < json_array_size(expr); i++) {
		const json_t *one = json_array_get(expr, i);
		const json_t *match = json_object_get(one, "match");
		enum fits fits = FITS_YES;
		if (match)
			fits = match_fits(view, match);
		else if (json_object_get(one, "counter"))
			out.counter = json_object_get(one, "counter");
		else if (verdict_of(one) != ACTION_NONE)
			out.action = verdict_of(one);
		else if (!json_object_get(one, "log") && !json_object_get(one, "comment"))
			fits = FITS_UNKNOWN; /* limit, jump, set look-ups … */
		out.fits = fits < out.fits ? fits : out.fits;
	}
	return out;
}

static const json_t *element_find(const struct rules *rules, const char *kind, const json_t *like,
				  const char *name_here, const char *name_there)
{
	for (size_t i = 0; i < json_array_size(rules->list); i++) {
		const json_t *one = json_object_get(json_array_get(rules->list, i), kind);
		if (one && streq(text_of(one, "family"), text_of(like, "family")) &&
		    streq(text_of(one, "table"), text_of(like, "table")) &&
		    json_equal(json_object_get(one, name_here), json_object_get(like, name_there)))
			return one;
	}
	return NULL;
}

/* Is the rule in a chain through which a packet for this host passes by itself? */
static bool is_on_the_way_in(const struct rules *rules, const json_t *rule)
{
	const json_t *chain = element_find(rules, "chain", rule, "name", "chain");
	const char *hook = chain ? text_of(chain, "hook") : "";
	return streq(hook, "input") || streq(hook, "prerouting") || streq(hook, "ingress");
}

static bool is_off_the_way(const struct rules *rules, const json_t *rule)
{
	const json_t *chain = element_find(rules, "chain", rule, "name", "chain");
	const char *hook = chain ? text_of(chain, "hook") : "";
	return streq(hook, "output") || streq(hook, "forward") || streq(hook, "postrouting");
}

static int64_t packets_of(const json_t *counter)
{
	const json_t *packets = json_object_get(counter, "packets");
	int64_t count = json_is_integer(packets) ? json_integer_value(packets) : -1;
	return count < 0 ? -1 : count;
}

/* The same rule in another listing; NULL: it is not there. */
static const json_t *rule_find(const struct rules *rules, const json_t *rule)
{
	for (size_t i = 0; i < json_array_size(rules->list); i++) {
		const json_t *one = json_object_get(json_array_get(rules->list, i), "rule");
		if (one && streq(text_of(one, "family"), text_of(rule, "family")) &&
		    streq(text_of(one, "table"), text_of(rule, "table")) &&
		    streq(text_of(one, "chain"), text_of(rule, "chain")) &&
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
			    text_of(rule, "family"), text_of(rule, "table"), text_of(rule, "chain"),
			    action == ACTION_RESET ? "resets" : "drops", (long long)moved);
}

struct search {
	const struct view *view;
	const struct rules *before, *after;
	enum action action;
	enum truth truth; /* NO until something speaks against it */
	const char *says;
};

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
	    is_on_the_way_in(search->after, rule)) {
		search->truth = YES;
		search->says = rule_words(search->view, rule, search->action, moved);
		return;
	}
	search->truth = UNSEEN;
	search->says = now < 0 ? "a rule that may match has no counter"
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
	const char *hook = text_of(chain, "hook");
	if (search->action == ACTION_DROP && search->truth == NO &&
	    streq(text_of(chain, "policy"), "drop") &&
	    (streq(hook, "input") || streq(hook, "prerouting"))) {
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
