/* Equal results always give the same text, whatever order they came in. */
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

bool tally_add(struct tally *tally, const char *word)
{
	size_t i = 0;

	while (i < tally->count && !streq(tally->at[i].word, word))
		i++;
	if (i == TALLY_WORDS)
		return false;
	if (i == tally->count) {
		tally->at[i] = (struct tally_word){ 0 };
		snprintf(tally->at[i].word, sizeof tally->at[i].word, "%s", word);
		tally->count++;
	}
	tally->at[i].times++;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct tally_word *one = a, *two = b;

	if (one->times != two->times)
		return one->times > two->times ? -1 : 1;
	return strcmp(one->word, two->word);
}

const char *tally_text(struct tally *tally, char out[TALLY_TEXT])
{
	size_t len = 0;

	qsort(tally->at, tally->count, sizeof *tally->at, compare);
	out[0] = '\0';
	for (size_t i = 0; i < tally->count && len < TALLY_TEXT; i++)
		len += (size_t)snprintf(out + len, TALLY_TEXT - len, "%s%s %d", i > 0 ? ", " : "",
					tally->at[i].word, tally->at[i].times);
	return out;
}
