/* One rule of an nftables ruleset as `nft -j` lists it, held against the SYN of one connection. */
#ifndef RULE_MATCH_H
#define RULE_MATCH_H

#include <jansson.h>

#include "view.h"

enum fits { /* the least of several holds for all */
	FITS_NO,
	FITS_UNKNOWN, /* an expression that we cannot judge */
	FITS_YES
};
enum action {
	ACTION_NONE,
	ACTION_DROP,
	ACTION_RESET,
	ACTION_REJECT,
	ACTION_OTHER /* accept, return, jump, ...: no rule behind it may see the packet */
};

struct judged {
	enum action action;
	enum fits fits;
	const json_t *counter; /* borrowed; NULL: the rule has none */
	const char *verdict;   /* "accept", "jump" ... of ACTION_OTHER; else NULL */
	const char *target;    /* of jump and goto: a chain; else NULL */
	bool is_opaque;        /* it may do what we do not know, before any match fails */
};

struct judged rule_judge(const struct view *view, const json_t *rule);

/* The text of a member; "" when there is none. */
const char *rule_text(const json_t *object, const char *name);

#endif
