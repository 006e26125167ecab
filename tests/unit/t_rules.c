/* rules: the laws of the table, and the engine on facts of our own making. */
#include "unit.h"

#include "diagnose.h"

static bool has(const enum fact *list, enum fact fact)
{
	for (size_t i = 0; i < RULE_FACTS && list[i] != FACT_NONE; i++)
		if (list[i] == fact)
			return true;
	return false;
}

/* Facts a and b cannot both be YES. */
static bool is_exclusive(enum fact a, enum fact b)
{
	for (size_t i = 0; rules_exclusive[i][0] != FACT_NONE; i++)
		if (a != b && has(rules_exclusive[i], a) && has(rules_exclusive[i], b))
			return true;
	return false;
}

/* Something that `a` must have keeps `b` from holding. */
static bool keeps_out(const struct rule *a, const struct rule *b)
{
	for (size_t i = 0; i < RULE_FACTS && a->must[i] != FACT_NONE; i++) {
		if (has(b->deny, a->must[i]) || has(b->bar, a->must[i]))
			return true;
		for (size_t k = 0; k < RULE_FACTS && b->must[k] != FACT_NONE; k++)
			if (is_exclusive(a->must[i], b->must[k]))
				return true;
	}
	return false;
}

static void two_rules_that_could_hold_at_once_ask_for_unequally_much(void **state)
{
	(void)state;
	for (size_t a = 0; a < rules_count; a++)
		for (size_t b = a + 1; b < rules_count; b++)
			if (rule_weight(&rules[a]) == rule_weight(&rules[b]) &&
			    !keeps_out(&rules[a], &rules[b]) && !keeps_out(&rules[b], &rules[a]))
				fail_msg("%s and %s: which?", rules[a].id, rules[b].id);
}

static void each_rule_has_a_stable_name_a_sentence_and_what_to_do(void **state)
{
	const struct rule_info *info;
	(void)state;
	assert_int_equal(rule_list(&info), rules_count);
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *rule = &rules[i];
		bool is_ok = streq(rule->id, "ok");
		assert_string_equal(info[i].code, rule->id);
		assert_true(is_ok || strchr(rule->id, '.'));
		assert_int_equal(strspn(rule->id, "abcdefghijklmnopqrstuvwxyz0123456789-."),
				 strlen(rule->id));
		assert_int_equal(rule->says[strlen(rule->says) - 1], '.');
		assert_true(is_ok || rule->next[0]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rule->id, rules[k].id);
		/* Nothing is proven by one witness alone. */
		if (rule->most == PROVEN)
			assert_true(rule_weight(rule) > 1);
	}
}

static void each_fact_has_a_name_and_both_its_sentences(void **state)
{
	(void)state;
	for (int i = FACT_NONE + 1; i < FACT_COUNT; i++) {
		const struct fact_row *row = fact_row((enum fact)i);
		assert_true(row->id && row->yes && row->no && row->missing && row->fetch);
		for (int k = FACT_NONE + 1; k < i; k++)
			assert_string_not_equal(row->id, fact_row((enum fact)k)->id);
	}
}

static struct facts facts_for(const struct rule *rule)
{
	struct facts facts = { 0 };
	for (size_t i = 0; i < RULE_FACTS; i++) {
		facts.at[rule->must[i]].truth = YES;
		facts.at[rule->need[i]].truth = YES;
		facts.at[rule->deny[i]].truth = NO;
	}
	facts.at[FACT_NONE].truth = UNSEEN;
	return facts;
}

static void each_rule_wins_on_the_facts_that_it_asks_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < rules_count; i++) {
		struct facts facts = facts_for(&rules[i]);
		struct diagnosis diagnosis = diagnose(&facts);
		assert_string_equal(diagnosis.rule->id, rules[i].id);
		assert_int_equal(diagnosis.confidence, rules[i].most);
	}
}

/* For each fact: unseen never leaves a proof, and the opposite never leaves the rule. */
static void a_proof_falls_with_any_fact_that_its_rule_asks_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *rule = &rules[i];
		enum confidence confidence;
		for (int fact = FACT_NONE + 1; fact < FACT_COUNT; fact++) {
			struct facts facts = facts_for(rule);
			struct fact_value *value = &facts.at[fact];
			bool is_must = has(rule->must, (enum fact)fact);
			bool is_need = has(rule->need, (enum fact)fact);
			bool is_deny = has(rule->deny, (enum fact)fact);
			if (!is_must && !is_need && !is_deny)
				continue;
			value->truth = UNSEEN;
			if (is_must)
				assert_false(rule_holds(rule, &facts, &confidence));
			else
				assert_true(rule_holds(rule, &facts, &confidence) &&
					    confidence < PROVEN);
			value->truth = is_deny ? YES : NO;
			assert_false(rule_holds(rule, &facts, &confidence));
		}
		for (size_t k = 0; k < RULE_FACTS && rule->bar[k] != FACT_NONE; k++) {
			struct facts facts = facts_for(rule);
			facts.at[rule->bar[k]].truth = YES;
			assert_false(rule_holds(rule, &facts, &confidence));
		}
	}
}

/* The engine takes the rule that asks for most: one that is only likely must not stand before
 * another that is proven, or losing a fact would make the verdict more certain. */
static void no_rule_that_is_likely_hides_one_that_is_proven(void **state)
{
	(void)state;
	for (size_t p = 0; p < rules_count; p++) {
		const struct rule *proven = &rules[p];
		if (proven->most != PROVEN)
			continue;
		for (size_t l = 0; l < rules_count; l++) {
			const struct rule *likely = &rules[l];
			enum confidence of_proven, of_likely;
			struct facts facts = facts_for(proven);
			if (keeps_out(proven, likely) || keeps_out(likely, proven))
				continue;
			for (size_t i = 0; i < RULE_FACTS && likely->must[i] != FACT_NONE; i++)
				facts.at[likely->must[i]].truth = YES;
			if (!rule_holds(proven, &facts, &of_proven) ||
			    !rule_holds(likely, &facts, &of_likely) || of_proven <= of_likely)
				continue;
			if (rule_weight(likely) > rule_weight(proven))
				fail_msg("%s hides %s", likely->id, proven->id);
		}
	}
}

static void with_nothing_seen_nothing_is_claimed(void **state)
{
	struct facts facts = { 0 };
	struct diagnosis diagnosis = diagnose(&facts);
	(void)state;
	assert_string_equal(diagnosis.rule->id, "failed.unexplained");
	assert_int_equal(diagnosis.confidence, UNDECIDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_rules_that_could_hold_at_once_ask_for_unequally_much),
		cmocka_unit_test(each_rule_has_a_stable_name_a_sentence_and_what_to_do),
		cmocka_unit_test(each_fact_has_a_name_and_both_its_sentences),
		cmocka_unit_test(each_rule_wins_on_the_facts_that_it_asks_for),
		cmocka_unit_test(a_proof_falls_with_any_fact_that_its_rule_asks_for),
		cmocka_unit_test(no_rule_that_is_likely_hides_one_that_is_proven),
		cmocka_unit_test(with_nothing_seen_nothing_is_claimed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
