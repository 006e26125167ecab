/* What was asked for: the first lines of lab's own record, the scenario as read, the plan. */
#include "probe.h"
#include "run.h"

static const char *asked_confidence(const struct run *run)
{
	const char *written = run->scenario.expect.confidence;

	/* On a stack that is not ours (the machine's own lo, a machine over SSH) counters and rules
	 * may be out of reach: likely is what can be had everywhere. */
	if (!run->lab.is_private)
		return "likely";
	return written ? written : "proven";
}

/* What one end cannot know of the other; NULL: both ends are seen. */
static const char *unseen_text(const struct run *run)
{
	const struct probe *probe = run->scenario.probe;

	if (!probe->lack)
		return NULL;
	return arena_printf(run->arena,
			    "one-ended: whether the SYN arrived, what listens on the port and "
			    "which rule answers or drops there is not known. %s",
			    probe->lack);
}

static void record_head(struct run *run)
{
	const struct scenario *s = &run->scenario;
	struct event event;

	event_init(&event, "run");
	event_text(&event, "schema", "lab.steps/1");
	event_text(&event, "scenario", s->name);
	event_text(&event, "title", s->title ? s->title : s->name);
	event_text(&event, "backend", run->plan.backend);
	event_text(&event, "run", run->dir.run);
	event_text(&event, "version", LAB_VERSION);
	event_text(&event, "ask", asked_confidence(run));
	event_int(&event, "ask_wire", (run->lab.offers & NEED_CAPTURE) != 0);
	if (run->lab.note)
		event_text(&event, "note", run->lab.note);
	if (s->probe) {
		event_int(&event, "probe", 1);
		event_text(&event, "unseen", unseen_text(run));
	}
	run_record(run, &event);
	for (size_t h = 0; h < run->plan.nhost; h++)
		for (size_t p = 0; p < run->plan.host[h].nport; p++) {
			const struct plan_port *port = &run->plan.host[h].port[p];
			event_init(&event, "host");
			event_text(&event, "name", run->plan.host[h].name);
			event_text(&event, "address", port->address);
			event_text(&event, "link", run->plan.link[port->link].name);
			event_text(&event, "group", run->scenario.host[h].group);
			run_record(run, &event);
		}
}

/* One record for each vantage point: the first is the client's. */
static void record_expect(struct run *run)
{
	const struct scenario_expect *expect = &run->scenario.expect;
	const char *on = run->scenario.step[expect->on].name;
	struct event event;

	event_init(&event, "expect");
	event_text(&event, "verdict", expect->verdict);
	event_text(&event, "on", on);
	event_text(&event, "wire", expect->wire);
	event_text(&event, "not", expect->not );
	event_text(&event, "confidence", asked_confidence(run));
	run_record(run, &event);
	if (!expect->wire_at_value)
		return;
	event_init(&event, "expect");
	event_text(&event, "on", on);
	event_text(&event, "wire", expect->wire_at_value);
	event_text(&event, "wire_at", run->scenario.host[expect->wire_at].name);
	run_record(run, &event);
}

static int write_asked(struct run *run, struct err *err)
{
	struct buf json = { 0 };

	plan_json(&json, &run->plan);
	int status = rundir_write(&run->dir, "scenario.ini", run->scenario.source,
				  strlen(run->scenario.source), err);
	if (status == 0)
		status = rundir_write(&run->dir, "plan.json", json.data, json.len, err);
	buf_close(&json);
	return status;
}

int run_asked(struct run *run, struct err *err)
{
	record_head(run);
	record_expect(run);
	return write_asked(run, err);
}
