/* All that `lab up` and `lab down` hold while they work: the sandbox's lock, one session of AWS,
 * the account it is of, and what interrupts. */
#ifndef SANDBOX_SESSION_H
#define SANDBOX_SESSION_H

#include "cli.h"
#include "sandbox_terraform.h"
#include "signals.h"

struct sandbox_session {
	struct sandbox sandbox;
	struct credentials credentials;
	struct aws aws;
	const char *account, *arn; /* who asks */
	struct sandbox_work work;
	sigset_t old;
};

/* -1: no Terraform, no session, another lab works on the sandbox, or it is in another account or
 * region. Close it in any case. */
int sandbox_session_open(struct sandbox_session *out, const struct cli *cli, struct err *err);
void sandbox_session_close(struct sandbox_session *session);

/* What is left in AWS of the sandbox, asked of every service: a line for people, such as "3 of
 * lab-7f3a2c: vpc 1, subnet 2". */
int sandbox_left(const struct sandbox_session *session, size_t *count, const char **text,
		 struct err *err);
/* Says so, in lines of 80 columns where people read it. */
void sandbox_tell_left(const struct sandbox_session *session, const char *text, const char *behind);

#endif
