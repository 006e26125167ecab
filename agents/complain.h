/* Words for people on stderr, which may be a channel that nobody reads. */
#ifndef COMPLAIN_H
#define COMPLAIN_H

#include "util.h"

/* "lab-agent: WORDS" as one line of at most 512 bytes; never blocks: what does not fit is lost. */
void complain(const char *fmt, ...) PRINTF(1, 2);

#endif
