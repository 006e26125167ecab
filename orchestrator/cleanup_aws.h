/* `lab cleanup -b aws --older-than`: forgotten labs of an account. */
#ifndef CLEANUP_AWS_H
#define CLEANUP_AWS_H

#include "cli.h"

/* The exit status; -1 with err (ERR_LEFTOVER: something of a lab could not be removed). */
int cleanup_aws(const struct cli *cli, struct err *err);

#endif
