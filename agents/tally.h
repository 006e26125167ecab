/* How often each result came: "ok 12, ETIMEDOUT 8", most frequent first, then by name. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TALLY_WORDS = 16,
	TALLY_TEXT = 512
};

struct tally { /* {0}: nothing came yet */
	size_t count;
	struct tally_word {
		char word[24]; /* an errno's name at most */
		int times;
	} at[TALLY_WORDS];
};

/* Counts one more; false: more than TALLY_WORDS different words, nothing was counted. */
bool tally_add(struct tally *tally, const char *word);
/* Sorts it; "" when nothing came. Returns out. */
const char *tally_text(struct tally *tally, char out[TALLY_TEXT]);

#endif
