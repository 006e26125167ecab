/* The argument vector of ssh for a target. */
#ifndef OPENSSH_WORDS_H
#define OPENSSH_WORDS_H

#include <stdbool.h>

#include "arena.h"
#include "err.h"
#include "target.h"

/* NULL: it cannot be said to ssh, and what to do instead (ERR_CANNOT). Memory of the arena. What is
 * pinned (ssh_pin.h) is read. */
const char *const *openssh_words(struct arena *arena, const struct target *target, const char *path,
				 const char *command, struct err *err);

/* The same for a person at a terminal: ssh may ask, and is as ~/.ssh/config says it to be. command
 * NULL: a shell. with_terminal: one there too. */
const char *const *openssh_words_person(struct arena *arena, const struct target *target,
					const char *path, const char *command, bool with_terminal,
					struct err *err);

#endif
