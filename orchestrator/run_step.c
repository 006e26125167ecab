/* Plays one step: a request to its host, its end, and whether that fits the expectation. */
#include "run.h"

#include <stdlib.h>

#include "addr.h"
#include "clock.h"
#include "expect.h"
#include "run_cloud.h"

enum {
	ASK_AGAIN_MS = 5,
	PEERS_MS = 2000,
	MESSAGES_MS = 500
};

struct played {
	const char *result, *text;
	int64_t took_ns;
	size_t first_event; /* of its last request */
	bool is_ok, is_started;
	char why[256];
};

static void name_step(struct event *event, const struct scenario_step *step)
{
	event->step = step->number;
	event->label = step->name;
}

static size_t send_step(struct run *run, const struct scenario_step *step)
{
	const struct scenario *s = &run->scenario;
	int64_t deadline_ns = run->session.deadline_ns - clock_mono_ns();
	struct event request;

	event_init(&request, step->kind->name);
	name_step(&request, step);
	for (const struct param *p = step->kind->params; p && p->name; p++) {
		const char *value = step_arg(step, p->name);
		if (value)
			event_text(&request, p->name, run_port_given(run, step, p, value));
	}
	if (streq(step->kind->name, "heal"))
		event_text(&request, "of", s->step[step->subject].name);
	else if (step->kind->subject == SUBJECT_STEP && step->subject < s->nstep)
		event_text(&request, "subject", s->step[step->subject].name);
	event_int(&request, "deadline_ns", deadline_ns > 0 ? deadline_ns : 1);
	return session_send(&run->session, step->host, &request);
}

static int64_t counter_before(const struct run *run, const struct scenario_step *step)
{
	const char *name = step_arg(step, "name");

	for (size_t i = 0; name && i < run->session.nevent; i++) {
		const struct event *e = &run->session.event[i];
		if (event_is(e, "counter") && event_num(e, "snapshot", 0) == 1 &&
		    streq(e->host, run->plan.host[step->host].name) && event_get(e, "name") &&
		    streq(event_get(e, "name"), name))
			return event_num(e, "value", 0);
	}
	return 0;
}

static int64_t owner_pid(const struct run *run, const struct scenario_step *step)
{
	const struct event *listen =
	    step->expect.owner ? session_find(&run->session, 0, "listen", step->expect.owner)
			       : NULL;

	return listen ? event_num(listen, "pid", 0) : 0;
}

static void take_outcome(const struct run *run, const struct scenario_step *step, size_t id,
			 struct played *played)
{
	const struct request *request = session_request(&run->session, id);
	size_t end = run->session.nevent;
	bool is_wait = streq(step->kind->name, "wait"); /* what it waits for made the events */
	/* An actor's result carries its own time; the agent's own verbs are observed here. */
	const struct step_outcome outcome = {
		.result = request->result,
		.took_ns = request->took_ns,
		.nevent = end - request->first_event,
		.event = run->session.event + request->first_event,
		.value_before = counter_before(run, step),
		.owner_pid = owner_pid(run, step),
		.step = is_wait ? run->scenario.step[step->subject].number : step->number,
	};

	played->result = request->result;
	played->text = request->text;
	played->took_ns = request->took_ns;
	played->first_event = request->first_event;
	played->is_ok = expect_holds(&run->plan, step, &outcome, played->why, sizeof(played->why));
}

/* Observing verbs with `within` are asked again until they hold or the time is over. */
static int observe(struct run *run, const struct scenario_step *step, struct played *played,
		   struct err *err)
{
	int64_t until = clock_mono_ns() + step->expect.within_max_ns;

	for (;;) {
		size_t id = send_step(run, step);
		if (session_wait(&run->session, id, run->session.deadline_ns, err) < 0)
			return -1;
		take_outcome(run, step, id, played);
		if (played->is_ok || clock_mono_ns() >= until || streq(played->result, "error"))
			return 0;
		int64_t pause = clock_after_ms(ASK_AGAIN_MS);
		while (clock_mono_ns() < pause)
			if (session_turn(&run->session, pause, err) < 0)
				return -1;
	}
}

/* After a server was stopped its peers see the end of their connections: wait until each has said
 * so, so that the report can tell what happened to them. */
