/* A scenario as data: read from INI, checked against the schema and the table of verbs. Everything
 * lives in the arena. Nothing here touches a host. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "addr.h"
#include "arena.h"
#include "buf.h"
#include "err.h"
#include "step.h"

struct probe;

struct name_value {
	const char *name, *value;
	int line, column; /* of the value; 0: built in or --set */
};

enum {
	SCENARIO_HOSTS = 1000,    /* in all: what one bridge holds, 1024 ports, is a little more */
	SCENARIO_CAPTURES = 2048, /* in all */
	SCENARIO_HOST_CAPTURES = 16 /* what an agent takes: one for each of its host's links */
};

struct scenario_host {
	const char *name;
	const char
	    *group; /* "client" where client = count=300 made client-7; NULL: a line for it */
	int line;
	const char *address; /* as written; NULL: chosen by the plan */
	bool does_forward;
	const char *via, *resolver;
	size_t nsysctl;
	const struct name_value *sysctl;
	const char *machine; /* address of the machine that plays it; NULL: none is there yet */
};

struct scenario_link {
	const char *name;
	int line;
	size_t nhost;
	const size_t *host; /* indexes in scenario.host */
	const char *subnet; /* NULL: chosen */
	int mtu;            /* 0: default */
	int64_t rate_bps;   /* bits a second; 0: as fast as it goes */
	int loss_permille;  /* 0: none */
};

enum {
	SCENARIO_TTL = 60
}; /* of a name in DNS, in seconds */
struct scenario_name {
	const char *name;
	size_t host;
	int ttl;
};

struct scenario_capture {
	size_t host;
	const char *filter; /* NULL: all of the run */
	int64_t snaplen;    /* 0: the backend's default */
	int64_t buffer;     /* bytes; 0: default */
	const char *engine; /* "packet", "tcpdump" */
};

struct state_count {
	const char *state; /* ss's names, ESTABLISHED folded to ESTAB */
	int64_t min, max;
};

struct word_count {
	const char *word; /* ok, an errno name, TIMEOUT, EOF */
	int64_t min, max;
};

/* What stands behind -> */
struct expectation {
	const char *text; /* as written; NULL: nothing was asked (then ok is) */
	size_t nword;
	const char *word[8]; /* ok, ECONNREFUSED, TIMEOUT, EOF: any of them */
	size_t nstate;
	struct state_count state[8]; /* RESULT_SOCKETS */
	size_t npeer;
	const char *peer[16]; /* host names */
	const char *owner;    /* step name */
	bool is_value,
	    is_change; /* RESULT_VALUE: value_min..value_max; change: since the run began */
	int64_t value_min, value_max;
	int64_t within_min_ns, within_max_ns; /* 0, 0: not asked */
	const char *to_host;
	/* times=N of the step (of the one waited for): without counts each connection must end in
	 * one of `word`; with them, a word not named is free. */
	int64_t times; /* 0: the verb has none */
	size_t ncount;
	struct word_count count[8];
};

enum phase {
	PHASE_CONTROL,
	PHASE_FAULT,
	PHASE_RECOVERY,
	PHASE_COUNT,              /* that a file may have */
	PHASE_PROBE = PHASE_COUNT /* the only one of lab probe */
};
const char *phase_name(enum phase phase);

struct scenario_step {
	int number; /* from 1, in file order */
	const char *name;
	enum phase phase;
	int line, column;
	const char *words; /* the line as written behind NAME =, ${} expanded, blanks folded */
	const struct step_kind *kind;
	size_t host;    /* index; for SUBJECT_STEP the host of that step; for heal, of the fault */
	size_t subject; /* SUBJECT_STEP, heal, wait, tcp.stop: index of the step meant; else
			   SIZE_MAX */
	size_t narg;
	const struct name_value *arg; /* every parameter with its value (fallbacks filled in),
				       * checked, durations as ns, sizes as bytes */
	bool is_background;
	struct expectation expect;
};

struct scenario_expect {
	const char *verdict;       /* code or prefix */
	size_t on;                 /* index of the step */
	const char *wire;          /* NULL */
	const char *wire_at_value; /* wire@HOST = ...: pattern; NULL */
	size_t wire_at;            /* its host */
	const char * not ;         /* blank-separated codes; NULL */
	const char *confidence;    /* "proven", "likely"; NULL: default */
};

