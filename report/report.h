/* From a run directory to what people and programs read. Pure: the same directory gives the same
 * bytes. Reads the analysis, and lab's own record (steps.ndjson) for what was expected. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "finding.h"
#include "judge.h"

struct style {
	bool has_colour;
	bool is_ascii; /* plain signs instead of box drawing */
	int verbose;   /* -1 quiet, 0, 1 */
	bool is_plain; /* piped: one line a step, last line verdict=... */
};

/* Outcome against the expectation. */
struct result {
	struct analysis analysis;
	const struct event *record; /* steps.ndjson */
	size_t nrecord;
	const char *dir; /* path as given; its last part names the run */
	const char *scenario, *backend, *run;
	bool is_probe;        /* nothing was expected: does it work, and if not, why? */
	const char *expected; /* "refused.no-listener on carol" */
	const char *verdict;  /* code of the finding judged; "none" */
	enum confidence confidence;
	const struct finding *finding; /* the one judged; NULL */
	const struct finding *control; /* the connection to lay beside it; NULL */
	int exit_status;               /* 0, 1, 3 (design: exit codes) */
	size_t nobjection;
	const struct objection *objection; /* what does not hold, what is not known, remarks */
};

/* Reads `dir`; judges. `require`: NULL, "proven", "likely" or "wire" (raises what is asked). */
int result_load(struct result *out, const char *dir, const char *require, struct arena *arena,
		struct err *err);

/* Streams, live: the head, then each phase and step as its record is written. `event` are the
 * events so far; a step's own have its number. */
void text_head(FILE *out, const struct style *style, const struct event *record, size_t nrecord);
void text_phase(FILE *out, const struct style *style, const struct event *phase);
void text_step(FILE *out, const struct style *style, const struct event *step,
	       const struct event *event, size_t nevent);
/* After the last step: ladders, verdict, proof, files. */
void text_verdict(FILE *out, const struct style *style, const struct result *result);
/* Its last line for programs and pipes: verdict=... confidence=...; also of a result that is none
 * but for record, scenario, backend, run, verdict and exit status (of a run that broke). */
void text_verdict_plain(FILE *out, const struct style *style, const struct result *result);
/* The whole text from the directory alone: head, steps, verdict. */
void text_report(FILE *out, const struct style *style, const struct result *result);

/* result.json / --json (schema lab.result/1). */
void result_json(struct buf *out, const struct result *result);
/* Every connection of a run or a capture with its verdict and evidence: as text, and as data
 * (schema lab.analysis/1). */
void findings_text(FILE *out, const struct style *style, const struct analysis *analysis);
void findings_json(struct buf *out, const struct analysis *analysis, const char *path);
/* The verdict line of -q. */
void text_quiet(FILE *out, const struct result *result);

/* Writes result.json, report.txt and run.pcapng into the directory. */
int report_write(const struct result *result, struct err *err);

#endif