static int wait_for_peers(struct run *run, const struct scenario_step *stop, struct err *err)
{
	const struct scenario *s = &run->scenario;
	const struct event *listen =
	    session_find(&run->session, 0, "listen", s->step[stop->subject].name);
	int64_t deadline_ns = clock_after_ms(PEERS_MS);

	for (size_t i = 0; listen && i < s->nstep; i++) {
		const struct scenario_step *step = &s->step[i];
		const char *keep = step_arg(step, "keep");
		const struct event *connect = session_find(&run->session, 0, "connect", step->name);
		if (!(step->kind->flags & STEP_CONNECTS) || !keep || !streq(keep, "yes") ||
		    !connect || !event_get(connect, "result") ||
		    !streq(event_get(connect, "result"), "ok"))
			continue;
		struct addr peer;
		if (addr_parse_text(&peer, event_get(connect, "peer")) < 0 ||
		    peer.port != event_num(listen, "port", 0) || peer.port == 0)
			continue;
		while (!session_find(&run->session, 0, "peer-closed", step->name) &&
		       !session_find(&run->session, 0, "close", step->name) &&
		       !session_find(&run->session, 0, "exit", step->name) &&
		       clock_mono_ns() < deadline_ns)
			if (session_turn(&run->session, deadline_ns, err) < 0)
				return -1;
	}
	return 0;
}

static size_t count_messages(const struct run *run, const char *client)
{
	size_t count = 0;

	for (size_t i = 0; i < run->session.nevent; i++) {
		const struct event *e = &run->session.event[i];
		const char *name = event_is(e, "message") ? event_get(e, "name") : NULL;
		count += name && streq(name, client);
	}
	return count;
}

/* Of all its connections: one that failed on the way has fewer than messages= says. */
static size_t count_answers(const struct run *run, const struct scenario_step *step)
{
	size_t count = 0;

	for (size_t i = 0; i < run->session.nevent; i++) {
		const struct event *e = &run->session.event[i];
		const char *result =
		    e->step == step->number && event_is(e, "recv") ? event_get(e, "result") : NULL;
		count += result && streq(result, "ok");
	}
	return count;
}

/* A client that was answered was heard: what the server said of it is on its way here. Wait for it,
 * so that it stands with its step. */
static int wait_for_messages(struct run *run, const struct scenario_step *step, struct err *err)
{
	size_t wanted = count_answers(run, step);
	const struct event *connect = session_find(&run->session, 0, "connect", step->name);
	int64_t deadline_ns = clock_after_ms(MESSAGES_MS);
	struct addr peer;

	if (wanted == 0 || !connect || addr_parse_text(&peer, event_get(connect, "peer")) < 0)
		return 0;
	for (size_t i = 0; i < run->session.nevent; i++) {
		const struct event *listen = &run->session.event[i];
		if (!event_is(listen, "listen") || event_num(listen, "port", 0) != peer.port)
			continue;
		while (count_messages(run, step->name) < wanted && clock_mono_ns() < deadline_ns)
			if (session_turn(&run->session, deadline_ns, err) < 0)
				return -1;
		return 0;
	}
	return 0;
}

static void record_step(struct run *run, const struct scenario_step *step,
			const struct played *played)
{
	const struct scenario *s = &run->scenario;
	struct event event;

	event_init(&event, "step");
	name_step(&event, step);
	event_text(&event, "phase", phase_name(step->phase));
	event_text(&event, "subject", run->plan.host[step->host].name);
	event_text(&event, "verb", step->kind->name);
	event_text(&event, "words", step->words);
	if (step->expect.text)
		event_text(&event, "expected", step->expect.text);
	if (played->is_started) {
		event_int(&event, "background", 1);
	} else {
		event_text(&event, "result", played->result);
		if (played->text)
			event_text(&event, "text", played->text);
		event_int(&event, "took_ns", played->took_ns);
	}
	event_int(&event, "is_ok", played->is_ok);
	if (!played->is_ok && *played->why)
		event_text(&event, "why", played->why);
	if (step->subject < s->nstep && streq(step->kind->name, "wait"))
		event_text(&event, "waits_for", s->step[step->subject].name);
	const struct event *kept = run_record(run, &event);
	if (run->is_live)
		text_step(run->out, &run->cli->style, kept, run->session.event,
			  run->session.nevent);
}

