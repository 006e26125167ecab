/* AWS's shared files, ~/.aws/config and ~/.aws/credentials: sections of "key = value" lines, read
 * as AWS's own tools do. Values are secrets: they are only in the file's buffer, which is wiped. */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>

#include "arena.h"
#include "buf.h"
#include "err.h"

enum {
	PROFILE_BYTES = 1 << 20,
	PROFILE_WORDS = 64 /* of a command line */
};

enum profile_kind {
	PROFILE_CONFIG,     /* [profile NAME], [default]; other sections are no profiles */
	PROFILE_CREDENTIALS /* [NAME] */
};

struct profile_row {
	const char *profile;
	const char *key; /* NULL: the section begins here */
	char *value;     /* without space around it, and without a comment behind it */
	int line;
};

struct profile_file {
	const char *path; /* the caller's */
	struct buf text;  /* what the rows point into */
	struct profile_row *rows;
	size_t count;
};

/* 0: *out is what is there; a file that is not there has no rows. -1: it cannot be read, or
 * "PATH:LINE: why", never with a value. Rows are in the arena. Close it in any case. */
int profile_read(struct profile_file *out, const char *path, enum profile_kind kind,
		 struct arena *arena, struct err *err);
void profile_close(struct profile_file *file); /* wipes it; safe twice, and for {0} */

bool profile_has(const struct profile_file *file, const char *profile);
/* The last that is not empty; keys are the same in capitals. NULL: none. */
const struct profile_row *profile_find(const struct profile_file *file, const char *profile,
				       const char *key);

/* Splits a command line in its place, by space, quotes and backslashes as a shell would, but
 * nothing is expanded. How many words, NULL behind the last. -1: none, too many, or a quote that
 * does not end. */
int profile_words(char *line, const char *words[PROFILE_WORDS + 1]);

#endif
