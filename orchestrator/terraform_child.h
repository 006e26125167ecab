/* Terraform as a child that works for minutes: its lines are told as they come, a Ctrl-C is passed
 * on once and waited for. It leads a session of its own, so that a terminal's Ctrl-C does not reach
 * it a second time, which for Terraform means to drop what it does. */
#ifndef TERRAFORM_CHILD_H
#define TERRAFORM_CHILD_H

#include <stdbool.h>

#include "arena.h"
#include "err.h"
#include "proc.h"

enum {
	TERRAFORM_LINE = 1 << 20, /* bytes; what is longer is cut there */
	TERRAFORM_SAID = 4096     /* of what it said last beside its lines, for people */
};

struct terraform_child {
	const char *program;      /* path */
	const char *folder;       /* of the .tf files */
	char *const *environment; /* all of it, with the credentials; NULL: the caller's */
	int signal_fd;            /* a signalfd of what ends a command; -1: nothing does */
	/* Each line of its standard output, which with -json is an object. */
	void (*line)(void *context, const char *line, size_t len);
	/* A person interrupted: it stops after what it does. */
	void (*interrupted)(void *context);
	void *context;
	bool *has_died; /* set where it did not end by itself: what it did last it wrote nowhere */
};

/* LAB_TERRAFORM (a path, or a name such as tofu), else terraform. -1: ERR_CANNOT. */
int terraform_find(const char **path, struct arena *arena, struct err *err);

/* `base` (NULL at its end) for it: without what would move its folders or words of its command
 * line (TF_DATA_DIR, TF_WORKSPACE, TF_CLI_ARGS...), and so that it asks nothing. */
char **terraform_environment(char *const *base, struct arena *arena);

/* `words` stand behind -chdir. 0: it ended with 0. -1: it did not start, ended otherwise (`said`,
 * TERRAFORM_SAID bytes, has the end of what it wrote to standard error), or has not ended at the
 * deadline. After an interruption err->kind is ERR_SIGINT or ERR_SIGTERM where it stopped by
 * itself, and ERR_LEFTOVER where a second one killed it with all that it had started. */
int terraform_play(const struct terraform_child *child, const char *const *words,
		   int64_t deadline_ns, char *said, struct err *err);

#endif
