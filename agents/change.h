/* A change of a machine that words can undo: what stands in the journal before it is made. A kind
 * of change is what its verb's row names (step_sysctl.c). */
#ifndef CHANGE_H
#define CHANGE_H

#include "actor.h"
#include "err.h"
#include "lifeline.h"

enum {
	CHANGE_WORDS = 3072,
	CHANGE_TEXT = 256
};

enum change_end {      /* how an undoing ended */
	CHANGE_GONE,   /* it was as before */
	CHANGE_UNDONE, /* it is as before now */
	CHANGE_THEIRS  /* somebody else has changed it since: it stays so */
};

struct change_place {                  /* where it is made */
	const struct lifeline *spared; /* the connection that it may not cut; NULL: all is ours */
	const struct addr *address;    /* the host's first */
};

struct change_plan {
	/* For make and undo, and the journal: the name of what is changed, then what else they
	 * need, each behind a tab. No newline. */
	char words[CHANGE_WORDS];
	char asked[CHANGE_TEXT]; /* for people: what is to be, */
	char was[CHANGE_TEXT];   /* and what was; "": nothing */
};

struct change {
	const char *what; /* the verb; in the journal, too */
	/* Looks, and changes nothing. -1 where it cannot be done, or undone, or could cut
	 * place->spared. */
	int (*plan)(struct change_plan *plan, const struct change_place *place,
		    const struct event *request, struct err *err);
	/* -1: undo is called next. proof: as it was read back. */
	int (*make)(const char *words, const struct change_place *place, char proof[CHANGE_TEXT],
		    struct err *err);
	/* An end, or -1 with what is left. Also by a later agent; again and again with no harm. */
	int (*undo)(const char *words, char proof[CHANGE_TEXT], struct err *err);
	/* Of what plan says twice: nothing has happened in between. NULL: letter by letter. */
	bool (*is_same)(const char *words, const char *again);
};
const struct change *change_find(const char *what); /* NULL: unknown */
/* Two agents may not have both changed at once: it is the same thing, or the one would put back
 * what the other has set. */
bool change_meets(const char *what, const char *words, const char *other, const char *other_words);

/* The run of its verb: `request` planned, noted, made, told. */
int change_run(const struct change *change, struct actor *actor, const struct event *request,
	       struct err *err);

/* The next word of *at, up to a tab, into word[size]; false: there is none, or it is too long. */
bool change_word(const char **at, char *word, size_t size);

#endif
