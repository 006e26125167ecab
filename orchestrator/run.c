/* A run from its making to its last line: scenario, plan, hosts, steps, drain, verdict, teardown.
 * Every path, an interruption too, ends in finish(). */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "env.h"
#include "history.h"
#include "json.h"
#include "pcaplib.h"

enum {
	CLOSE_MS = 10000,
	DRAIN_MS = 5000,
	DRAIN_LATE_MS = 1000
};

static int find_agent(struct arena *arena, const char **path, struct err *err)
{
	char self[PATH_MAX];
	const char *given = env_get(VAR_LAB_AGENT);

	if (given) {
		*path = given;
		return access(given, X_OK) == 0 ? 0 : err_sys(err, "LAB_AGENT=%s", given);
	}
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = 0;
		char *slash = strrchr(self, '/');
		if (slash) {
			*slash = 0;
			static const char *const places[] = { "lab-agent",
							      "../libexec/lab/lab-agent" };
			for (size_t i = 0; i < COUNT(places); i++) {
				*path = arena_printf(arena, "%s/%s", self, places[i]);
				if (access(*path, X_OK) == 0)
					return 0;
			}
		}
	}
	return err_set(
	    err, ERR_CANNOT,
	    "lab-agent is neither beside lab nor in ../libexec/lab (make, or LAB_AGENT=)");
}

const struct event *run_record(struct run *run, const struct event *event)
{
	run->record = arena_grow(run->arena, run->record, run->nrecord, &run->record_cap,
				 sizeof(*run->record));
	struct event *copy = &run->record[run->nrecord++];

	*copy = *event;
	copy->host = "lab";
	for (size_t i = 0; i < copy->nfield; i++)
		if (copy->field[i].text)
			copy->field[i].text = arena_dup(run->arena, copy->field[i].text);
	rundir_step(&run->dir, copy);
	return copy;
}

static void set_deadline(struct run *run)
{
	struct session *session = &run->session;

	session->limit_ns =
	    run->cli->timeout_ns ? run->cli->timeout_ns : run->scenario.time_limit_ns;
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
			if (phase != PHASE_CONTROL && run_snapshot(run, err) < 0)
				return -1;
		}
		if (is_judged(run, step, false) && run_snapshot(run, err) < 0)
			return -1;
		if (run_step(run, step, err) < 0)
			return -1;
		if (is_judged(run, step, true) && run_snapshot(run, err) < 0)
			return -1;
		if (run->is_live)
			fflush(run->out);
	}
	return has_begun ? pause_here(run, phase, err) : 0;
}

static int play(struct run *run, struct err *err)
{
	if (run_setup(run, err) < 0)
		return -1;
	if (run->is_live)
		text_head(run->out, &run->cli->style, run->record, run->nrecord);
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		if (play_phase(run, (enum phase)phase, err) < 0)
			return -1;
	return run_snapshot(run, err);
}

/* Evidence first: what was captured so far is drained and sealed whatever happened before. */
static int keep_evidence(struct run *run, const struct err *why, struct err *err)
{
	bool is_whole = why->kind == ERR_NONE;
	bool is_interrupt = why->kind == ERR_SIGINT || why->kind == ERR_SIGTERM;
	const char *ended = is_whole ? "done" : is_interrupt ? "interrupted" : "failed";
	struct err late = { 0 };
	struct event event;

	run->session.signal_fd = is_whole ? run->session.signal_fd : -1;
	run->session.deadline_ns = 0;
	int status = run_drain(run, clock_after_ms(is_whole ? DRAIN_MS : DRAIN_LATE_MS), &late);
	if (status < 0 && is_whole) {
		*err = late;
		ended = "failed";
	}
	event_init(&event, "end");
	event_text(&event, "why", ended);
	if (!is_whole)
		event_text(&event, "text", why->text);
	run_record(run, &event);
	if (rundir_flush(&run->dir, &late) < 0 || run_seal(run, ended, &late) < 0) {
		if (is_whole && status == 0)
			*err = late;
		return -1;
	}
	return status;
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
	if (run->cli->is_json) {
		struct buf json = { 0 };
		result_json(&json, result);
		fwrite(json.data, 1, json.len, run->out);
		buf_close(&json);
	} else if (run->cli->is_quiet) {
		text_quiet(run->out, result);
	} else {
		text_verdict(run->out, &run->cli->style, result);
	}
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
		snprintf(what, sizeof(what), "%d things", left);
	fprintf(out, "left behind: %s %s whole run %.0f ms\n", what,
		run->cli->style.is_ascii ? "-" : "\u00b7", (double)result->whole_ns / 1e6);
	fflush(out);
}

