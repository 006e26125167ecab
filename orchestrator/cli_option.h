/* The table of options, for the parser and the help alone. */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include "cli.h"
#include "env.h"

enum value_kind {
	VALUE_NONE,
	VALUE_TEXT,
	VALUE_COUNT,
	VALUE_DURATION,
	VALUE_CHOICE,
	VALUE_SET
};

struct option_row {
	const char *name;
	char letter;
	unsigned bit; /* the commands that take it */
	enum value_kind kind;
	const char *value; /* in the help; choices for VALUE_CHOICE */
	size_t offset;     /* in struct cli; bool for VALUE_NONE */
	const char *text;
	enum variable variable; /* that has the same meaning; VAR_NONE */
};

extern const struct option_row option_rows[]; /* name NULL ends it */

/* What an option is at one command, where that is not what its row says. */
struct option_meaning {
	const char *option, *command;
	const char *value, *text; /* in place of the row's; value NULL: the row's */
	bool is_unheard;          /* the row's variable means nothing here */
};

extern const struct option_meaning option_meanings[]; /* option NULL ends it */
const struct option_meaning *option_meaning(const struct option_row *row,
					    const struct command *command); /* NULL: the row's */

#endif
