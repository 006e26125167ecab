/* The expectation is compared with the verdict only here, after the diagnosis. Gravest counts: 1
 * (it was otherwise), 3 (not enough evidence to say), 0. Nothing asserted is never 0. */
#include "judge.h"

#include <assert.h>

#include "record.h"
#include "util.h"

struct bench {
	const struct judge_input *in;
	struct judgement *out;
	struct arena *arena;
	struct objection *objection;
	size_t cap;
	enum confidence ask;
	bool ask_wire;
	bool is_probe;
	size_t nasserted;
};

bool code_matches(const char *expected, const char *code)
{
	size_t len = strlen(expected);

	return strncmp(expected, code, len) == 0 && (code[len] == '\0' || code[len] == '.');
}

int code_status(const char *code)
{
	if (streq(code, "ok"))
		return 0;
	return streq(code, "failed.unexplained") ? 3 : 1;
}

/* status 0: a remark. */
static void complain(struct bench *bench, int status, const char *text)
{
	struct judgement *out = bench->out;

	bench->objection = arena_grow(bench->arena, bench->objection, out->nobjection, &bench->cap,
				      sizeof *bench->objection);
	bench->objection[out->nobjection++] =
	    (struct objection){ .text = text, .is_remark = status == 0 };
	out->objection = bench->objection;
	if (status == 1 || (status && out->exit_status == 0))
		out->exit_status = status;
}

static enum confidence confidence_of(const char *name)
{
	return name && streq(name, "likely") ? LIKELY : PROVEN;
}

/* What the run asked for, what the scenario asked for if that is less, what --require raises. */
static void read_asked(struct bench *bench, const struct event *expect)
{
	const struct judge_input *in = bench->in;
	const struct event *run = record_next(in->record, in->nrecord, NULL, "run");

	bench->ask = confidence_of(record_text(run, "ask", NULL));
	if (confidence_of(record_text(expect, "confidence", NULL)) < bench->ask)
		bench->ask = LIKELY;
	bench->ask_wire = record_num(run, "ask_wire", 1) != 0;
	bench->is_probe = record_num(run, "probe", 0) == 1;
	if (!in->require)
		return;
	if (streq(in->require, "proven"))
		bench->ask = PROVEN;
	if (streq(in->require, "wire"))
		bench->ask_wire = true;
}

static void judge_step(struct bench *bench, const struct event *step)
{
	const char *label = step->label ? step->label : "(step without a name)";
	const char *result = record_text(step, "result", NULL);
	const char *expected = record_text(step, "expected", NULL);
	const char *why = record_text(step, "why", NULL);

	if (expected)
		bench->nasserted++;
	if (record_is_ok(step))
		return;
	if (!result || streq(result, "error")) {
		complain(bench, 3,
			 arena_printf(bench->arena, "%s: could not be found out: %s", label,
				      record_text(step, "text", why ? why : "no result")));
		return;
	}
	bool says_what = why && strncmp(why, "got ", 4) == 0;
	complain(bench, 1,
		 arena_printf(bench->arena, "%s: expected %s, %s%s%s%s (step %d)", label,
			      expected ? expected : "ok", says_what ? "" : "got ",
			      says_what ? "" : result, why && !says_what ? ": " : "",
			      why ? why : "", step->step));
}

/* Has the probe an agent at its other end? */
static bool has_server(const struct bench *bench)
{
	const struct judge_input *in = bench->in;
	const struct event *client = record_next(in->record, in->nrecord, NULL, "host");

	return client && record_next(in->record, in->nrecord, client, "host");
}

/* Nothing was expected of it, so only what --require asks for can lack. */
static void judge_probe(struct bench *bench)
{
	const struct finding *finding = bench->out->finding;
	const char *require = bench->in->require;

	if (!finding) {
		if (bench->out->nobjection == 0)
			complain(bench, 3, "no connection was observed");
		return;
	}
	if (finding->connection->resolved_by && streq(finding->connection->resolved_by, "machines"))
		complain(bench, 0,
			 "the client's own resolver does not know the name: the address of the "
			 "machine that is called so was used");
	if (finding->connection->server && !finding->connection->server_host && has_server(bench))
		complain(bench, 0,
			 arena_printf(bench->arena,
				      "the client went to %s, which is no address of the server's "
				      "machine: what that one knows is of no use here",
				      finding->connection->server));
	int status = code_status(finding->code);
	if (require && !streq(require, "wire") && finding->confidence < bench->ask)
		complain(bench, 3,
			 arena_printf(bench->arena, "%s is only %s, %s was asked", finding->code,
				      confidence_name(finding->confidence),
				      confidence_name(bench->ask)));
	if (bench->out->exit_status == 0)
		bench->out->exit_status = status;
}

static bool is_fault_asserted(const struct bench *bench, const char *on)
{
	const struct judge_input *in = bench->in;
	const struct event *step = NULL;
	bool has_fault = false;

	while ((step = record_next(in->record, in->nrecord, step, "step"))) {
		if (!streq(record_text(step, "phase", ""), "fault"))
			continue;
		has_fault = true;
		if (event_get(step, "expected") || (on && step->label && streq(step->label, on)))
			return true;
	}
	return !has_fault;
}

