/* A rule holds when nothing that was seen speaks against it; it is proven when all it asks for was
 * seen. Of several the one that asks for most wins. */
#include "diagnose.h"

static size_t length(const enum fact *list)
{
	size_t count = 0;
	while (count < RULE_FACTS && list[count] != FACT_NONE)
		count++;
	return count;
}

size_t rule_weight(const struct rule *rule)
{
	return length(rule->must) + length(rule->need) + length(rule->deny);
}

size_t rule_against(const struct rule *rule, const struct facts *facts, enum fact *out, size_t max)
{
	const struct {
		const enum fact *list;
		enum truth against;
	} parts[] = {
		{ rule->must, NO },
		{ rule->deny, YES },
		{ rule->bar, YES },
		{ rule->need, NO },
	};
	size_t count = 0;
	for (size_t p = 0; p < COUNT(parts); p++)
		for (size_t i = 0; i < length(parts[p].list) && count < max; i++)
			if (facts->at[parts[p].list[i]].truth == parts[p].against)
				out[count++] = parts[p].list[i];
	return count;
}

static bool is_all(const enum fact *list, const struct facts *facts, enum truth truth)
{
	for (size_t i = 0; i < length(list); i++)
		if (facts->at[list[i]].truth != truth)
			return false;
	return true;
}

int rule_holds(const struct rule *rule, const struct facts *facts, enum confidence *confidence)
{
	enum fact against;
	if (rule_against(rule, facts, &against, 1) || !is_all(rule->must, facts, YES))
		return 0;
	bool is_proven = is_all(rule->need, facts, YES) && is_all(rule->deny, facts, NO);
	*confidence = is_proven ? PROVEN : LIKELY;
	if (*confidence > rule->most)
		*confidence = rule->most;
	return 1;
}

struct diagnosis diagnose(const struct facts *facts)
{
	struct diagnosis best = { .rule = &rules[rules_count - 1] };
	for (size_t i = 0; i < rules_count; i++) {
		enum confidence confidence;
		if (rule_holds(&rules[i], facts, &confidence) &&
		    rule_weight(&rules[i]) > rule_weight(best.rule))
			best = (struct diagnosis){ .rule = &rules[i], .confidence = confidence };
	}
	return best;
}
