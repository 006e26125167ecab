/* Requests of the controller: each to its handler, each answered by exactly one DONE. */
#include "agent_state.h"

#include "actor.h"
#include "agent_control.h"
#include "clock.h"
#include "complain.h"
#include "errname.h"

void pending_set(struct pending *pending, const struct event *request)
{
	*pending = (struct pending){
		.id = event_num(request, "id", 0),
		.step = request->step,
	};
	if (request->label != NULL)
		snprintf(pending->label, sizeof pending->label, "%s", request->label);
}

void agent_done(struct agent *agent, const struct pending *to, const char *result, const char *text,
		int64_t start_ns)
{
	struct event done;

	event_init(&done, "done");
	done.step = to->step;
	done.label = to->label[0] != '\0' ? to->label : NULL;
	event_int(&done, "id", to->id);
	event_text(&done, "result", result);
	event_text(&done, "text", text);
	event_int(&done, "took_ns", clock_mono_ns() - start_ns);
	event_int(&done, "start_ns", start_ns);
	frame_put_event(&agent->backlog, FRAME_DONE, &done);
}

static agent_control_fn *control_find(const char *kind)
{
	if (streq(kind, "setup"))
		return hello_setup;
	for (size_t i = 0; agent_controls[i].kind != NULL; i++)
		if (streq(agent_controls[i].kind, kind))
			return agent_controls[i].handle;
	return NULL;
}

static void answer(struct agent *agent, const struct pending *to, int64_t start_ns,
		   const struct err *err)
{
	if (err == NULL)
		agent_done(agent, to, "ok", "", start_ns);
	else /* EPERM of a capture is for the controller to judge, so it gets the name */
		agent_done(agent, to, err->sys != 0 ? errname(err->sys) : "error", err->text,
			   start_ns);
}

void agent_answer(struct agent *agent, int64_t id, int64_t start_ns, const struct err *err)
{
	const struct pending to = { .id = id };

	answer(agent, &to, start_ns, err);
}

static void control(struct agent *agent, agent_control_fn *handle, const struct event *request)
{
	int64_t start_ns = clock_mono_ns();
	struct err err = { 0 };
	struct pending to;
	int rc = handle(agent, request, &err);

	pending_set(&to, request);
	if (rc != AGENT_LATER)
		answer(agent, &to, start_ns, rc == 0 ? NULL : &err);
}

/* A step of the agent's own process. */
static void play_here(struct agent *agent, const struct step_kind *kind,
		      const struct event *request)
{
	struct actor actor = {
		.agent = agent,
		.host = &agent->host,
		.channel = -1,
		.fd = -1,
		.step = request->step,
	};
	struct event done;

	if (request->label != NULL)
		snprintf(actor.label, sizeof actor.label, "%s", request->label);
	if (actor_play(&actor, kind, request) == STEP_LATER)
		return;
	actor_done(&actor, event_num(request, "id", 0), &done);
	frame_put_event(&agent->backlog, FRAME_DONE, &done);
}

void agent_refuse(struct agent *agent, const struct event *request, const char *text)
{
	struct pending to;

	pending_set(&to, request);
	agent_done(agent, &to, "error", text, clock_mono_ns());
}

void agent_request(struct agent *agent, const struct frame *frame)
{
	struct event request;
	struct err err = { 0 };
	const struct step_kind *kind;
	agent_control_fn *handle;
	const char *subject;

	if (event_decode(&request, frame->body, frame->len, &err) < 0) {
		complain("request: %s", err.text);
		agent->status = ERR_BROKE;
		agent->is_ending = true;
		return;
	}
	subject = event_get(&request, "subject");
	handle = control_find(request.kind);
	kind = actor_kind_find(request.kind);
	if (handle != NULL) {
		control(agent, handle, &request);
	} else if (kind == NULL || (kind->flags & STEP_CONTROLLER) != 0) {
		agent_refuse(agent, &request, "this agent does not know that request");
	} else if ((kind->flags & STEP_ACTOR) == 0) {
		play_here(agent, kind, &request);
	} else if (kind->subject == SUBJECT_STEP) {
		child_relay(agent, subject != NULL ? subject : "", &request, frame);
	} else {
		child_start(agent, &request);
	}
}