static void judge_steps(struct bench *bench, const char *on)
{
	const struct judge_input *in = bench->in;
	const struct event *step = NULL;

	while ((step = record_next(in->record, in->nrecord, step, "step")))
		if (!bench->is_probe || streq(record_text(step, "result", "error"), "error"))
			judge_step(bench, step);
	if (!is_fault_asserted(bench, on))
		complain(bench, 3,
			 "the fault phase asserted nothing: no result was expected in it");
}

/* The events and packets that a finding rests on, for a sentence: "event 31, client-1.lan #14". */
static const char *proof_of(struct bench *bench, const struct finding *finding)
{
	const char *text = "";

	for (size_t i = 0; i < finding->nevidence; i++) {
		const struct source *source = &finding->evidence[i].source[0];
		const char *comma = *text ? ", " : "";

		if (i == 4)
			return arena_printf(bench->arena, "%s, ...", text);
		if (finding->evidence[i].nsource == 0)
			continue;
		if (source->kind == SOURCE_EVENT)
			text =
			    arena_printf(bench->arena, "%s%sevent %u", text, comma, source->first);
		else
			text = arena_printf(bench->arena, "%s%s%s #%u", text, comma, source->file,
					    source->first);
	}
	return *text ? text : "no evidence";
}

static const char *missing_of(struct bench *bench, const struct finding *finding)
{
	const char *text = "";

	for (size_t i = 0; i < finding->nmissing; i++)
		text = arena_printf(bench->arena, "%s%s%s", text, i ? "; " : "",
				    finding->missing[i].what);
	return *text ? text : "nothing that could settle it is named";
}

static bool is_same_family(const char *a, const char *b)
{
	size_t len = strcspn(a, ".");

	return len == strcspn(b, ".") && strncmp(a, b, len) == 0;
}

static void judge_code(struct bench *bench, const struct event *expect)
{
	const char *verdict = record_text(expect, "verdict", NULL);
	const char *on = record_text(expect, "on", "");
	const struct finding *finding = bench->out->finding;
	const char *cause;

	if (!verdict)
		return;
	bench->nasserted++;
	if (!finding) {
		complain(bench, 3,
			 arena_printf(bench->arena, "%s on %s: no connection of %s was observed",
				      verdict, on, on));
		return;
	}
	if (code_matches(verdict, finding->code)) {
		if (finding->confidence < bench->ask)
			complain(
			    bench, 3,
			    arena_printf(bench->arena, "%s is only %s, %s was asked; missing: %s",
					 finding->code, confidence_name(finding->confidence),
					 confidence_name(bench->ask), missing_of(bench, finding)));
		return;
	}
	cause = strchr(finding->code, '.');
	/* The same failure without a cause is not another verdict: the evidence did not reach. */
	if (finding->confidence == UNDECIDED ||
	    (cause && streq(cause, ".unexplained") && is_same_family(verdict, finding->code))) {
		complain(bench, 3,
			 arena_printf(bench->arena, "expected %s on %s, undecided: %s; missing: %s",
				      verdict, on, finding->code, missing_of(bench, finding)));
		return;
	}
	complain(bench, 1,
		 arena_printf(bench->arena, "expected %s on %s, found %s (%s: %s)", verdict, on,
			      finding->code, confidence_name(finding->confidence),
			      proof_of(bench, finding)));
}

static bool is_ruled_out(const struct finding *finding, const char *code)
{
	for (size_t i = 0; i < finding->nruled_out; i++)
		if (code_matches(code, finding->ruled_out[i].code))
			return true;
	return false;
}

/* Where only `likely` is asked, a look-alike may stand: said, not counted. */
static void judge_not(struct bench *bench, const struct event *expect)
{
	const struct finding *finding = bench->out->finding;
	const char *at = record_text(expect, "not", "");

	while (finding && *(at += strspn(at, " "))) {
		size_t len = strcspn(at, " ");
		const char *code = arena_ndup(bench->arena, at, len);

		at += len;
		bench->nasserted++;
		if (code_matches(code, finding->code))
			complain(bench, 1,
				 arena_printf(bench->arena, "%s was to be ruled out, and was found",
					      code));
		else if (!is_ruled_out(finding, code))
			complain(bench, bench->ask == PROVEN ? 3 : 0,
				 arena_printf(bench->arena, "%s is not ruled out", code));
	}
}

