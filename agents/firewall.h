/* A rule in nftables, in a table of its own named by the step that set it: set, proven by reading
 * it back, taken away. */
#ifndef FIREWALL_H
#define FIREWALL_H

#include <stdint.h>

#include "addr.h"
#include "err.h"

enum {
	FIREWALL_PROOF = 512,
	FIREWALL_TABLE = 96
};

struct firewall_spec {
	const char *label;          /* of the step: names the table */
	const char *hook;           /* input output forward */
	const char *action;         /* drop reset reject-port ... */
	const char *match;          /* in nft's words; data, whatever it holds */
	const struct addr *address; /* shared stack: only packets to (input) or from (output) it */
};

/* "lab_LABEL", with every byte that nft might read otherwise as _. */
void firewall_table(const char *label, char table[FIREWALL_TABLE]);
/* 0: nothing but a match; -1 with what is wrong: other characters, or a word that acts. */
int firewall_match_check(const char *match, struct err *err);
/* proof: the rule as the kernel lists it, with its counter. -1: nothing was changed. */
int firewall_set(const struct firewall_spec *spec, char proof[FIREWALL_PROOF], struct err *err);
/* Deletes the table and sees it gone; packets and bytes: the rule's last count. */
int firewall_unset(const char *label, int64_t *packets, int64_t *bytes, struct err *err);

/* " drop reset ..." for the step's row. */
extern const char firewall_actions[];

#endif
