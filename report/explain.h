/* `lab explain`: from a code, an errno, a number or a log line to its lesson. Pure: what is true of
 * this host only is handed in. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "lesson.h"
#include "report.h"

/* How this host repeats SYNs. */
struct syn_host {
	bool is_known;
	int retries, linear; /* sysctls; linear 0 where the kernel has none */
	int64_t jiffy_us;    /* 0: unknown */
};

struct explained {
	const struct lesson *lesson;
	const char *code;          /* what was asked for: a family or a rule's code */
	const struct cause *cause; /* NULL: the family as a whole */
	const char *says;          /* the rule's sentence for `code`; NULL */
	const char *note;          /* NULL */
};

/* True: found. False: nothing fits; out->note then may say what it is. */
bool explain_find(struct explained *out, const char *text);
/* Every code and word it knows, for "did you mean". Returns their count. */
size_t explain_words(const char *const **out, struct arena *arena);
void explain_text(FILE *out, const struct style *style, const struct explained *explained,
		  const struct syn_host *host);
/* Schema lab.explain/1. */
void explain_json(struct buf *out, const struct explained *explained, const struct syn_host *host);

#endif
