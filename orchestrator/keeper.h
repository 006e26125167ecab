/* The keeper: one process per run that holds the namespaces of all its hosts. It is a fork of lab
 * without exec, pid 1 of its own pid namespace; it dies with lab, and all that is in it with it.
 *
 *   lab --clone--> keeper --clone--> host --becomes--> lab-agent
 *    ^               | bridges, cables  | addresses, sysctls, names
 *    +--- notes -----+------------------+
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <stdbool.h>

#include "host.h"

struct keeper {    /* lab's side */
	pid_t pid; /* 0: none */
	int notes; /* socket; its end of file ends the keeper. -1: none */
	bool has_pid_ns;
	bool is_refused; /* after an error of keeper_open: namespaces cannot be had here */
};

/* Makes keeper and lab safe to close; lab->host gets room for every host of the plan. */
void keeper_init(struct keeper *keeper, struct lab *lab, const struct plan *plan);
/* Starts a keeper and in it every host of the plan, each running the agent at the end of its
 * stream; returns when all links carry packets and all agents run. Fills lab's streams and
 * what it has. has_own_net: each host has a network stack of its own, else all share the keeper's.
 * After an error keeper_close is still the caller's duty. */
int keeper_open(struct keeper *keeper, struct lab *lab, const struct plan *plan,
		const struct lab_options *options, bool has_own_net, struct err *err);
/* Ends all that is below the keeper, without waiting. */
void keeper_let_go(struct keeper *keeper);
/* The same, and waits for its end. 0: gone; 1: still there, named in err.
 */
int keeper_close(struct keeper *keeper, int deadline_ms, struct err *err);
/* What is weaker here than it could be, for people; NULL: nothing. Static text. */
const char *keeper_note(const struct lab *lab);
/* 0: the namespaces of a keeper can be had here, with bridges and cables where has_own_net; -1: why
 * not, with the mend. Leaves nothing. */
int keeper_probe(bool has_own_net, struct err *why);

#endif
