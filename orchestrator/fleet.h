/* Machines reached side by side, in one poll loop: a program on each, over its own stream
 * (transport.h). What is played on them is a step, asked again whenever something may have come. */
#ifndef FLEET_H
#define FLEET_H

#include "err.h"
#include "transport.h"

struct fleet_machine {
	const struct target *target; /* the caller's, or `other` */
	struct target other;         /* by which it is reached instead (transport_other) */
	const char *command;         /* the fleet's */
	const char *host;            /* as the scenario calls it; NULL: it plays none */
	struct stream *stream;
	bool has_begun; /* the program at the far end runs */
	bool is_ended;  /* and its end is known, by `status` */
	int status;
	bool is_done;   /* with the step that is played */
	struct err why; /* it failed, and is left alone from then on; kind 0: all is well */
};

struct fleet {
	struct fleet_machine *at; /* owned */
	size_t count;
	char *command; /* owned: of fleet_open */
	struct jumps jumps;
	int signal_fd;       /* what is readable there ends a step for all; -1: nothing does */
	bool is_strict;      /* so does the first machine that fails */
	int64_t deadline_ns; /* of whatever is played without one of its own; 0: none */
};

/* 1: this machine is done with it, 0: not yet, -1: it failed. */
typedef int fleet_step(struct fleet_machine *machine, void *context, struct err *err);

/* `target` has `count` of them, which outlive the fleet. */
void fleet_init(struct fleet *fleet, const struct target *const *target, size_t count);
/* Begins to start the program (one line for the login shell) on each; nothing is waited for. -1:
 * strict, and one cannot be reached at all. */
int fleet_open(struct fleet *fleet, const char *command, struct err *err);
/* Until each machine is done or failed, at the latest at deadline_ns (0: none but those of the
 * streams). 0: whoever failed has its `why`; -1: strict and one failed, or interrupted. */
int fleet_play(struct fleet *fleet, fleet_step *step, void *context, int64_t deadline_ns,
	       struct err *err);
/* Two steps, or the beginning and the end of one: the program runs, by ssh itself where libssh2
 * turns out to lack what that takes; its input is ended, and its end known (what it still writes is
 * thrown away). */
int fleet_begin(struct fleet_machine *machine, struct err *err);
int fleet_end(struct fleet_machine *machine, void *nothing, struct err *err);
/* What went wrong, to be read beside the machine's name: without it in front. */
const char *fleet_why(const struct target *target, const struct err *why);
/* Cuts what is still there and frees all; safe twice. */
void fleet_close(struct fleet *fleet);

#endif
