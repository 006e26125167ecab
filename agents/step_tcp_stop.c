/* tcp.stop: a real process ended by a signal, after it has read what was sent to it. */
#include <signal.h>

#include "actor.h"
#include "agent_signal.h"
#include "clock.h"

enum {
	DRAIN_MS = 2000,
	PATIENCE_MS = 5000
};

static const struct param params[] = {
	{ .name = "step",
	  .kind = PARAM_STEP,
	  .is_positional = true,
	  .is_required = true,
	  .text = "the step whose process is ended" },
	{ .name = "signal",
	  .kind = PARAM_CHOICE,
	  .fallback = "SIGTERM",
	  .choices = "SIGTERM SIGKILL SIGINT SIGHUP SIGSEGV",
	  .text = "the signal that ends it" },
	{ 0 },
};

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	int64_t now_ns = clock_mono_ns();
	struct agent_stop stop = {
		.of = request_text(request, "step", request_text(request, "subject", "")),
		.signal = signal_number(request_text(request, "signal", "SIGTERM")),
		.does_drain = true,
		.deadline_ns = clock_after_ms(PATIENCE_MS),
	};

	if (stop.signal == 0)
		return err_set(err, ERR_USAGE, "signal: unknown name");
	if (actor->deadline_ns != INT64_MAX)
		stop.deadline_ns = actor->deadline_ns;
	stop.drain_ns = now_ns + DRAIN_MS * INT64_C(1000000);
	if (stop.drain_ns > now_ns + (stop.deadline_ns - now_ns) / 2)
		stop.drain_ns = now_ns + (stop.deadline_ns - now_ns) / 2;
	return agent_stop(actor->agent, &stop, request, err) < 0 ? -1 : STEP_LATER;
}

const struct step_kind step_tcp_stop = {
	.name = "tcp.stop",
	.text = "end the process of an earlier step by a signal, once it has read what was sent",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = 0,
	.results = RESULT_OK | RESULT_TIMEOUT,
	.run = run,
};