struct scenario {
	const char *name, *path; /* path for messages */
	const char *source;      /* the resolved flat file, as `lab show --resolved` prints it */
	const char *title, *about, *family, *level, *see;
	unsigned needs; /* enum need: written ones and those of its verbs */
	size_t nnot_on;
	const struct name_value *not_on; /* backend, reason */
	int64_t time_limit_ns;           /* default 60 s */
	size_t nparam, nhost, nlink, nname, ncapture, nstep;
	const struct name_value *param;
	const struct scenario_host *host;
	const struct scenario_link *link;       /* none written: one link "lan" with all hosts */
	const struct scenario_name *dns;        /* none written: each host's own name */
	const struct scenario_capture *capture; /* none written: every host's; all off: none */
	const struct scenario_step *step;
	struct scenario_expect expect;
	const struct probe *probe; /* it was made for lab probe, and expects nothing; NULL */
};

struct scenario_options {
	const char *backend; /* for key@backend; NULL: no such keys are taken */
	size_t nset;
	const struct name_value *set; /* --set */
	const char *engine;           /* --engine, instead of those written; NULL */
	/* Hosts that are there already: gives each its machine's address, once they are read.
	 * -1 with err ends the reading. NULL: hosts are made, and addresses chosen. */
	int (*machines)(void *context, const struct scenario *scenario, const char **address,
			struct err *err);
	void *context;
};

/* A complaint about a scenario, or about another file that a person wrote. */
struct complaint {
	const char *path;
	int line, column; /* 0: `path` names the place */
	const char *text;
};
struct complaints {
	size_t count, cap;
	struct complaint *at; /* sorted by line */
	struct arena *arena;
};
void complaint_add(struct complaints *complaints, const char *path, int line, int column,
		   const char *fmt, ...) PRINTF(5, 6);
void complaints_sort(struct complaints *complaints); /* by file, line and column */

/* 0: `out` is whole; -1: at least one complaint (all of one pass), or err alone when the file could
 * not be read. Never prints. Plan-level facts (${HOST.address}) are expanded by the plan's own
 * rules: addresses are chosen here, by scenario_addresses, so that values can hold them. */
int scenario_load(struct scenario *out, const char *path, const struct scenario_options *options,
		  struct arena *arena, struct complaints *complaints, struct err *err);

/* NAME or FILE (holds '/' or ends in .ini) to a path; looks in ./scenarios,
 * $XDG_DATA_HOME/lab/scenarios, the installed directory. -1 with the nearest known name. */
int scenario_find(const char *name, const char **path, struct arena *arena, struct err *err);
struct scenario_entry {
	const char *name, *path, *from; /* from: "./scenarios", "installed" ... */
};
int scenario_list(const struct scenario_entry **out, size_t *count, struct arena *arena,
		  struct err *err);

/* The sections and keys of the format, as `lab show --schema`, its JSON (lab.schema/1) and the
 * table in docs/scenario.md; the verbs (step_kinds), as in docs/scenario.md. */
void schema_text(FILE *out);
void schema_json(struct buf *out);
void schema_markdown(FILE *out);
void steps_markdown(FILE *out);
/* The same in scdoc, for lab-scenario(5). */
void schema_scdoc(FILE *out);
void steps_scdoc(FILE *out);

bool scenario_has_resolver(const struct scenario *scenario); /* does any host ask DNS? */
size_t scenario_step_find(const struct scenario *scenario, const char *name); /* SIZE_MAX: none */
size_t scenario_host_find(const struct scenario *scenario, const char *name);
/* The hosts that a name means in [links] and [captures]: one, or a group, whose hosts follow each
 * other. Returns the first and their number; SIZE_MAX: none. */
size_t scenario_hosts_find(const struct scenario *scenario, const char *name, size_t *count);
/* How many of host[0..count-1] (indexes of hosts) can be told as one: a whole group in its order,
 * or 1. */
size_t scenario_group_len(const struct scenario *scenario, const size_t *host, size_t count);
const char *step_arg(const struct scenario_step *step, const char *name); /* NULL */
int64_t step_times(const struct scenario_step *step); /* its times=; 0: the verb has none */

#endif
