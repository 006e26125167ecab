/* The journals of dead agents, replayed: at setup, on request, by hand. */
#include "cleanup.h"

#include <stdio.h>

#include "agent_control.h"
#include "journal.h"
#include "safe.h"
#include "sink.h"

static int swept(int failed, struct err *err)
{
	if (failed > 0)
		err_set(err, ERR_LEFTOVER, "%d changes of older runs could not be undone", failed);
	return failed == 0 ? 0 : -1;
}

int cleanup(struct agent *agent, const struct event *request, struct err *err)
{
	struct sink sink = sink_agent(agent);

	(void)request;
	return swept(journal_sweep(&sink, err), err);
}

void cleanup_at_setup(struct agent *agent)
{
	struct sink sink = sink_agent(agent);
	struct err ignored = { 0 };

	(void)journal_sweep(&sink, &ignored);
}

/* "run ab12 (lab-agent 4711): table lab_ab12_cut: undone" */
static void print(void *to, const struct event *event)
{
	const char *what = event_get(event, "what"), *error = event_get(event, "error");
	struct buf line = { 0 };

	buf_printf(&line, "run %s (lab-agent %lld): ", event_get(event, "run"),
		   (long long)event_num(event, "pid", 0));
	if (what != NULL)
		buf_printf(&line, "%s %s: ", what, event_get(event, "name"));
	buf_str(&line, event_get(event, "state"));
	if (error != NULL)
		buf_printf(&line, ": %s", error);
	struct buf safe = { 0 };

	safe_add(&safe, line.data);
	fprintf(to, "%s\n", safe.data);
	buf_close(&safe);
	buf_close(&line);
}

int cleanup_by_hand(void)
{
	const struct sink sink = { .event = print, .to = stdout };
	struct err err = { 0 };

	if (swept(journal_sweep(&sink, &err), &err) == 0)
		return fflush(stdout) == 0 ? 0 : ERR_BROKE;
	fprintf(stderr, "lab-agent cleanup: %s\n", err.text);
	return err.kind == ERR_LEFTOVER ? ERR_LEFTOVER : ERR_CANNOT;
}
