/* Plays the phases with their steps: a snapshot at each border and around the step judged. */
#include "run.h"

#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "run_cloud.h"

static void set_deadline(struct run *run)
{
	struct session *session = &run->session;

	/* Of a probe --timeout is the patience of its step. */
	session->limit_ns = run->cli->timeout_ns && !run->scenario.probe
				? run->cli->timeout_ns
				: run->scenario.time_limit_ns;
	session->deadline_ns = clock_mono_ns() + session->limit_ns;
}

/* --pause: holds until Enter while the agents are kept alive. */
static int pause_here(struct run *run, enum phase phase, struct err *err)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[256];
	int status = 0;

	if (!run->cli->pause || !streq(run->cli->pause, phase_name(phase)))
		return 0;
	fprintf(run->cli->progress, "paused after %s", phase_name(phase));
	cli_print_named(run->cli->progress, " in ", run->dir.path, ": Enter goes on");
	run->session.deadline_ns = INT64_MAX;
	run->session.input_fd = STDIN_FILENO;
	while (status == 0 && poll(&input, 1, 0) == 0)
		status = session_turn(&run->session, INT64_MAX, err);
	run->session.input_fd = -1;
	if (status < 0)
		return -1;
	if (read(STDIN_FILENO, line, sizeof(line)) < 0)
		return err_sys(err, "standard input");
	set_deadline(run);
	return 0;
}

/* The step whose connection is judged: its background start, and the wait that ends it. */
static bool is_judged(const struct run *run, const struct scenario_step *step, bool at_end)
{
	const struct scenario *s = &run->scenario;
	const struct scenario_step *judged = &s->step[s->expect.on];

	if (step == judged)
		return !at_end || !step->is_background;
	return at_end && streq(step->kind->name, "wait") && step->subject == s->expect.on;
}

/* The cloud is asked before its hosts are, and after them: what it says then was so all the while.
 */
static int snapshot_judged(struct run *run, struct err *err)
{
	run_cloud_read(run);
	return run_snapshot(run, err);
}

static int play_phase(struct run *run, enum phase phase, struct err *err)
{
	const struct scenario *s = &run->scenario;
	bool has_begun = false;
	struct event event;

	for (size_t i = 0; i < s->nstep; i++) {
		const struct scenario_step *step = &s->step[i];
		if (step->phase != phase)
			continue;
		if (!has_begun) {
			has_begun = true;
			event_init(&event, "phase");
			event_text(&event, "name", phase_name(phase));
			const struct event *kept = run_record(run, &event);
			if (run->is_live)
				text_phase(run->out, &run->cli->style, kept);
			if ((phase == PHASE_FAULT || phase == PHASE_RECOVERY) &&
			    run_snapshot(run, err) < 0)
				return -1;
		}
		if (is_judged(run, step, false) && snapshot_judged(run, err) < 0)
			return -1;
		if (run_step(run, step, err) < 0)
			return -1;
		if (is_judged(run, step, true) && snapshot_judged(run, err) < 0)
			return -1;
		if (run->is_live)
			fflush(run->out);
	}
	return has_begun ? pause_here(run, phase, err) : 0;
}

int run_play(struct run *run, struct err *err)
{
	set_deadline(run);
	if (run_cloud_open(run, err) < 0 || run_setup(run, err) < 0)
		return -1;
	if (run->is_live)
		text_head(run->out, &run->cli->style, run->record, run->nrecord);
	for (int phase = 0; phase <= PHASE_PROBE; phase++)
		if (play_phase(run, (enum phase)phase, err) < 0)
			return -1;
	return run_snapshot(run, err);
}
