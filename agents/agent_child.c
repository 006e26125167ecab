/* Actors' processes, from the agent's side: started, fed, relayed, stopped, reaped. */
#include "agent_state.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "actor.h"
#include "agent_control.h"
#include "agent_signal.h"
#include "clock.h"
#include "mem.h"

enum {
	DRAIN_ID = -1,
	READ_LEN = 64 * 1024
};

size_t agent_actor_count(const struct agent *agent)
{
	return agent->nchild;
}

struct agent_actor agent_actor_at(const struct agent *agent, size_t index)
{
	const struct child *child = &agent->child[index];

	return (struct agent_actor){
		.pid = child->pid,
		.process = "lab-agent",
		.label = child->label,
		.step = child->step,
	};
}

static struct child *child_find(struct agent *agent, const char *label)
{
	for (size_t i = 0; i < agent->nchild; i++)
		if (streq(agent->child[i].label, label))
			return &agent->child[i];
	return NULL;
}

static bool add_pending(struct child *child, const struct event *request)
{
	if (child->npending == AGENT_PENDING)
		return false;
	child->pending = mem_resize(child->pending, child->npending + 1, sizeof *child->pending);
	pending_set(&child->pending[child->npending++], request);
	return true;
}

/* One that still plays, or holds what it played. */
static struct child *child_at_work(struct agent *agent, const char *label)
{
	struct child *child = child_find(agent, label);

	return child != NULL && !child->is_leaving ? child : NULL;
}

/* In the child: the agent's memory is a copy, its descriptors are closed by actor_main. */
static _Noreturn void run_child(struct agent *agent, int channel, const struct event *request,
				pid_t agent_pid)
{
	struct actor actor = {
		.host = &agent->host,
		.channel = channel,
		.fd = -1,
		.step = request->step,
	};

	snprintf(actor.label, sizeof actor.label, "%s", request->label);
	actor_main(&actor, request, agent_pid);
}

void child_start(struct agent *agent, const struct event *request)
{
	const char *label = request->label;
	pid_t agent_pid = getpid(), pid;
	struct child *child;
	int pair[2];

	if (label == NULL || *label == '\0' || strlen(label) >= AGENT_LABEL) {
		agent_refuse(agent, request, "the request has no step label");
		return;
	}
	if (child_find(agent, label) != NULL || agent->nchild == AGENT_CHILDREN) {
		agent_refuse(agent, request,
			     "an actor of that name is still there, or there are too many");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		agent_refuse(agent, request, strerror(errno));
		return;
	}
	pid = fork();
	if (pid == 0)
		run_child(agent, pair[1], request, agent_pid);
	if (pid < 0)
		agent_refuse(agent, request, strerror(errno));
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return;
	}
	if (agent->nchild == agent->child_cap) {
		agent->child_cap = agent->child_cap > 0 ? 2 * agent->child_cap : 8;
		agent->child = mem_resize(agent->child, agent->child_cap, sizeof *agent->child);
	}
	child = &agent->child[agent->nchild++];
	*child = (struct child){ .pid = pid, .channel = pair[0], .step = request->step };
	snprintf(child->label, sizeof child->label, "%s", label);
	add_pending(child, request);
}

