/* Faults that only the cloud can set: another security group, another network ACL, another address
 * in a record. Each is written down, durably, before its call: whoever comes after a crash undoes
 * it by cloud_mend. An undo touches only what still is as the fault made it. */
#ifndef CLOUD_FAULT_H
#define CLOUD_FAULT_H

#include <stddef.h>

#include "aws.h"

enum cloud_kind {
	CLOUD_GROUP,
	CLOUD_ACL,
	CLOUD_RECORD,
	CLOUD_KINDS
};

struct cloud_undo {
	enum cloud_kind kind;
	const char *on;        /* an interface's or subnet's id; the first label of a record */
	const char *was, *now; /* ids, or addresses */
};

struct cloud {
	const struct aws *aws;
	const char *lab;    /* "lab-7f3a2c" */
	const char *folder; /* the sandbox's; holds the journal */
	struct arena *arena;
	size_t count, cap;
	struct cloud_undo *undo; /* what is set */
};

#define CLOUD_JOURNAL "cloud-journal"
#define CLOUD_RECORD_LABEL "service" /* the record of infra/terraform that faults change */

/* What a step says, as "security-group", "closed". -1 (ERR_USAGE): there is no such fault. */
int cloud_kind_of(const char *what, const char *how, enum cloud_kind *kind, struct err *err);

/* What is written down. 0 of them where there is no journal; -1: it is damaged. */
int cloud_journal_read(struct cloud *cloud, struct err *err);

/* `now`: "closed", "no-return", or an address. Wants interface or subnet in `on` (NULL for a
 * record). Set when it returns 0, as the cloud tells it; whether it acts is another thing. What is
 * set keeps its index in cloud->undo until one of them is undone. */
int cloud_set(struct cloud *cloud, enum cloud_kind kind, const char *on, const char *now,
	      struct err *err);
/* Undoes that one (by kind and `on`). -1: it stays written down. */
int cloud_undo(struct cloud *cloud, enum cloud_kind kind, const char *on, struct err *err);
/* All that is written down: -1 with the first that could not be undone; the others were. */
int cloud_mend(struct cloud *cloud, size_t *count, struct err *err);

#endif