static void record_fault(struct run *run, const char *label, int number, const char *state)
{
	struct event event;

	event_init(&event, "fault");
	event.step = number;
	event.label = label;
	event_text(&event, "state", state);
	run_record(run, &event);
}

/* The controller's own: no agent can. */
static bool is_cloud(const struct run *run, const struct scenario_step *step)
{
	const struct scenario *s = &run->scenario;

	if (streq(step->kind->name, "heal"))
		step = &s->step[step->subject];
	return streq(step->kind->name, "cloud");
}

static int play_cloud(struct run *run, const struct scenario_step *step, struct played *played,
		      struct err *err)
{
	bool is_heal = streq(step->kind->name, "heal");
	int64_t start_ns = clock_mono_ns();

	if (is_heal ? run_cloud_heal(run, &run->scenario.step[step->subject], &played->text, err)
		    : run_cloud_set(run, step, &played->text, err))
		return -1;
	played->result = "ok";
	played->took_ns = clock_mono_ns() - start_ns;
	played->is_ok = true;
	return 0;
}

static int play(struct run *run, const struct scenario_step *step, struct played *played,
		struct err *err)
{
	size_t index = (size_t)(step - run->scenario.step), id;

	if (is_cloud(run, step))
		return play_cloud(run, step, played, err);
	if (step->kind->flags & STEP_OBSERVES)
		return observe(run, step, played, err);
	if (streq(step->kind->name, "wait")) {
		id = run->request[step->subject];
	} else {
		id = send_step(run, step);
		run->request[index] = id;
	}
	if (step->is_background) {
		played->is_started = played->is_ok = true;
		return 0;
	}
	if (session_wait(&run->session, id, run->session.deadline_ns, err) < 0)
		return -1;
	take_outcome(run, step, id, played);
	return 0;
}

/* Of the first step that failed: what breaks later is often its consequence. */
static const char *failed_text(const struct run *run, const struct scenario_step *step,
			       const struct played *played)
{
	bool has_text = played->text && *played->text;
	const char *remedy = streq(played->result, "EACCES") ? run_port_remedy(run, step) : NULL;

	return arena_printf(run->arena, "step %s on %s failed first: %s%s%s%s%s", step->name,
			    run->plan.host[step->host].name,
			    *played->why ? played->why : played->result, has_text ? ", " : "",
			    has_text ? played->text : "", remedy ? "; " : "", remedy ? remedy : "");
}

/* Where, why, and what failed before it. */
static int break_off(const struct run *run, const struct scenario_step *step, struct err *err)
{
	const struct err why = *err;
	const char *before = why.kind == ERR_BROKE ? run->first_failed : NULL;

	return err_set(err, why.kind, "step %s on %s: %s%s%s", step->name,
		       run->plan.host[step->host].name, why.text, before ? "; " : "",
		       before ? before : "");
}

/* What the network still has to say before the next step, so that it stands with this one. */
static int settle(struct run *run, const struct scenario_step *step, struct err *err)
{
	if (streq(step->kind->name, "tcp.stop"))
		return wait_for_peers(run, step, err);
	if (step->kind->flags & STEP_CONNECTS)
		return wait_for_messages(run, step, err);
	return 0;
}

int run_step(struct run *run, const struct scenario_step *step, struct err *err)
{
	struct played played = { 0 };

	if (play(run, step, &played, err) < 0)
		return break_off(run, step, err);
	if (played.is_ok && step->kind->flags & STEP_SERVES)
		run_port_learn(run, step);
	if (played.is_ok && settle(run, step, err) < 0)
		return break_off(run, step, err);
	record_step(run, step, &played);
	if (played.is_ok && step->kind->flags & STEP_FAULT)
		record_fault(run, step->name, step->number, "set");
	if (played.is_ok && streq(step->kind->name, "heal"))
		record_fault(run, run->scenario.step[step->subject].name,
			     run->scenario.step[step->subject].number, "healed");
	/* What could not be found out ends a scenario; a probe has nothing more to do anyway. */
	if (!played.is_started && streq(played.result, "error") && !run->scenario.probe) {
		bool has_text = played.text && *played.text;
		err_set(err, ERR_BROKE, "%s",
			has_text ? played.text : "the agent could not find out");
		return break_off(run, step, err);
	}
	if (!played.is_ok && !run->first_failed)
		run->first_failed = failed_text(run, step, &played);
	return 0;
}
