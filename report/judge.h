/* What was expected against what was found. Pure: it opens nothing. */
#ifndef JUDGE_H
#define JUDGE_H

#include "finding.h"

struct judge_input {
	const struct analysis *analysis;
	const struct event *record; /* steps.ndjson */
	size_t nrecord;
	const char *broken;  /* a raw file that is not what was sealed, as a sentence; NULL */
	const char *require; /* NULL, "proven", "likely", "wire" */
};

struct objection {
	const char *text;
	bool is_remark; /* nothing is wrong by it */
};

struct judgement {
	const char *expected; /* "refused.no-listener on carol"; NULL: no verdict was asked */
	const char *verdict;  /* code; "none" */
	enum confidence confidence;
	const struct finding *finding;
	int exit_status; /* 0, 1, 3 */
	size_t nobjection;
	const struct objection *objection;
};

/* Strings live in the arena or are borrowed from the input. */
void judge(struct judgement *out, const struct judge_input *in, struct arena *arena);

/* Of a connection of which nothing was expected: 0: it works, 1: it fails, 3: not known. */
int code_status(const char *code);
/* "timeout" matches "timeout" and "timeout.dropped", not "timeouts". */
bool code_matches(const char *expected, const char *code);

#endif
