/* The engine: facts against the table of rules. */
#ifndef DIAGNOSE_H
#define DIAGNOSE_H

#include "rules.h"

struct diagnosis {
	const struct rule *rule;
	enum confidence confidence;
};

/* Some rule always holds: the last row asks for nothing. */
struct diagnosis diagnose(const struct facts *facts);
/* 0: it does not hold with these facts; else 1 and how sure it would be. */
int rule_holds(const struct rule *rule, const struct facts *facts, enum confidence *confidence);
size_t rule_weight(const struct rule *rule); /* facts that it asks for */
/* Up to `max` facts that speak against the rule (seen, not merely missing); 0: none does. */
size_t rule_against(const struct rule *rule, const struct facts *facts, enum fact *out, size_t max);

/* tell.c: evidence, look-alikes, what is missing, what to do next. Texts in the view's arena. */
void finding_tell(struct finding *finding, const struct diagnosis *diagnosis,
		  const struct facts *facts, const struct view *view);

#endif
