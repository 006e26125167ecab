/* A check of lab doctor, and how it is told: one line, one mending command below a failing one. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "cli.h"
#include "json.h"

enum doctor_verdict {
	DOCTOR_FINE,
	DOCTOR_WEAKER,
	DOCTOR_FAILS
};

struct doctor_finding {
	enum doctor_verdict verdict;
	char text[1024]; /* what was found; an error fits */
	char mend[400];  /* one command; empty: none */
};

struct doctor { /* where findings go: to people as they come, or into one JSON text */
	const struct cli *cli;
	struct buf out;
	struct json json;
	bool fails;
};

void doctor_say(struct doctor_finding *out, enum doctor_verdict verdict, const char *mend,
		const char *fmt, ...) PRINTF(4, 5);
void doctor_begin(struct doctor *doctor, const struct cli *cli);
/* host NULL: of this machine. */
void doctor_tell(struct doctor *doctor, const char *host, const char *check,
		 const struct doctor_finding *finding);
/* Prints the JSON. The exit status. */
int doctor_end(struct doctor *doctor);

/* lab doctor -b ssh: what each machine offers; its agent is put there, as for a run. */
int doctor_machines(const struct cli *cli, struct err *err);
/* lab doctor -b aws: what `lab up` needs, by calls that only read. */
int doctor_aws(const struct cli *cli, struct err *err);

#endif
