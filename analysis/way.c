/* A walk through the chains in the place of a packet. Rules that may or may not match are followed
 * both ways; whatever cannot be decided makes the whole way unseen. */
#include "way.h"

enum {
	DEPTH_MAX = 16,      /* as the kernel's own */
	LOOKS_MAX = 1 << 22, /* a hostile listing ends, too */
};

enum pace {
	PACE_ON, /* to the next rule */
	PACE_RETURN,
	PACE_ACCEPT,
	PACE_TAKEN,
	PACE_LOST
};

struct walk {
	const struct view *view;
	const struct rules *before, *after;
	size_t looks;
	bool is_maybe; /* within the chain of a hook that is walked */
	struct way way;
};

static enum pace lost(struct walk *walk, const json_t *rule, const char *why)
{
	struct arena *arena = walk->view->trace->arena;
	walk->way.why = arena_printf(arena, "%s %s", rule_name(rule, arena), why);
	return PACE_LOST;
}

static enum pace taken(struct walk *walk, const json_t *rule, enum action action)
{
	walk->way.rule = rule;
	walk->way.action = action;
	walk->way.is_maybe = walk->is_maybe;
	return PACE_TAKEN;
}

static bool stood_still(struct walk *walk, const json_t *rule, const struct judged *judged)
{
	int64_t then = counter_packets(judged->counter);
	const json_t *now = rules_find(walk->after, rule);
	walk->looks += json_array_size(walk->after->list);
	return then >= 0 && now && counter_packets(rule_judge(walk->view, now).counter) == then;
}

static enum pace chain_walk(struct walk *walk, const json_t *like, const char *name, int depth);

/* A rule that may not match: then the next one follows, and what comes of both must agree. */
static enum pace pace_of_doubt(struct walk *walk, const json_t *rule, enum pace pace)
{
	if (pace == PACE_ON)
		return PACE_ON;
	if (pace == PACE_TAKEN)
		return lost(walk, rule, "may match");
	if (pace != PACE_LOST)
		walk->is_maybe = true;
	return pace == PACE_LOST ? PACE_LOST : PACE_ON;
}

static enum pace jump(struct walk *walk, const json_t *rule, const struct judged *judged, int depth)
{
	if (!judged->target || depth >= DEPTH_MAX)
		return lost(walk, rule, "jumps too far");
	enum pace pace = chain_walk(walk, rule, judged->target, depth + 1);
	if (pace != PACE_RETURN && pace != PACE_ON)
		return pace;
	return streq(judged->verdict, "goto") ? PACE_RETURN : PACE_ON;
}

static enum pace rule_walk(struct walk *walk, const json_t *rule, int depth)
{
	struct judged judged = rule_judge(walk->view, rule);
	enum pace pace;
	if (judged.is_opaque)
		return lost(walk, rule, "may answer or divert the SYN");
	if (judged.fits == FITS_NO || judged.action == ACTION_NONE)
		return PACE_ON;
	bool is_jump =
	    judged.verdict && (streq(judged.verdict, "jump") || streq(judged.verdict, "goto"));
	bool is_pass =
	    judged.verdict && (streq(judged.verdict, "accept") || streq(judged.verdict, "return"));
	if ((judged.action == ACTION_DROP || is_pass) && stood_still(walk, rule, &judged))
		return PACE_ON;
	if (is_jump)
		pace = jump(walk, rule, &judged, depth);
	else if (is_pass)
		pace = streq(judged.verdict, "accept") ? PACE_ACCEPT : PACE_RETURN;
	else if (judged.action == ACTION_OTHER)
		return lost(walk, rule, "may answer or divert the SYN");
	else
		pace = taken(walk, rule, judged.action);
	return judged.fits == FITS_YES ? pace : pace_of_doubt(walk, rule, pace);
}

/* The rules of the chain `name` in the table of `like`. */
static enum pace chain_walk(struct walk *walk, const json_t *like, const char *name, int depth)
{
	for (size_t i = 0; i < json_array_size(walk->before->list); i++) {
		const json_t *rule = json_object_get(json_array_get(walk->before->list, i), "rule");
		if (++walk->looks > LOOKS_MAX) {
			walk->way.why = "the ruleset is too long";
			return PACE_LOST;
		}
		if (!rule || !streq(rule_text(rule, "chain"), name) ||
		    !streq(rule_text(rule, "table"), rule_text(like, "table")) ||
		    !streq(rule_text(rule, "family"), rule_text(like, "family")))
			continue;
		enum pace pace = rule_walk(walk, rule, depth);
		if (pace != PACE_ON)
			return pace;
	}
	return PACE_ON;
}

/* Chains of a device or a bridge may see the SYN, or not: there nothing may take it. */
static bool is_beside(const json_t *chain)
{
	const char *family = rule_text(chain, "family");
	return streq(rule_text(chain, "hook"), "ingress") ||
	       (!streq(family, "inet") && !streq(family, "ip") && !streq(family, "ip6"));
}

/* The chain of a hook, with its policy. */
static enum pace base_walk(struct walk *walk, const json_t *chain)
{
	struct arena *arena = walk->view->trace->arena;
	walk->is_maybe = false;
	enum pace pace = chain_walk(walk, chain, rule_text(chain, "name"), 0);
	if (pace == PACE_ACCEPT || pace == PACE_LOST)
		return pace;
	if (pace != PACE_TAKEN && !streq(rule_text(chain, "policy"), "drop"))
		return PACE_ON;
	if (pace != PACE_TAKEN)
		pace = taken(walk, NULL, ACTION_DROP);
	if (!is_beside(chain))
		return pace;
	walk->way.why = arena_printf(arena, "chain %s of table %s %s may take the SYN",
				     rule_text(chain, "name"), rule_text(chain, "family"),
				     rule_text(chain, "table"));
	return PACE_LOST;
}

static bool is_on_the_way(const struct view *view, const json_t *chain)
{
	const char *family = rule_text(chain, "family");
	return hook_is_way_in(rule_text(chain, "hook")) && !streq(family, "arp") &&
	       !streq(family, view->server.family == 6 ? "ip" : "ip6");
}

struct way way_of(const struct view *view, const struct rules *before, const struct rules *after)
{
	struct walk walk = { .view = view, .before = before, .after = after };
	size_t takers = 0;
	for (size_t i = 0; i < json_array_size(before->list); i++) {
		const json_t *chain = json_object_get(json_array_get(before->list, i), "chain");
		if (!chain || !is_on_the_way(view, chain))
			continue;
		enum pace pace = base_walk(&walk, chain);
		takers += pace == PACE_TAKEN;
		if (takers > 1) /* which comes first is a matter of priorities */
			walk.way.why = "more than one chain takes the SYN";
		if (pace == PACE_LOST || takers > 1)
			return (struct way){ .why = walk.way.why };
	}
	walk.way.fate = takers ? FATE_TAKEN : FATE_PASSED;
	return walk.way;
}
