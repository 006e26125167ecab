/* An argument vector as one command line that every login shell hands on as it stands. Pure. */
#ifndef COMMAND_H
#define COMMAND_H

#include "buf.h"

/* Appends the line; what it starts is the program itself (exec). The words are data: no shell reads
 * them. Without has_input there is nothing to read for it. */
void command_line(struct buf *out, const char *const *word, size_t count, bool has_input);

/* A word as a person would type it: quoted where a shell would read it as something else. */
void command_word(struct buf *out, const char *word);

#endif
