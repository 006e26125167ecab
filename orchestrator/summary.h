/* What many runs come to: how they ended, whether their traces are equal, one exit status. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "cli.h"
#include "jobs.h"

struct summary {
	const struct cli *cli;
	size_t count, ended; /* asked for, and played or skipped */
	size_t as_expected, not_as_expected, undecided, interrupted, broke, skipped;
	struct seen *seen; /* by scenario: its trace hash */
	size_t nseen;
	bool hash_differs;
	int status;
};

/* `count`: runs that were asked for. Memory of cli->arena. */
struct summary summary_of(const struct cli *cli, size_t count);
jobs_ended summary_add; /* context: the summary. Complains about a run that has a reason to. */
void summary_print(const struct summary *sum); /* nothing of one run alone, or with --json */
/* The gravest exit status; -1 with err: everything was skipped. */
int summary_status(const struct summary *sum, struct err *err);

#endif