static void fail(struct run_result *result, const struct err *err)
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

static void finish(struct run *run, const struct err *played, struct run_result *result)
{
	struct err err = *played, left_err = { 0 };
	struct result verdict;

	if (run->dir.steps.fd >= 0 && keep_evidence(run, played, &err) == 0 &&
	    played->kind == ERR_NONE && give_verdict(run, &verdict, result, &err) == 0)
		err.kind = ERR_NONE;
	else if (err.kind == ERR_NONE)
		err_set(&err, ERR_BROKE, "the evidence could not be kept");
	file_away(run);
	int left = run->lab.backend ? run->lab.backend->close(&run->lab, CLOSE_MS, &left_err) : 0;
	result->whole_ns = clock_mono_ns() - run->start_ns;
	if (err.kind != ERR_NONE)
		fail(result, &err);
	if (left) {
		err_in(&left_err, "left behind");
		fail(result, &left_err);
		result->status = ERR_LEFTOVER;
	}
	print_last_line(run, left, result);
}

static int check_possible(const struct run *run, struct err *err)
{
	unsigned lacking = run->scenario.needs & ~run->lab.offers;

	for (unsigned bit = 1; bit; bit <<= 1) {
		const char *note =
		    bit == NEED_TCPDUMP ? "apt-get install -y tcpdump" : run->lab.note;
		if (lacking & bit)
			return err_set(err, ERR_CANNOT,
				       "%s needs %s, which %s cannot offer here%s%s (lab doctor)",
				       run->scenario.name, step_need_name(bit), run->plan.backend,
				       note ? ": " : "", note ? note : "");
	}
	return 0;
}

static int check_not_on(const struct run *run, const char *backend, struct err *err)
{
	for (size_t i = 0; i < run->scenario.nnot_on; i++)
		if (streq(run->scenario.not_on[i].name, backend))
			return err_set(err, ERR_CANNOT, "%s does not run on %s: %s",
				       run->scenario.name, backend, run->scenario.not_on[i].value);
	return 0;
}

static int read_asked(struct run *run, const char *path, const struct backend **backend,
		      struct err *err)
{
	struct complaints complaints = { .arena = run->arena };
	struct scenario_options options = {
		.backend = (*backend)->name,
		.nset = run->cli->set.count,
		.set = run->cli->set.at,
		.engine = run->cli->engine,
	};
	bind_ask(&options, &run->asked, run->cli);
	if (scenario_load(&run->scenario, path, &options, run->arena, &complaints, err) < 0) {
		cli_complain(run->cli, &complaints);
		if (complaints.count)
			err_set(err, ERR_USAGE, "%s: %zu error%s", path, complaints.count,
				complaints.count == 1 ? "" : "s");
		return -1;
	}
	if (check_not_on(run, (*backend)->name, err) < 0)
		return -1;
	return plan_make(&run->plan, &run->scenario, (*backend)->name, run->arena, err);
}

void run_signals(sigset_t *set)
{
	struct sigaction hup;

	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	if (sigaction(SIGHUP, NULL, &hup) < 0 || hup.sa_handler != SIG_IGN)
		sigaddset(set, SIGHUP);
}

