/* What a step is: the table that drives the scenario check, `lab steps`, the manual and the agent.
 * A verb = one file step_NAME.c and one word in steps.c. The controller links this table and reads
 * its rows; it never calls `run`. */
#ifndef STEP_H
#define STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "event.h"

enum param_kind {
	PARAM_WORD,     /* anything without a blank */
	PARAM_PORT,     /* 1..65535 */
	PARAM_ENDPOINT, /* NAME:PORT or ADDRESS:PORT; [v6]:PORT */
	PARAM_COUNT,    /* 0..1000000 */
	PARAM_DURATION, /* scenario: 50ms 3s; sent to the agent as integer ns */
	PARAM_SIZE,     /* scenario: 64k; sent as integer bytes */
	PARAM_YESNO,    /* yes or no */
	PARAM_STEP,     /* name of an earlier step */
	PARAM_TEXT,     /* may be quoted and escaped */
	PARAM_REST,     /* all words that are left, joined by one blank (last positional only) */
	PARAM_ADDRESS,  /* literal IP address */
	PARAM_CHOICE,   /* one of .choices, blank-separated */
};

struct param {
	const char *name; /* {0} ends the list */
	enum param_kind kind;
	bool is_positional; /* a word in order; else NAME=value */
	bool is_required;
	const char *fallback; /* value when absent; NULL: absent */
	const char *choices;  /* PARAM_CHOICE */
	int64_t least, most;  /* PARAM_COUNT; 0, 0: its own bounds */
	const char *text;     /* for `lab steps` and the manual, lower case, no full stop */
};

enum step_subject {
	SUBJECT_HOST, /* HOST verb ... */
	SUBJECT_STEP, /* an earlier step whose connection or process it uses */
	SUBJECT_NONE, /* heal STEP, wait STEP */
};

enum step_flags {
	STEP_OBSERVES = 1 << 0,   /* `within` means: ask again until it holds */
	STEP_FAULT = 1 << 1,      /* changes the host; proven by reading back; `heal` undoes it */
	STEP_ACTOR = 1 << 2,      /* runs in a process of its own, named by the step */
	STEP_CONNECTS = 1 << 3,   /* opens a connection (part of the trace hash, can be judged) */
	STEP_SERVES = 1 << 4,     /* binds the port named by its first PARAM_PORT */
	STEP_CONTROLLER = 1 << 5, /* played by the controller alone (wait) */
};

enum result_kind { /* what may stand behind -> */
	RESULT_OK = 1 << 0,
	RESULT_ERRNO = 1 << 1,
	RESULT_TIMEOUT = 1 << 2,
	RESULT_EOF = 1 << 3,
	RESULT_SOCKETS = 1 << 4, /* LISTEN 1, ESTAB 2 peers=... owner=... */
	RESULT_VALUE =
	    1 << 5, /* +1, 0, 3..5: a number or range; + for a change since the run began */
};

struct actor;
struct change;

struct step_kind {
	const char *name; /* "tcp.connect" */
	const char *text; /* one line */
	enum step_subject subject;
	const struct param *params;
	unsigned flags;   /* enum step_flags */
	unsigned results; /* enum result_kind */
	unsigned needs;   /* enum need below: what the host must offer */
	uint64_t
	    capabilities; /* bits of capability(7) kept while it runs; all others are dropped */
	/* Runs in the actor (STEP_ACTOR) or in the agent's own process; may block up to its
	 * deadline in an actor only. Emits events. 0: ended, `result` names how; -1: could not find
	 * out. */
	int (*run)(struct actor *actor, const struct event *request, struct err *err);
	const struct change *change; /* in the place of run: change_run plays it (change.h) */
};

enum need { /* names in step_need_names[], used by [lab] needs and by backends' offers */
	NEED_CAPTURE = 1 << 0,  /* packets can be captured */
	NEED_FIREWALL = 1 << 1, /* a ruleset of our own: nft and rights */
	NEED_COUNTERS = 1 << 2, /* counters that only our packets move */
	NEED_PORTS = 1 << 3,    /* ports as written are ours to use */
	NEED_SYSCTL = 1 << 4,   /* sysctls of our own */
	NEED_TCPDUMP = 1 << 5,  /* the host has tcpdump, for engine=tcpdump */
	NEED_CHANGES = 1 << 6,  /* its sysctls, routes and addresses may be changed, and back */
};
const char *step_need_name(unsigned bit); /* "capture" */
unsigned step_need_bit(const char *name); /* 0: unknown */

extern const struct step_kind *const step_kinds[]; /* NULL ends it; in the order of `lab steps` */
const struct step_kind *step_kind_find(const char *name); /* NULL: unknown */

#endif
