/* An agent is brought up by one step; asking is another. */
#include "fleet_agents.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "mem.h"
#include "said.h"

enum {
	BOOT_MS = 30000, /* the agent's way there, from the channel's opening on */
	READ_SIZE = 65536
};

/* Before the agent is up ssh may have ended, and then its end tells why. */
static int lost(const struct fleet_machine *m, bool is_up, struct err *err)
{
	int why = errno, status;

	if (!is_up && m->stream->transport->finish(m->stream, &status, err) < 0)
		return -1;
	errno = why;
	err_sys(err, "the connection was lost");
	return err_in(err, "%s", m->target->name);
}

static struct fleet_agent *agent_of(struct fleet_agents *all, const struct fleet_machine *m)
{
	return &all->agent[m - all->fleet.at];
}

void fleet_agents_init(struct fleet_agents *all, const struct target *const *target, size_t count)
{
	*all = (struct fleet_agents){ 0 };
	fleet_init(&all->fleet, target, count);
	all->agent = mem_zeroed(count, sizeof *all->agent);
}

static bool is_here(const struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++)
		if (fleet->at[i].target->transport != TRANSPORT_LOCAL)
			return false;
	return true;
}

int fleet_agents_open(struct fleet_agents *all, struct err *err)
{
	struct buf command = { 0 };

	if ((is_here(&all->fleet) ? agents_static_own : agents_static_read)(&all->programs,
									    &all->arena, err) < 0)
		return -1;
	for (size_t i = 0; i < all->fleet.count; i++)
		all->agent[i].boot =
		    (struct boot){ .agent = all->programs.agent, .nagent = all->programs.count };
	boot_command(&command, all->programs.agent, all->programs.count, true);
	int status = fleet_open(&all->fleet, command.data, err);
	buf_close(&command);
	return status;
}

static int give(struct fleet_machine *m, struct fleet_agent *agent, struct err *err)
{
	struct buf *out = &agent->out;

	while (out->len > 0) {
		ssize_t n = m->stream->transport->write(m->stream, out->data, out->len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return lost(m, agent->boot.is_up, err);
		buf_drop(out, (size_t)n);
	}
	return 0;
}

/* 1: something came, 0: nothing yet. */
static int take(struct fleet_machine *m, struct fleet_agent *agent, struct err *err)
{
	struct boot *boot = &agent->boot;
	char bytes[READ_SIZE], words[SAID_WORDS];
	ssize_t n = m->stream->transport->read(m->stream, bytes, sizeof bytes);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return lost(m, agent->boot.is_up, err);
	if (n == 0 && !boot->is_up) {
		boot_ended(boot, m->stream->said.data, err);
		return err_in(err, "%s", m->target->name);
	}
	if (n == 0) {
		said_words(m->stream->said.data, words);
		return err_set(err, ERR_BROKE, "%s: its agent ended%s%s", m->target->name,
			       words[0] ? ": " : "", words);
	}
	if (boot->is_up) {
		frame_feed(&agent->reader, bytes, (size_t)n);
		return 1;
	}
	int is_up = boot_take(boot, bytes, (size_t)n, &agent->out, err);
	if (is_up < 0)
		return err_in(err, "%s", m->target->name);
	if (is_up > 0 && boot->line.len > 0)
		frame_feed(&agent->reader, boot->line.data, boot->line.len);
	return 1;
}

/* 1: it said hello, 0: not yet. */
static int hear_hello(struct fleet_machine *m, struct fleet_agent *agent, struct err *err)
{
	struct frame frame;
	int has = frame_next(&agent->reader, &frame, err);

	if (has > 0 && frame.type != FRAME_HELLO)
		has = err_set(err, ERR_BROKE, "its agent does not begin with hello");
	if (has > 0)
		has = event_decode(&agent->hello, frame.body, frame.len, err) < 0 ? -1 : 1;
	return has < 0 ? err_in(err, "%s", m->target->name) : has;
}

static int bring_up(struct fleet_machine *m, void *context, struct err *err)
{
	struct fleet_agent *agent = agent_of(context, m);
	bool has_begun = m->has_begun;
	int status = fleet_begin(m, err);

	if (status <= 0)
		return status;
	if (!has_begun) {
		m->stream->phase = "start of the agent";
		m->stream->deadline_ns = clock_after_ms(BOOT_MS);
	}
	for (int came = 1; came > 0 && !agent->is_up;) {
		came = take(m, agent, err);
		if (came < 0 || give(m, agent, err) < 0)
			return -1;
		int has_hello = agent->boot.is_up ? hear_hello(m, agent, err) : 0;
		if (has_hello < 0)
			return -1;
		agent->is_up = has_hello > 0;
	}
	if (agent->is_up)
		m->stream->deadline_ns = 0;
	return agent->is_up;
}

int fleet_agents_up(struct fleet_agents *all, struct err *err)
{
	return fleet_play(&all->fleet, bring_up, all, 0, err);
}

struct question {
	struct fleet_agents *all;
	fleet_answer *answer;
	void *context;
};

static int take_answers(struct question *q, struct fleet_machine *m, struct err *err)
{
	struct fleet_agent *agent = agent_of(q->all, m);
	struct frame frame;
	struct event event;
	int more = 0;

	while (!agent->is_answered && (more = frame_next(&agent->reader, &frame, err)) > 0) {
		if (frame.type != FRAME_EVENT && frame.type != FRAME_DONE &&
		    frame.type != FRAME_PONG)
			more = err_set(err, ERR_BROKE, "its agent sent what was not asked for");
		if (more < 0 || event_decode(&event, frame.body, frame.len, err) < 0)
			return err_in(err, "%s", m->target->name);
		q->answer(q->context, (size_t)(m - q->all->fleet.at), &event);
		agent->is_answered = frame.type != FRAME_EVENT;
	}
	return more < 0 ? err_in(err, "%s", m->target->name) : agent->is_answered;
}

static int ask(struct fleet_machine *m, void *context, struct err *err)
{
	struct question *q = context;
	struct fleet_agent *agent = agent_of(q->all, m);
	int status = give(m, agent, err);

	for (int came = 1; status == 0 && came > 0;) {
		status = take_answers(q, m, err);
		came = status == 0 ? take(m, agent, err) : 0;
		if (came < 0)
			status = -1;
	}
	return status;
}

int fleet_agents_ask(struct fleet_agents *all, const struct buf *frame, fleet_answer *answer,
		     void *context, int64_t deadline_ns, struct err *err)
{
	struct question question = { .all = all, .answer = answer, .context = context };

	for (size_t i = 0; i < all->fleet.count; i++) {
		buf_add(&all->agent[i].out, frame->data, frame->len);
		all->agent[i].is_answered = false;
	}
	return fleet_play(&all->fleet, ask, &question, deadline_ns, err);
}

int fleet_agents_end(struct fleet_agents *all, int64_t deadline_ns, struct err *err)
{
	return fleet_play(&all->fleet, fleet_end, NULL, deadline_ns, err);
}

void fleet_agents_close(struct fleet_agents *all)
{
	for (size_t i = 0; all->agent && i < all->fleet.count; i++) {
		boot_close(&all->agent[i].boot);
		buf_close(&all->agent[i].out);
		frame_close(&all->agent[i].reader);
	}
	free(all->agent);
	all->agent = NULL;
	fleet_close(&all->fleet);
	arena_close(&all->arena);
}
