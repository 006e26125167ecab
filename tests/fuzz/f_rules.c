/* Any facts against the laws of the engine. The first byte says in what order the rest is laid on
 * the facts, so that short inputs reach all of them. */
/* Aims at: analysis/diagnose.c */
#include "fuzz.h"

#include "diagnose.h"

enum {
	RULES_MOST = 64
};

/* At most one of a row of rules_exclusive is yes: what the fillers promise. */
static void make_possible(struct facts *facts)
{
	for (size_t row = 0; rules_exclusive[row][0] != FACT_NONE; row++) {
		bool has_yes = false;

		for (size_t i = 0; i < RULE_FACTS && rules_exclusive[row][i] != FACT_NONE; i++) {
			struct fact_value *value = &facts->at[rules_exclusive[row][i]];

			if (value->truth == YES && has_yes)
				value->truth = NO;
			has_yes |= value->truth == YES;
		}
	}
}

static bool all(const enum fact *list, const struct facts *facts, enum truth truth)
{
	for (size_t i = 0; i < RULE_FACTS && list[i] != FACT_NONE; i++)
		if (facts->at[list[i]].truth != truth)
			return false;
	return true;
}

static bool any(const enum fact *list, const struct facts *facts, enum truth truth)
{
	for (size_t i = 0; i < RULE_FACTS && list[i] != FACT_NONE; i++)
		if (facts->at[list[i]].truth == truth)
			return true;
	return false;
}

static bool names(const enum fact *list, enum fact fact)
{
	for (size_t i = 0; i < RULE_FACTS && list[i] != FACT_NONE; i++)
		if (list[i] == fact)
			return true;
	return false;
}

/* What a verdict may be given for: the row, read anew, without the engine's own helpers. */
static void check_verdict(const struct diagnosis *diagnosis, const struct facts *facts)
{
	const struct rule *rule = diagnosis->rule;

	LAW(all(rule->must, facts, YES));
	LAW(!any(rule->deny, facts, YES) && !any(rule->bar, facts, YES));
	LAW(!any(rule->need, facts, NO));
	LAW(diagnosis->confidence <= rule->most);
	if (diagnosis->confidence == PROVEN)
		LAW(all(rule->need, facts, YES) && all(rule->deny, facts, NO));
}

static void check_no_tie(const struct diagnosis *diagnosis, const struct facts *facts)
{
	enum confidence ignored;

	for (size_t i = 0; i < rules_count; i++) {
		if (&rules[i] == diagnosis->rule || !rule_holds(&rules[i], facts, &ignored))
			continue;
		LAW(rule_weight(&rules[i]) < rule_weight(diagnosis->rule));
	}
}

/* Without one of the facts no rule that held is more certain, nor is the verdict, unless it goes to
 * a rule against which that very fact spoke. */
static void check_unseen(const struct diagnosis *before, struct facts *facts)
{
	enum confidence was[RULES_MOST], is;
	bool did_hold[RULES_MOST];

	LAW(rules_count <= RULES_MOST);
	for (size_t k = 0; k < rules_count; k++)
		did_hold[k] = rule_holds(&rules[k], facts, &was[k]);
	for (int i = FACT_NONE + 1; i < FACT_COUNT; i++) {
		enum truth truth = facts->at[i].truth;
		enum fact fact = (enum fact)i, against;

		if (truth == UNSEEN)
			continue;
		facts->at[fact].truth = UNSEEN;
		for (size_t k = 0; k < rules_count; k++)
			if (did_hold[k] && rule_holds(&rules[k], facts, &is))
				LAW(is <= was[k]);
		const struct diagnosis after = diagnose(facts);

		check_verdict(&after, facts);
		if (after.confidence == PROVEN)
			LAW(!names(after.rule->must, fact) && !names(after.rule->need, fact) &&
			    !names(after.rule->deny, fact));
		facts->at[fact].truth = truth;
		if (rule_against(after.rule, facts, &against, 1) == 0)
			LAW(after.confidence <= before->confidence);
		else
			LAW(against == fact);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct facts facts = { 0 };
	size_t step = len > 0 ? bytes[0] % (FACT_COUNT - 1) : 0;

	for (size_t i = 1; i < len && i < FACT_COUNT; i++)
		facts.at[1 + (i * (step | 1) + step) % (FACT_COUNT - 1)].truth =
		    (enum truth)(bytes[i] % 3);
	make_possible(&facts);
	const struct diagnosis diagnosis = diagnose(&facts);

	check_verdict(&diagnosis, &facts);
	check_no_tie(&diagnosis, &facts);
	check_unseen(&diagnosis, &facts);
	return 0;
}
