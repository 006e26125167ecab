/* The sandbox's programs by hand: `lab-agent server`, `lab-agent client`. Same code as the actors.
 */
#ifndef BYHAND_H
#define BYHAND_H

#include <stdint.h>

#include "addr.h"
#include "err.h"

/* argv[0] is the subcommand. Return the exit status. */
int byhand_server(int argc, char **argv);
int byhand_client(int argc, char **argv);

/* Shared by both. ADDRESS (literal or name) and PORT; `by` as resolve.h says. */
int byhand_address(struct addr *out, const char *address, const char *port, const char **by,
		   struct err *err);
/* "2", "0.5" seconds; -1: no such number. */
int byhand_seconds(const char *text, int64_t *ns);

#endif
