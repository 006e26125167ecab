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
	const char *arm, *arm_end;       /* what stands around an arm's list */
	const char *rows_end;            /* what ends the words of an arm */
	const char *between;             /* two words of an arm's list */
	const char *quote;               /* what stands for ' in a quoted word */
	const char *engine;              /* uses the two functions */
};

/* Where bash and zsh speak alike: of what kinds the word can be that stands at $typed behind
 * $before, with $count arguments of $command in front; each kind is then offered. */
#define COMPLETION_KINDS                                                                           \
	"\t[[ -z $past ]] || return # behind -- is a program\n"                                    \
	"\t[[ $before != -* ]] || kinds=$(_lab_kinds \"$before\")\n"                               \
	"\tif [[ -n $kinds ]]; then\n"                                                             \
	"\t\t:\n"                                                                                  \
	"\telif [[ $typed == -* ]]; then\n"                                                        \
	"\t\t_lab_take < <(_lab_say \"options.${command:-help}\")\n"                               \
	"\telif [[ -z $command ]]; then\n"                                                         \
	"\t\tkinds='command'\n"                                                                    \
	"\telse\n"                                                                                 \
	"\t\tkinds=$(_lab_kinds \"$command\")\n"                                                   \
	"\tfi\n"                                                                                   \
	"\t[[ $kinds != *one* || $count -eq 0 ]] || kinds=''\n"                                    \
	"\t[[ $kinds != *rm* ]] || if [[ $count -eq 0 ]]; then kinds='rm'; else kinds='run'; fi\n" \
	"\twhile read -r kind; do\n"                                                               \
	"\t\t_lab_kind \"$kind\"\n"                                                                \
	"\tdone <<<\"$kinds\"\n"

extern const struct completion_shell completion_bash, completion_zsh, completion_fish;
extern const struct completion_shell *const completion_shells[]; /* NULL ends it */
/* PREFIX_say SUBJECT prints lines WORD tab TEXT; PREFIX_kinds COMMAND|OPTION what it takes. */
void completion_print(FILE *out, const struct completion_shell *shell, struct arena *arena);

#endif
