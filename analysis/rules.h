/* The table of diagnoses. A rule speaks of facts alone. */
#ifndef RULES_H
#define RULES_H

#include "fact.h"

enum {
	RULE_FACTS = 10,
	RULE_NEXT = 6
};

struct rule {
	const char *id;              /* "refused.no-listener" */
	const char *says;            /* one sentence without jargon */
	enum confidence most;        /* it is never more certain than this */
	enum fact must[RULE_FACTS];  /* YES, or the rule does not hold */
	enum fact need[RULE_FACTS];  /* YES for proven; UNSEEN: likely; NO: it does not hold */
	enum fact deny[RULE_FACTS];  /* NO for proven; UNSEEN: likely; YES: it does not hold */
	enum fact bar[RULE_FACTS];   /* YES: it does not hold; else without weight */
	enum fact also[RULE_FACTS];  /* cited when seen, without weight */
	enum fact ask[RULE_FACTS];   /* as also; and what is unseen of it is said to be missing */
	const char *next[RULE_NEXT]; /* for a real system; {port} {server} are filled in */
};

extern const struct rule rules[];
extern const size_t rules_count;
/* Facts of which at most one can be YES; rows end with FACT_NONE, the table with an empty row. */
extern const enum fact rules_exclusive[][RULE_FACTS];

#endif
