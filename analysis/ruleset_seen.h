/* A ruleset as a host listed it (nft -j), as rules, chains and counters. */
#ifndef RULESET_SEEN_H
#define RULESET_SEEN_H

#include <jansson.h>

#include "rule_match.h"

struct rules { /* one ruleset as read back */
	json_t *root, *list;
	const struct event *event;
};

/* false: the listing cannot be read. Close it in any case. */
bool rules_open(struct rules *rules, const struct reading *reading);
void rules_close(struct rules *rules);
/* The chain in which the rule stands; NULL: it is not listed. */
const json_t *rules_chain_of(const struct rules *rules, const json_t *rule);
/* The same rule in another listing; NULL: it is not there. */
const json_t *rules_find(const struct rules *rules, const json_t *rule);

bool rule_is_same_chain(const json_t *one, const json_t *rule);
bool hook_is_way_in(const char *hook);
bool hook_is_elsewhere(const char *hook); /* output, forward, postrouting */
/* What a counter of a rule holds; -1: nothing that can be read. */
int64_t counter_packets(const json_t *counter);
/* ... of this rule in another listing; 0 when it was not there. */
int64_t rules_packets(const struct rules *rules, const struct view *view, const json_t *rule);
/* "table inet filter, chain input, handle 17" */
const char *rule_name(const json_t *rule, struct arena *arena);

/* "table inet filter, chain input, handle 17 resets: +3 packets" */
const char *rule_words(const struct view *view, const json_t *rule, enum action action,
		       int64_t moved);

/* How many SYNs of the connection came to the server, as far as it was seen. */
size_t syns_arrived(const struct view *view);

#endif
