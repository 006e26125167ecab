/* What the files of the text report share. */
#ifndef TEXT_H
#define TEXT_H

#include "paint.h"

/* The part of text_step behind sign, name and host: what the step's own events say. */
struct step_words {
	char text[256];
	int64_t took_ns; /* -1: not worth telling */
};
void step_words(struct step_words *out, const struct event *step, const struct event *event,
		size_t nevent);

/* The last reading of a `sockets` step: its rows are the `socket` events from first to last whose
 * step it is. nrow 0: none. */
struct socket_table {
	size_t first, end; /* indexes of events, end excluded */
	size_t nrow, nlisten;
	bool was_read;
};
struct socket_table socket_table(const struct event *step, const struct event *event,
				 size_t nevent);

/* Key, words, and a citation at the right. */
void text_claim(FILE *out, const struct style *style, const char *key, const char *says,
		const char *source);
/* All that the finding judged rests on; what is implied or beyond a page only with -v. */
void text_proof(FILE *out, const struct style *style, const struct result *result);

/* One line that tells this failure from its neighbours, with times predicted from the sysctls that
 * the client's host told in this run; "" when there is nothing to tell. */
void neighbours_words(char *out, size_t len, const struct result *result);

#endif
