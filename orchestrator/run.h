/* Plays a plan: all effects of a run, from the run directory's making to the last line. */
#ifndef RUN_H
#define RUN_H

#include <limits.h>
#include <signal.h>

#include "bind.h"
#include "cli.h"
#include "plan.h"
#include "rundir.h"
#include "session.h"

struct run_result { /* plain values: a child process hands it to its parent in shared memory */
	int status; /* exit status of this run */
	char scenario[128], verdict[64], confidence[16], trace_hash[65];
	char path[PATH_MAX];
	char why[1024]; /* status 2, 4, 5, 6, 130, 143: the error's text */
	int64_t verdict_ns, whole_ns;
};

/* One run of one scenario. Text or JSON goes to `out`, complaints to cli->progress. Never fails
 * without saying so: result->status is always the run's exit status. */
void run_scenario(const struct cli *cli, const char *path, FILE *out, struct run_result *result);

/* The same for lab probe, on machines. A server's machine that cannot be reached makes it
 * one-ended, and is told so. */
void run_probe(const struct cli *cli, const struct probe *probe, FILE *out,
	       struct run_result *result);

struct run_cloud;

/* The parts, shared between run*.c. */
struct run {
	const struct cli *cli;
	FILE *out;
	struct arena *arena;
	struct scenario scenario;
	struct plan plan;
	struct lab lab;
	struct rundir dir;
	struct session session;
	size_t nrecord, record_cap;
	struct event *record;    /* steps.ndjson so far */
	size_t *request;         /* by step index: id of its request; 0: none yet */
	const char **filter;     /* by capture of the plan: its program as hex; "" for all */
	struct bind_asked asked; /* which machines play the hosts */
	int signal_fd;           /* -1: signals are not waited for */
	int snapshot;            /* number of the last one */
	int64_t start_ns;
	bool is_live; /* steps are printed as they pass */
	bool has_captures;
	const char *first_failed; /* the first step that failed and why; NULL: none */
	struct run_cloud *cloud;  /* run_cloud.h; NULL: no step asks for it */
	size_t nport;
	struct port_map { /* the machine's own lo: the port asked for, the port given */
		int asked, given;
	} port[16];
};

/* Writes an event of lab's own record and keeps it for the live report. */
const struct event *run_record(struct run *run, const struct event *event);

/* run_asked.c: who runs what on which hosts and what is expected, into the run directory. */
int run_asked(struct run *run, struct err *err);

/* run_stage.c: before and after the steps. */
int run_filters(struct run *run, struct err *err);  /* of the plan, before the run directory */
int run_setup(struct run *run, struct err *err);    /* hello, setup, captures, first snapshot */
int run_snapshot(struct run *run, struct err *err); /* on every host, waits for all */
/* Captures stopped, everything flushed. */
int run_drain(struct run *run, int64_t deadline_ns, struct err *err);

/* run_seal.c: manifest.json; `why` it ended: done, failed, interrupted. */
int run_seal(struct run *run, const char *why, struct err *err);

/* run_ports.c: ports as a host's agent is told of them. */
const char *run_port_given(const struct run *run, const struct scenario_step *step,
			   const struct param *param,
			   const char *value); /* `value`, or its stand-in */
void run_port_learn(struct run *run, const struct scenario_step *step); /* after it served */
/* -1 (ERR_CANNOT) where a step asks for a port that it cannot have, and does not say so. */
int run_ports_check(const struct run *run, struct err *err);
/* What mends EACCES of a step that serves; NULL: it serves nothing. */
const char *run_port_remedy(const struct run *run, const struct scenario_step *step);

/* run_play.c: setup, every phase with its steps, the last snapshot; as long as the run may take. */
int run_play(struct run *run, struct err *err);

/* run_step.c: plays one step and records it; `is_ok`: it gave what was expected. */
int run_step(struct run *run, const struct scenario_step *step, struct err *err);

/* run_end.c: keeps the evidence, gives the verdict, takes the hosts down and says the last line,
 * however far the run came. `played`: why it ended early; kind ERR_NONE: it did not. */
void run_end(struct run *run, const struct err *played, struct run_result *result);
/* Nothing was begun, because the backend cannot be had here: true when it is closed without a rest.
 * Another may be tried then, so nothing is said. */
bool run_give_back(struct run *run, const struct err *why, struct run_result *result);
void run_fail(struct run_result *result, const struct err *err);

#endif