/* The folded trace at a host, "" where its capture holds nothing of the flow, NULL: no capture. */
static const char *folded_at(const struct bench *bench, const char *host, bool *is_lossy)
{
	const struct analysis *analysis = bench->in->analysis;
	const struct connection *connection = bench->out->finding->connection;
	const char *folded = NULL;
	bool has_capture = false;

	*is_lossy = false;
	if (!host)
		host = connection->client_host;
	if (!host)
		return connection->folded;
	for (size_t i = 0; i < analysis->ncapture; i++) {
		if (!analysis->capture[i].host || !streq(analysis->capture[i].host, host))
			continue;
		has_capture = true;
		if (analysis->capture[i].dropped != 0 || analysis->capture[i].is_cut)
			*is_lossy = true;
	}
	if (connection->client_host && streq(host, connection->client_host))
		folded = connection->folded;
	else if (connection->server_host && streq(host, connection->server_host))
		folded = connection->server_folded;
	else
		return NULL; /* a third vantage point: the analysis folds two */
	if (!folded && has_capture)
		return "";
	return folded;
}

static void judge_wire(struct bench *bench, const struct event *expect)
{
	const char *pattern = record_text(expect, "wire", NULL);
	const char *at = record_text(expect, "wire_at", NULL);
	const char *folded, *where;
	struct err err = { 0 };
	bool is_lossy;
	int same;

	if (!pattern || !bench->out->finding)
		return;
	bench->nasserted++;
	folded = folded_at(bench, at, &is_lossy);
	where = at ? at : "the client";
	if (!folded) {
		complain(bench, bench->ask_wire ? 3 : 0,
			 arena_printf(bench->arena,
				      "wire %s: no capture at %s holds this connection%s", pattern,
				      where, bench->ask_wire ? "" : ", not asked here"));
		return;
	}
	same = wire_match(pattern, folded, &err);
	if (same < 0)
		complain(bench, 3, arena_printf(bench->arena, "wire %s: %s", pattern, err.text));
	else if (is_lossy && (same == 0 || streq(pattern, "nothing")))
		complain(bench, 3,
			 arena_printf(bench->arena,
				      "wire %s: the capture at %s lost packets, or may have",
				      pattern, where));
	else if (same == 0)
		complain(bench, 1,
			 arena_printf(bench->arena, "wire: expected %s at %s, captured %s", pattern,
				      where, *folded ? folded : "nothing"));
}

/* Did the run end by itself? What an interrupted one did not get to cannot count against it. */
static bool judge_end(struct bench *bench)
{
	const struct judge_input *in = bench->in;
	const struct event *end = record_next(in->record, in->nrecord, NULL, "end");
	const char *why = record_text(end, "why", "");
	const char *text = record_text(end, "text", "");

	if (!end)
		complain(bench, 3, "the run did not end: its record stops");
	else if (!streq(why, "done"))
		complain(bench, 3,
			 arena_printf(bench->arena, "the run was %s%s%s",
				      streq(why, "failed") ? "broken off" : why, *text ? ": " : "",
				      text));
	else if (in->analysis->is_interrupted)
		complain(bench, 3, "the run was interrupted before its manifest was written");
	else
		return true;
	return false;
}

/* Without an expectation the first failure is the one of interest. */
static const struct finding *find_judged(const struct bench *bench, const struct event *expect)
{
	const struct analysis *analysis = bench->in->analysis;
	const char *on = record_text(expect, "on", NULL);

	if (on)
		return analysis_of(analysis, on);
	for (size_t i = 0; i < analysis->nfinding; i++)
		if (!streq(analysis->finding[i].code, "ok"))
			return &analysis->finding[i];
	return analysis->nfinding ? &analysis->finding[0] : NULL;
}

void judge(struct judgement *out, const struct judge_input *in, struct arena *arena)
{
	struct bench bench = { .in = in, .out = out, .arena = arena };
	const struct event *expect = record_next(in->record, in->nrecord, NULL, "expect");
	const char *verdict = record_text(expect, "verdict", NULL);
	const char *on = record_text(expect, "on", NULL);

	*out = (struct judgement){ .verdict = "none" };
	read_asked(&bench, expect);
	out->finding = find_judged(&bench, expect);
	if (out->finding) {
		out->verdict = out->finding->code;
		out->confidence = out->finding->confidence;
	}
	if (verdict)
		out->expected = on ? arena_printf(arena, "%s on %s", verdict, on) : verdict;
	bool is_whole = judge_end(&bench);
	if (in->broken) {
		complain(&bench, 3, in->broken);
		is_whole = false;
	}
	judge_steps(&bench, on);
	if (expect) {
		judge_code(&bench, expect);
		judge_not(&bench, expect);
	}
	for (; expect; expect = record_next(in->record, in->nrecord, expect, "expect"))
		judge_wire(&bench, expect); /* one record for each vantage point */
	if (in->require && streq(in->require, "wire") &&
	    !(out->finding && out->finding->connection->folded))
		complain(&bench, 3, "the wire was asked for, and no capture holds this connection");
	if (bench.is_probe)
		judge_probe(&bench);
	else if (bench.nasserted == 0)
		complain(&bench, 3, "nothing was asserted: no verdict and no result was expected");
	if (!is_whole)
		out->exit_status = 3;
	assert(out->exit_status == 0 || out->nobjection > 0 || bench.is_probe);
}