void child_writable(struct child *child)
{
	while (child->out.len > 0) {
		ssize_t n = send(child->channel, child->out.data, child->out.len,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			buf_drop(&child->out, (size_t)n);
		else if (errno != EINTR)
			break; /* EAGAIN: later; gone: reaped soon */
	}
}

void child_relay(struct agent *agent, const char *subject, const struct event *request,
		 const struct frame *frame)
{
	struct child *child = child_at_work(agent, subject);
	char text[AGENT_LABEL + 64];

	if (child == NULL) {
		snprintf(text, sizeof text, "%.127s: its process is not there", subject);
		agent_refuse(agent, request, text);
	} else if (!add_pending(child, request)) {
		agent_refuse(agent, request, "too many requests wait for this actor");
	} else {
		frame_put(&child->out, FRAME_REQUEST, frame->body, frame->len);
		child_writable(child);
	}
}

static void signal_child(struct child *child)
{
	child->stop = STOP_SIGNALLED;
	(void)kill(child->pid, child->stop_signal);
}

/* A DONE of an actor: ours, or one that goes up. */
static void take_done(struct agent *agent, struct child *child, const struct frame *frame)
{
	struct event done;
	struct err err = { 0 };
	int64_t id;

	if (event_decode(&done, frame->body, frame->len, &err) < 0)
		return;
	id = event_num(&done, "id", 0);
	if (id == DRAIN_ID) {
		if (child->stop == STOP_DRAINING)
			signal_child(child);
		return;
	}
	for (size_t i = 0; i < child->npending; i++)
		if (child->pending[i].id == id) {
			child->pending[i] = child->pending[--child->npending];
			frame_put(&agent->backlog, FRAME_DONE, frame->body, frame->len);
			return;
		}
}

/* Reads once; false: end of file or error. */
static bool read_channel(struct agent *agent, struct child *child, int *number)
{
	char bytes[READ_LEN];
	ssize_t n = recv(child->channel, bytes, sizeof bytes, MSG_DONTWAIT);
	struct frame frame;
	struct err err = { 0 };
	int rc;

	*number = n < 0 ? errno : 0;
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	frame_feed(&child->in, bytes, (size_t)n);
	while ((rc = frame_next(&child->in, &frame, &err)) > 0) {
		if (frame.type == FRAME_EVENT)
			frame_put(&agent->backlog, FRAME_EVENT, frame.body, frame.len);
		else if (frame.type == FRAME_DONE)
			take_done(agent, child, &frame);
		else if (frame.type == FRAME_LEAVE)
			child->is_leaving = true;
	}
	return rc == 0;
}

void child_readable(struct agent *agent, struct child *child)
{
	int number;

	if (read_channel(agent, child, &number))
		return;
	close(child->channel); /* its exit is told when it is reaped */
	child->channel = -1;
}

static void tell_exit(struct agent *agent, const struct child *child, int status)
{
	struct event event;

	event_init(&event, "exit");
	event.step = child->stop != STOP_NONE ? child->stopper.step : child->step;
	event.label = child->stop != STOP_NONE ? child->stopper.label : child->label;
	event_int(&event, "pid", child->pid);
	event_text(&event, "process", "lab-agent");
	if (WIFSIGNALED(status))
		event_text(&event, "signal", signal_name(WTERMSIG(status)));
	else
		event_int(&event, "status", WEXITSTATUS(status));
	event_text(&event, "of", child->label);
	agent_event(agent, &event);
}

/* What it said to the end goes up first, then how it ended, then what waited for it. */
static void bury(struct agent *agent, struct child *child, int status)
{
	int number = 0;

	while (child->channel >= 0 && read_channel(agent, child, &number) && number != EAGAIN)
		;
	if (child->channel >= 0)
		close(child->channel);
	tell_exit(agent, child, status);
	for (size_t i = 0; i < child->npending; i++)
		agent_done(agent, &child->pending[i], "error",
			   "the process that played the step ended before its answer",
			   clock_mono_ns());
	if (child->stop != STOP_NONE)
		agent_done(agent, &child->stopper, "ok", "", child->stop_start_ns);
	frame_close(&child->in);
	buf_close(&child->out);
	free(child->pending);
	*child = agent->child[--agent->nchild];
}

void child_reap(struct agent *agent)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
		captures_reaped(agent, pid, status);
		faults_reaped(agent, pid);
		for (size_t i = 0; i < agent->nchild; i++)
			if (agent->child[i].pid == pid) {
				bury(agent, &agent->child[i], status);
				break;
			}
	}
}

int agent_stop(struct agent *agent, const struct agent_stop *stop, const struct event *request,
	       struct err *err)
{
	struct child *child = child_at_work(agent, stop->of);
	struct event drain;

	if (child == NULL)
		return err_set(err, ERR_BROKE, "%s: its process is not there", stop->of);
	if (child->stop != STOP_NONE)
		return err_set(err, ERR_BROKE, "%s: is being stopped already", stop->of);
	pending_set(&child->stopper, request);
	child->stop = STOP_DRAINING;
	child->stop_signal = stop->signal;
	child->stop_start_ns = clock_mono_ns();
	child->stop_drain_ns = stop->drain_ns;
	child->stop_ns = stop->deadline_ns;
	if (!stop->does_drain || child->npending > 0) { /* busy in a step: it would not listen */
		signal_child(child);
		return 0;
	}
	event_init(&drain, "drain");
	event_int(&drain, "id", DRAIN_ID);
	event_int(&drain, "deadline_ns", stop->drain_ns - child->stop_start_ns);
	frame_put_event(&child->out, FRAME_REQUEST, &drain);
	child_writable(child);
	return 0;
}

static void stop_overdue(struct agent *agent, struct child *child, int64_t now_ns)
{
	if (child->stop == STOP_DRAINING && now_ns >= child->stop_drain_ns)
		signal_child(child);
	if (child->stop == STOP_SIGNALLED && now_ns >= child->stop_ns) {
		agent_done(agent, &child->stopper, "TIMEOUT", "the process outlived the signal",
			   child->stop_start_ns);
		child->stop = STOP_NONE;
	}
}

int64_t child_timers(struct agent *agent)
{
	int64_t now_ns = clock_mono_ns(), next_ns = INT64_MAX;

	for (size_t i = 0; i < agent->nchild; i++) {
		struct child *child = &agent->child[i];
		int64_t at_ns;

		stop_overdue(agent, child, now_ns);
		if (child->stop == STOP_NONE)
			continue;
		at_ns = child->stop == STOP_DRAINING ? child->stop_drain_ns : child->stop_ns;
		if (at_ns < next_ns)
			next_ns = at_ns;
	}
	return next_ns;
}

void child_kill_all(struct agent *agent)
{
	int64_t until_ns = clock_after_ms(1000);

	for (size_t i = 0; i < agent->nchild; i++)
		(void)kill(agent->child[i].pid, SIGKILL);
	while (agent->nchild > 0 && clock_mono_ns() < until_ns) {
		struct pollfd set = { .fd = agent->signals, .events = POLLIN };

		child_reap(agent);
		if (agent->nchild > 0)
			(void)poll(&set, 1, clock_left_ms(until_ns));
		agent_signals_clear(agent);
	}
}
