/* A run from what was asked for to its hosts: scenario, plan, backend, run directory; then it is
 * played (run_play.c). Every path, an interruption too, ends in run_end(). */
#include "run.h"

#include <unistd.h>

#include "beside.h"
#include "clock.h"
#include "env.h"
#include "pcaplib.h"
#include "probe.h"
#include "signals.h"

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

static int check_possible(const struct run *run, struct err *err)
{
	unsigned lacking = run->scenario.needs & ~run->lab.offers;

	for (unsigned bit = 1; bit; bit <<= 1) {
		/* Where nothing may capture, the program is not what lacks. */
		const char *note = bit == NEED_TCPDUMP && run->lab.offers & NEED_CAPTURE
				       ? "apt-get install -y tcpdump"
				       : run->lab.note;
		if (lacking & bit)
			return err_set(err, ERR_CANNOT,
				       "%s needs %s, which %s cannot offer here%s%s (lab doctor%s)",
				       run->scenario.name, step_need_name(bit), run->plan.backend,
				       note ? ": " : "", note ? note : "",
				       backend_has_machines(run->plan.backend) ? " HOST..." : "");
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

static int read_asked(struct run *run, const char *path, const struct backend *backend,
		      struct err *err)
{
	struct complaints complaints = { .arena = run->arena };
	struct scenario_options options = {
		.backend = backend->name,
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
	if (check_not_on(run, backend->name, err) < 0)
		return -1;
	return plan_make(&run->plan, &run->scenario, backend->name, run->arena, err);
}

static int make_asked(struct run *run, const struct probe *probe, const struct backend *backend,
		      struct err *err)
{
	run->asked = (struct bind_asked){ .cli = run->cli };
	run->asked.binding.count = probe->nhost;
	run->asked.binding.target =
	    arena_array(run->arena, probe->nhost, sizeof(const struct target *));
	for (size_t i = 0; i < probe->nhost; i++)
		run->asked.binding.target[i] = probe->machine[i];
	probe_scenario(&run->scenario, probe, run->arena);
	return plan_make(&run->plan, &run->scenario, backend->name, run->arena, err);
}

/* What compiles filters is wanted as soon as the hosts are up; the wait for them is idle. */
static void load_ahead(void)
{
	struct pcaplib lib;
	struct err late; /* is told where it is used */

	pcaplib_open(&lib, &late);
}

static bool has_filter(const struct plan *plan)
{
	for (size_t i = 0; i < plan->ncapture; i++)
		if (*plan->capture[i].filter)
			return true;
	return false;
}

static int bring_up(struct run *run, const struct backend *backend, struct err *err)
{
	struct lab_options options = { .meanwhile = has_filter(&run->plan) ? load_ahead : NULL,
				       .target = run->asked.binding.target,
				       .signal_fd = run->signal_fd,
				       .may_lack = run->scenario.probe != NULL };

	if (beside_agent(run->arena, &options.agent, err) < 0)
		return -1;
	options.is_agent_ours = !env_get(VAR_LAB_AGENT);
	if (backend->open(&run->lab, &run->plan, &options, err) < 0)
		return -1;
	if (check_possible(run, err) < 0 || run_ports_check(run, err) < 0 ||
	    run_filters(run, err) < 0)
		return -1;
	if (rundir_make(&run->dir, run->cli->out, run->scenario.name, err) < 0)
		return -1;
	session_open(&run->session, &run->lab, &run->plan, &run->dir, run->arena);
	run->request = arena_array(run->arena, run->scenario.nstep, sizeof(*run->request));
	return run_asked(run, err);
}

/* Returns 1 when the backend is refused here (and nothing was done). */
static int play_all(struct run *run, const struct backend *backend, struct run_result *result)
{
	struct err err = { 0 };

	if (bring_up(run, backend, &err) < 0) {
		if (run_give_back(run, &err, result))
			return 1;
		if (err.kind == ERR_NONE)
			err.kind = ERR_BROKE;
		run_end(run, &err, result);
		return 0;
	}
	snprintf(result->path, sizeof(result->path), "%s", run->dir.path);
	run->session.signal_fd = run->signal_fd;
	/* What was tried and given up on the way (another backend, say) is no error of the run. */
	if (run_play(run, &err) == 0)
		err.kind = ERR_NONE;
	else if (err.kind == ERR_NONE)
		err.kind = ERR_BROKE;
	run_end(run, &err, result);
	return 0;
}

/* The scenario of a file, or a probe, on one backend; returns as play_all. */
static int run_on(const struct cli *cli, const char *path, const struct probe *probe,
		  const struct backend *backend, FILE *out, struct run_result *result)
{
	struct arena arena = { 0 };
	struct run run = { .cli = cli, .out = out, .arena = &arena, .start_ns = clock_mono_ns() };
	struct err err = { 0 };
	sigset_t old;

	run.is_live = !cli->is_json && !cli->is_quiet;
	run.dir.fd = run.dir.events.fd = run.dir.steps.fd = -1;
	if ((probe ? make_asked(&run, probe, backend, &err)
		   : read_asked(&run, path, backend, &err)) < 0) {
		run_fail(result, &err);
		arena_close(&arena);
		return 0;
	}
	snprintf(result->scenario, sizeof(result->scenario), "%s", run.scenario.name);
	run.signal_fd = signals_open(&old);
	int is_refused = play_all(&run, backend, result);
	session_close(&run.session);
	rundir_close(&run.dir);
	signals_close(run.signal_fd, &old);
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
		run_fail(result, &err);
	while (backend && run_on(cli, path, NULL, backend, out, result)) {
		backend = backend_next(cli->backend, backend);
		if (backend) {
			result->status = ERR_BROKE;
			*result->why = 0;
		}
	}
}

void run_probe(const struct cli *cli, const struct probe *probe, FILE *out,
	       struct run_result *result)
{
	const struct backend *backend = backend_find(streq(cli->backend, "aws") ? "aws" : "ssh");
	struct probe alone = *probe;

	*result = (struct run_result){ .status = ERR_BROKE, .scenario = "probe" };
	if (!run_on(cli, NULL, probe, backend, out, result))
		return;
	alone.nhost = 1;
	alone.lack = arena_printf(cli->arena, "No agent there: %s", result->why);
	*result = (struct run_result){ .status = ERR_BROKE, .scenario = "probe" };
	run_on(cli, NULL, &alone, backend, out, result);
}
