/* Any facts: the engine gives a rule that holds, and a proof only when all it asks for was seen.
 * The rest of the bytes is a wire pattern against a wire pattern. */
#include <stddef.h>
#include <stdint.h>

#include "diagnose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct diagnosis *diagnosis, const struct facts *facts)
{
	enum confidence confidence;
	const struct rule *rule = diagnosis->rule;
	if (!rule_holds(rule, facts, &confidence) || confidence != diagnosis->confidence)
		abort();
	for (size_t i = 0; i < RULE_FACTS && diagnosis->confidence == PROVEN; i++)
		if ((rule->need[i] && facts->at[rule->need[i]].truth != YES) ||
		    (rule->must[i] && facts->at[rule->must[i]].truth != YES) ||
		    (rule->deny[i] && facts->at[rule->deny[i]].truth != NO))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts facts = { 0 };
	struct err err = { 0 };
	char pattern[128] = "", folded[128] = "";
	for (size_t i = 1; i < FACT_COUNT && size; i++, data++, size--)
		facts.at[i].truth = (enum truth)(*data % 3);
	struct diagnosis diagnosis = diagnose(&facts);
	check(&diagnosis, &facts);
	size_t half = size / 2 < 127 ? size / 2 : 127;
	memcpy(pattern, data, half);
	memcpy(folded, data + half, size - half < 127 ? size - half : 127);
	(void)wire_match(pattern, folded, &err);
	return 0;
}
