/* What `lab explain` teaches: a lesson a family of verdicts, a row a cause, a row a word or log
 * line by which people meet it. Tables; a test holds them to the rules of the analysis. */
#ifndef LESSON_H
#define LESSON_H

#include <stddef.h>

struct pair {
	const char *name, *text; /* {0} ends a list */
};

struct check {
	const char *where;   /* "on the server" */
	const char *command; /* to paste */
	const char *tells;
	const char *platform; /* "linux": executed by a test; others are marked as not tried here */
};

struct lesson {
	const char *family; /* "refused" */
	const char *title;
	const char *sentence;       /* without jargon */
	const struct pair *alike;   /* what looks the same, and by what it is told apart */
	const struct check *checks; /* most likely first; command NULL ends */
	const struct pair *said;    /* program, and how it says it */
	const char *reference, *try;
};

struct cause {
	const char *code; /* as the rules name it */
	const char *told_by, *mend;
};

/* One row of the table against the neighbours. "%wait" and "%syns" stand for what is computed. */
struct difference {
	const char *name, *refused, *timeout, *reset;
};

enum alias_kind {
	ALIAS_WORD,
	ALIAS_PART
};
struct alias { /* lower case */
	enum alias_kind kind;
	const char *text;
	const char *family; /* NULL: known, but no lesson: `note` says what it is */
	const char *note;
};

/* family, name or code NULL ends each. */
extern const struct lesson lessons[];
extern const struct cause causes[];
extern const struct difference differences[];
extern const struct alias aliases[]; /* the first that fits counts */

#endif
