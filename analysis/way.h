/* What becomes of the SYN of a connection between its arrival at the server and TCP there, as the
 * server's ruleset alone says it: every chain on the way is walked. */
#ifndef WAY_H
#define WAY_H

#include "ruleset_seen.h"

enum fate {
	FATE_UNSEEN, /* `why` says what is in doubt */
	FATE_PASSED, /* nothing there can take, answer or divert it */
	FATE_TAKEN   /* by `rule`, in this way: `action` */
};

struct way {
	enum fate fate;
	enum action action;
	const json_t *rule; /* in `before`; NULL: the policy of a chain */
	bool is_maybe;      /* a rule of the chain before it may have let the SYN pass */
	const char *why;
};

/* `before` is the listing that held when the SYN came (its generation did not change), `after` has
 * its counters behind it. A counter that stood still says that a rule that drops or accepts did not
 * match; of rules that answer it says nothing: somebody may have set it back. */
struct way way_of(const struct view *view, const struct rules *before, const struct rules *after);

#endif