static int open_signals(sigset_t *old)
{
	sigset_t set;

	run_signals(&set);
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The capture's reader is wanted at the end, and the wait for hosts is idle. */
static void load_ahead(void)
{
	struct pcaplib lib;
	struct err late; /* is told where it is used */

	pcaplib_open(&lib, &late);
}

static int bring_up(struct run *run, const struct backend *backend, struct err *err)
{
	struct lab_options options = { .meanwhile = load_ahead,
				       .target = run->asked.binding.target,
				       .signal_fd = run->signal_fd };

	if (find_agent(run->arena, &options.agent, err) < 0)
		return -1;
	options.is_agent_ours = !env_get(VAR_LAB_AGENT);
	if (backend->open(&run->lab, &run->plan, &options, err) < 0)
		return -1;
	if (check_possible(run, err) < 0 || run_filters(run, err) < 0)
		return -1;
	if (rundir_make(&run->dir, run->cli->out, run->scenario.name, err) < 0)
		return -1;
	session_open(&run->session, &run->lab, &run->plan, &run->dir, run->arena);
	run->request = arena_array(run->arena, run->scenario.nstep, sizeof(*run->request));
	return run_asked(run, err);
}

/* Nothing was begun: the backend cannot be had here. Another may be tried, so nothing is said. */
static bool give_back(struct run *run, const struct err *why, struct run_result *result)
{
	struct err err = { 0 };

	if (!run->lab.is_refused || run->lab.backend->close(&run->lab, CLOSE_MS, &err) != 0)
		return false;
	fail(result, why);
	return true;
}

/* Returns 1 when the backend is refused here (and nothing was done). */
static int play_all(struct run *run, const struct backend *backend, struct run_result *result)
{
	struct err err = { 0 };

	if (bring_up(run, backend, &err) < 0) {
		if (give_back(run, &err, result))
			return 1;
		if (err.kind == ERR_NONE)
			err.kind = ERR_BROKE;
		finish(run, &err, result);
		return 0;
	}
	snprintf(result->path, sizeof(result->path), "%s", run->dir.path);
	run->session.signal_fd = run->signal_fd;
	set_deadline(run);
	/* What was tried and given up on the way (another backend, say) is no error of the run. */
	if (play(run, &err) == 0)
		err.kind = ERR_NONE;
	else if (err.kind == ERR_NONE)
		err.kind = ERR_BROKE;
	finish(run, &err, result);
	return 0;
}

/* On one backend; returns as play_all. */
static int run_on(const struct cli *cli, const char *path, const struct backend *backend, FILE *out,
		  struct run_result *result)
{
	struct arena arena = { 0 };
	struct run run = { .cli = cli, .out = out, .arena = &arena, .start_ns = clock_mono_ns() };
	struct err err = { 0 };
	sigset_t old;

	run.is_live = !cli->is_json && !cli->is_quiet;
	run.dir.fd = run.dir.events.fd = run.dir.steps.fd = -1;
	if (read_asked(&run, path, &backend, &err) < 0) {
		fail(result, &err);
		arena_close(&arena);
		return 0;
	}
	snprintf(result->scenario, sizeof(result->scenario), "%s", run.scenario.name);
	run.signal_fd = open_signals(&old);
	int is_refused = play_all(&run, backend, result);
	session_close(&run.session);
	rundir_close(&run.dir);
	if (run.signal_fd >= 0)
		close(run.signal_fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	arena_close(&arena);
	return is_refused;
}

void run_scenario(const struct cli *cli, const char *path, FILE *out, struct run_result *result)
{
	struct err err = { 0 };
	const struct backend *backend = backend_first(cli->backend, &err);

	*result = (struct run_result){ .status = ERR_BROKE };
	snprintf(result->scenario, sizeof(result->scenario), "%s", path);
	if (!backend)
		fail(result, &err);
	while (backend && run_on(cli, path, backend, out, result)) {
		backend = backend_next(cli->backend, backend);
		if (backend) {
			result->status = ERR_BROKE;
			*result->why = 0;
		}
	}
}
