/* Completion for shells: what the tables know as two shell functions, then an engine a shell. */
#ifndef COMPLETION_H
#define COMPLETION_H

#include <stddef.h>
#include <stdio.h>

#include "arena.h"

struct completion_shell {
	const char *name;
	const char *head;                /* the first lines */
	const char *prefix;              /* of the two functions' names */
	const char *function, *end;      /* how a function begins (behind its name) and ends */
	const char *choose, *choose_end; /* how a choice by $1 begins and ends */
	const char *arm, *arm_end;       /* "%s" of a list; what ends an arm */
	const char *between;             /* two words of an arm's list */
	const char *quote;               /* what stands for ' in a quoted word */
	const char *engine;              /* uses the two functions */
};

extern const struct completion_shell completion_bash, completion_zsh, completion_fish;
/* PREFIX_say SUBJECT prints lines WORD tab TEXT; PREFIX_kinds COMMAND|OPTION what it takes. */
void completion_print(FILE *out, const struct completion_shell *shell, struct arena *arena);

#endif
