/* A rule in nftables, in a table of its own named by the step that set it: set, proven by reading
 * it back, taken away. */
#ifndef FIREWALL_H
#define FIREWALL_H

#include <stdint.h>

#include "addr.h"
#include "err.h"
#include "lifeline.h"
#include "owntable.h"
#include "proc.h"

enum {
	FIREWALL_PROOF = 512,
	FIREWALL_TABLE = 192
};

struct firewall_spec {
	const char *label;          /* of the step: names the table */
	const char *run;            /* before the label in its name; NULL or "": nothing */
	const char *hook;           /* input output forward */
	const char *action;         /* drop reset reject-port ... */
	const char *match;          /* in nft's words; data, whatever it holds */
	const struct addr *address; /* shared stack: only packets to (input) or from (output) it */
	/* NULL: the network stack is the run's own. Else the table belongs to a process that dies
	 * with the agent, and its first rule accepts this connection. */
	const struct lifeline *spared;
	const struct proc_beside *beside; /* while nft is waited for; must outlive the rule */
};

struct firewall { /* a rule that is set; zero: none */
	char table[FIREWALL_TABLE];
	struct owntable owner;
	const struct proc_beside *beside;
};

/* "lab_RUN_LABEL", with every byte that nft might read otherwise as _. */
void firewall_table(const char *run, const char *label, char table[FIREWALL_TABLE]);
/* 0: nothing but a match; -1 with what is wrong: other characters, or a word that acts. */
int firewall_match_check(const char *match, struct err *err);
/* proof: the rule as the kernel lists it, with its counter. -1: what was changed is undone, or
 * firewall_is_left. */
int firewall_set(struct firewall *firewall, const struct firewall_spec *spec,
		 char proof[FIREWALL_PROOF], struct err *err);
/* Deletes the table and sees it gone; packets and bytes: the rule's last count, -1: unknown. -1
 * also where somebody else had deleted it. */
int firewall_unset(struct firewall *firewall, int64_t *packets, int64_t *bytes, struct err *err);
/* Deletes the table of an agent that is dead (journal.c). 1: deleted, 0: it is not there, -1: err.
 */
int firewall_table_delete(const char *table, struct err *err);
/* The table is there, or nobody may look. */
bool firewall_is_left(const struct firewall *firewall);

/* " drop reset ..." for the step's row. */
extern const char firewall_actions[];

#endif
