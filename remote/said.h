/* What programs on the way wrote: on stderr, as words for one line of an error, and lines of ours.
 */
#ifndef SAID_H
#define SAID_H

#include <stddef.h>

enum {
	SAID_WORDS = 400
};

/* The last three lines that hold words, joined by "; "; "" where there is none. Returns out. */
const char *said_words(const char *said, char out[SAID_WORDS]);

/* What a line says behind its first word, where that is `word`; else NULL. */
const char *said_behind(const char *line, const char *word);

#endif
