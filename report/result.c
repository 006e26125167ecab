/* Opens a run directory, has it analysed, judges, and writes the derived files. */
#include <errno.h>
#include <fcntl.h>

#include "file.h"
#include "judge.h"
#include "pcapng.h"
#include "record.h"
#include "report.h"
#include "seal.h"

/* The success to lay beside the failure: in the control phase, to the same target; else the first
 * success there is. */
static const struct finding *choose_control(const struct result *result)
{
	const struct analysis *analysis = &result->analysis;
	const char *target = result->finding ? result->finding->connection->target : NULL;
	const struct finding *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < analysis->nfinding; i++) {
		const struct connection *connection = analysis->finding[i].connection;
		const struct event *step;
		int rank = 1;

		if (&analysis->finding[i] == result->finding || !connection->label ||
		    !connection->result || !streq(connection->result, "ok"))
			continue;
		step = record_step(result->record, result->nrecord, connection->label);
		if (streq(record_text(step, "phase", ""), "control"))
			rank += 2;
		if (target && connection->target && streq(connection->target, target))
			rank += 1;
		if (rank > best_rank) {
			best = &analysis->finding[i];
			best_rank = rank;
		}
	}
	return best;
}

int result_load(struct result *out, const char *dir, const char *require, struct arena *arena,
		struct err *err)
{
	struct judge_input input = { .require = require };
	const struct event *run;
	struct judgement judgement;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status;

	*out = (struct result){ .dir = arena_dup(arena, dir) };
	if (fd < 0)
		return err_sys(err, "%s", dir);
	status = events_load(fd, "steps.ndjson", &out->record, &out->nrecord, arena, err);
	if (status == 0)
		status = seal_check(fd, &input.broken, arena, err);
	close(fd);
	if (status < 0)
		return err_in(err, "%s", dir);
	if (analysis_load(&out->analysis, dir, arena, err) < 0)
		return -1;
	run = record_next(out->record, out->nrecord, NULL, "run");
	out->scenario = record_text(run, "scenario", "?");
	out->backend = record_text(run, "backend", "?");
	out->run = record_text(run, "run", "?");
	out->is_probe = record_num(run, "probe", 0) == 1;
	input.analysis = &out->analysis;
	input.record = out->record;
	input.nrecord = out->nrecord;
	judge(&judgement, &input, arena);
	out->expected = judgement.expected;
	out->verdict = judgement.verdict;
	out->confidence = judgement.confidence;
	out->finding = judgement.finding;
	out->exit_status = judgement.exit_status;
	out->nobjection = judgement.nobjection;
	out->objection = judgement.objection;
	out->control = choose_control(out);
	return 0;
}

static int write_text(int fd, const struct result *result, struct err *err)
{
	const struct style style = { 0 };
	struct result here = *result;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int status;

	if (!out)
		return err_sys(err, "report.txt");
	here.dir = ""; /* the file must not depend on where the directory lies */
	text_report(out, &style, &here);
	if (fclose(out) != 0) {
		free(text);
		return err_sys(err, "report.txt");
	}
	status = file_write(fd, "report.txt", text, len, err);
	free(text);
	return status;
}

int report_write(const struct result *result, struct err *err)
{
	int fd = open(result->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf json = { 0 };
	int status;

	if (fd < 0)
		return err_sys(err, "%s", result->dir);
	result_json(&json, result);
	status = file_write(fd, "result.json", json.data, json.len, err);
	buf_close(&json);
	if (status == 0)
		status = write_text(fd, result, err);
	if (status == 0)
		status = pcapng_write(fd, result, err);
	file_give(fd, "result.json");
	file_give(fd, "report.txt");
	file_give(fd, "run.pcapng");
	close(fd);
	return status < 0 ? err_in(err, "%s", result->dir) : 0;
}
