/* The sandbox that `lab up` made: one at a time in a state directory. What is known of it is
 * written down before anything is made, so that `lab down` finds all of it whatever happened
 * meanwhile. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"

enum {
	SANDBOX_CLIENTS = 200, /* as infra/terraform allows */
	SANDBOX_TTL_H = 4,     /* when --ttl is not given */
	SANDBOX_TTL_MOST_H = 7 * 24
};

struct sandbox {
	const char *folder; /* holds lab.json, key, key.pub, outputs.json and terraform/ */
	int lock_fd;        /* -1: not ours */
	bool is_there;      /* what follows is known */
	const char *id;     /* "7f3a2c" */
	const char *name;   /* "lab-7f3a2c": the tag `lab` and the start of every name */
	const char *account, *region;
	const char *from;                 /* whence SSH is let in: "198.51.100.7/32" */
	const char *made_at, *expires_at; /* UTC: "2026-01-31T18:00:00Z" */
	int64_t clients;
	bool is_up; /* the last `lab up` came to its end */
	bool
	    is_making; /* Terraform works; found so later: it died, and its state may lack things */
};

/* Reads what is written down; without a sandbox is_there is false. Touches nothing. */
int sandbox_find(struct sandbox *out, struct arena *arena, struct err *err);
/* The same again: what another lab wrote until the lock was ours. */
int sandbox_read(struct sandbox *sandbox, struct arena *arena, struct err *err);
/* Makes the lock this process' own; the folder may not be there. -1: who holds it since when
 * (ERR_CANNOT). */
int sandbox_lock(struct sandbox *sandbox, struct arena *arena, struct err *err);
/* Makes the folder and writes it down, durably. */
int sandbox_write(const struct sandbox *sandbox, struct err *err);
/* Under sudo all in the folder is the person's, also what Terraform wrote. Best effort. */
void sandbox_give(const struct sandbox *sandbox);
/* Removes the folder and its pinned host keys: nothing is left of it in AWS. */
int sandbox_forget(struct sandbox *sandbox, struct err *err);
void sandbox_close(struct sandbox *sandbox); /* gives the lock back; safe twice */

const char *sandbox_path(const struct sandbox *sandbox, const char *name, struct arena *arena);
/* An id that no other lab has. */
const char *sandbox_new_id(struct arena *arena);
/* "2026-01-31T18:00:00Z" of seconds since 1970, and back: -1: it is none. */
const char *sandbox_time(int64_t seconds, struct arena *arena);
int64_t sandbox_seconds(const char *time);
/* "3 h 48 min", "12 min", "40 s". */
const char *sandbox_span(int64_t seconds, struct arena *arena);

#endif
