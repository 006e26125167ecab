/* The end of every run: evidence kept, verdict from the files, history, teardown, last line. */
#include "run.h"

#include "clock.h"
#include "history.h"
#include "run_cloud.h"

enum {
	CLOSE_MS = 10000,
	DRAIN_MS = 5000,
	DRAIN_LATE_MS = 1000
};

static const char *ended_word(enum err_kind kind)
{
	if (kind == ERR_NONE)
		return "done";
	return kind == ERR_SIGINT || kind == ERR_SIGTERM ? "interrupted" : "failed";
}

/* Evidence first: what was captured so far is drained and sealed whatever happened before. */
static int keep_evidence(struct run *run, const struct err *why, struct err *err)
{
	bool is_whole = why->kind == ERR_NONE;
	struct err late = { 0 };
	struct event event;

	run->session.signal_fd = is_whole ? run->session.signal_fd : -1;
	run->session.deadline_ns = 0;
	int status = run_drain(run, clock_after_ms(is_whole ? DRAIN_MS : DRAIN_LATE_MS), &late);
	if (status < 0 && is_whole) {
		*err = late;
		why = err;
	}
	const char *ended = ended_word(why->kind);
	event_init(&event, "end");
	event_text(&event, "why", ended);
	if (why->kind != ERR_NONE)
		event_text(&event, "text", why->text);
	run_record(run, &event);
	if (rundir_flush(&run->dir, &late) < 0 || run_seal(run, ended, &late) < 0) {
		if (is_whole && status == 0)
			*err = late;
		return -1;
	}
	return status;
}

static void print_json(const struct run *run, const struct result *result)
{
	struct buf json = { 0 };

	result_json(&json, result);
	fwrite(json.data, 1, json.len, run->out);
	buf_close(&json);
}

static int give_verdict(struct run *run, struct result *result, struct run_result *out,
			struct err *err)
{
	if (result_load(result, run->dir.path, run->cli->require, run->arena, err) < 0)
		return -1;
	out->status = result->exit_status;
	snprintf(out->verdict, sizeof(out->verdict), "%s", result->verdict);
	snprintf(out->confidence, sizeof(out->confidence), "%s",
		 confidence_name(result->confidence));
	snprintf(out->trace_hash, sizeof(out->trace_hash), "%s", result->analysis.trace_hash);
	out->verdict_ns = clock_mono_ns() - run->start_ns;
	if (run->cli->is_quiet && !run->cli->is_json)
		text_quiet(run->out, result);
	else if (!run->cli->is_json) /* that is one text, and waits for the end of all */
		text_verdict(run->out, &run->cli->style, result);
	fflush(run->out);
	/* While the kernel takes the hosts down (it waits for RCU) the rest is written. */
	if (run->lab.backend->let_go)
		run->lab.backend->let_go(&run->lab);
	return report_write(result, err);
}

static void print_last_line(const struct run *run, int left, const struct run_result *result)
{
	FILE *out = run->cli->style.is_plain ? run->cli->progress : run->out;
	char what[64] = "nothing";

	if (run->cli->is_quiet || run->cli->is_json)
		return;
	if (left)
		snprintf(what, sizeof(what), "%d thing%s", left, left == 1 ? "" : "s");
	fprintf(out, "left behind: %s %s whole run %.0f ms\n", what,
		run->cli->style.is_ascii ? "-" : "\u00b7", (double)result->whole_ns / 1e6);
	fflush(out);
}

/* Programs read the last line of a pipe, or the data: they say, too, that there is no verdict. */
static void print_no_verdict(const struct run *run, int status, const char *why)
{
	const struct objection objection = { .text = why };
	const struct result none = {
		.record = run->record,
		.nrecord = run->nrecord,
		.scenario = run->scenario.name,
		.backend = run->plan.backend,
		.run = run->dir.run,
		.is_probe = run->scenario.probe != NULL,
		.verdict = "none",
		.analysis.trace_hash = "",
		.exit_status = status,
		.nobjection = 1,
		.objection = &objection,
	};

	if (status == ERR_USAGE || status == ERR_CANNOT) /* nothing was run */
		return;
	if (run->cli->is_json)
		print_json(run, &none);
	else if (run->cli->style.is_plain && !run->cli->is_quiet)
		text_verdict_plain(run->out, &run->cli->style, &none);
	fflush(run->out);
}

/* What went wrong behind the verdict counts more: data say that alone, and so does the last line of
 * a pipe, which is then written again. */
static void print_end(const struct run *run, const struct run_result *out, struct result *verdict)
{
	bool is_other = out->status != verdict->exit_status;
	struct objection *objection =
	    arena_array(run->arena, verdict->nobjection + 1, sizeof *objection);

	if (is_other) {
		for (size_t i = 0; i < verdict->nobjection; i++)
			objection[i] = verdict->objection[i];
		objection[verdict->nobjection++] = (struct objection){ .text = out->why };
		verdict->objection = objection;
		verdict->exit_status = out->status;
	}
	if (run->cli->is_json)
		print_json(run, verdict);
	else if (is_other && run->cli->style.is_plain && !run->cli->is_quiet)
		text_verdict_plain(run->out, &run->cli->style, verdict);
	fflush(run->out);
}

void run_fail(struct run_result *result, const struct err *err)
{
	result->status = err->kind != ERR_NONE ? (int)err->kind : ERR_BROKE;
	snprintf(result->why, sizeof(result->why), "%s", err->text);
}

static void file_away(const struct run *run)
{
	char parent[PATH_MAX];
	const char *name = strrchr(run->dir.path, '/');

	if (!run->dir.is_history || !name)
		return;
	snprintf(parent, sizeof(parent), "%.*s", (int)(name - run->dir.path), run->dir.path);
	history_file(parent, name + 1);
}

void run_end(struct run *run, const struct err *played, struct run_result *result)
{
	struct err err = *played, left_err = { 0 }, cloud_err = { 0 };
	struct result verdict = { 0 };

	bool is_cloud_left = run_cloud_close(run, &cloud_err) < 0;
	if (run->dir.steps.fd >= 0 && keep_evidence(run, played, &err) == 0 &&
	    played->kind == ERR_NONE && give_verdict(run, &verdict, result, &err) == 0)
		err.kind = ERR_NONE;
	else if (err.kind == ERR_NONE)
		err_set(&err, ERR_BROKE, "the evidence could not be kept");
	if (rundir_drop_empty(&run->dir)) /* nothing to look at later */
		*result->path = 0;
	file_away(run);
	int left = run->lab.backend ? run->lab.backend->close(&run->lab, CLOSE_MS, &left_err) : 0;
	result->whole_ns = clock_mono_ns() - run->start_ns;
	if (err.kind != ERR_NONE)
		run_fail(result, &err);
	if (left) {
		err_in(&left_err, "left behind");
		run_fail(result, &left_err);
		result->status = ERR_LEFTOVER;
	}
	if (is_cloud_left)
		run_fail(result, &cloud_err);
	if (*result->verdict)
		print_end(run, result, &verdict);
	else
		print_no_verdict(run, result->status, result->why);
	/* Where nothing was run there is nothing to tell of it, only why. */
	if (left || (result->status != ERR_USAGE && result->status != ERR_CANNOT))
		print_last_line(run, left, result);
}

bool run_give_back(struct run *run, const struct err *why, struct run_result *result)
{
	struct err err = { 0 };

	if (!run->lab.is_refused || run->lab.backend->close(&run->lab, CLOSE_MS, &err) != 0)
		return false;
	run_fail(result, why);
	return true;
}
