/* The slowest machine decides how long a step takes. */
#include "fleet.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "mem.h"
#include "said.h"

void fleet_init(struct fleet *fleet, const struct target *const *target, size_t count)
{
	*fleet = (struct fleet){ .count = count, .signal_fd = -1 };
	fleet->at = mem_zeroed(count, sizeof *fleet->at);
	for (size_t i = 0; i < count; i++)
		fleet->at[i].target = target[i];
}

void fleet_close(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++)
		if (fleet->at[i].stream)
			fleet->at[i].stream->transport->close(fleet->at[i].stream);
	free(fleet->at);
	free(fleet->command);
	fleet->at = NULL;
	fleet->command = NULL;
	fleet->count = 0;
}

/* Of a machine that plays a host the host is told too. */
static int fail(const struct fleet *fleet, struct fleet_machine *m, const struct err *why,
		struct err *err)
{
	m->why = *why;
	if (m->host)
		err_in(&m->why, "%s", m->host);
	if (fleet->is_strict)
		*err = m->why;
	return fleet->is_strict ? -1 : 0;
}

const char *fleet_why(const struct target *target, const struct err *why)
{
	size_t len = strlen(target->name);
	const char *text = why->text;

	while (strncmp(text, target->name, len) == 0 && strncmp(text + len, ": ", 2) == 0)
		text += len + 2;
	return text;
}

int fleet_open(struct fleet *fleet, const char *command, struct err *err)
{
	fleet->command = mem_text(command);
	for (size_t i = 0; i < fleet->count; i++) {
		struct fleet_machine *m = &fleet->at[i];
		struct err why = { 0 };

		m->command = fleet->command;
		m->stream = transport_of(m->target)->open(&fleet->jumps, m->target, command, &why);
		if (!m->stream && fail(fleet, m, &why, err) < 0)
			return -1;
	}
	return 0;
}

/* False: there is no other way, or none can be begun. What failed first is told then. */
static bool take_other(struct fleet_machine *m)
{
	struct target other;
	struct stream *stream;
	struct err ignored;

	if (!transport_other(&other, m->stream))
		return false;
	m->other = other;
	stream = transport_of(&m->other)->open(NULL, &m->other, m->command, &ignored);
	if (!stream)
		return false;
	m->stream->transport->close(m->stream);
	m->stream = stream;
	m->target = &m->other;
	return true;
}

int fleet_begin(struct fleet_machine *m, struct err *err)
{
	int begun = m->has_begun ? 1 : m->stream->transport->advance(m->stream, err);

	if (begun < 0 && take_other(m))
		begun = m->stream->transport->advance(m->stream, err);
	m->has_begun = begun > 0;
	return begun;
}

int fleet_end(struct fleet_machine *m, void *nothing, struct err *err)
{
	(void)nothing;
	if (m->is_ended || !m->stream || !m->has_begun)
		return 1;
	int ended = m->stream->transport->finish(m->stream, &m->status, err);
	m->is_ended = ended > 0;
	return ended;
}

static bool is_busy(const struct fleet_machine *m)
{
	return m->stream && !m->is_done && m->why.kind == ERR_NONE;
}

static bool is_past(int64_t deadline_ns)
{
	return deadline_ns && clock_mono_ns() > deadline_ns;
}

static void late(const struct fleet_machine *m, struct err *why)
{
	char words[SAID_WORDS];

	said_words(m->stream->said.data, words);
	err_set(why, ERR_BROKE, "%s: no end of %s in time%s%s", m->target->name, m->stream->phase,
		words[0] ? ": " : "", words);
}

static int step_one(struct fleet *fleet, struct fleet_machine *m, fleet_step *step, void *context,
		    int64_t deadline_ns, struct err *err)
{
	struct err why = { 0 };
	int on = step(m, context, &why);

	m->is_done = on > 0;
	if (on == 0 && (is_past(m->stream->deadline_ns) || is_past(deadline_ns))) {
		late(m, &why);
		on = -1;
	}
	return on < 0 ? fail(fleet, m, &why, err) : 0;
}

static int take_signal(int signal_fd, struct err *err)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof info) != sizeof info)
		return 0;
	return err_set(err, info.ssi_signo == SIGINT ? ERR_SIGINT : ERR_SIGTERM,
		       "interrupted while machines were being reached");
}

/* For what any of those that are not done waits for, or the nearest deadline. 1: nobody waits. */
static int wait_any(const struct fleet *fleet, struct pollfd *fds, int64_t deadline_ns,
		    struct err *err)
{
	int64_t until = deadline_ns ? deadline_ns : INT64_MAX;
	bool is_ready = false, is_over = true;

	for (size_t i = 0; i < fleet->count; i++) {
		const struct stream *stream = fleet->at[i].stream;
		fds[i] = (struct pollfd){ .fd = -1 };
		if (!is_busy(&fleet->at[i]))
			continue;
		is_over = false;
		fds[i] = (struct pollfd){ .fd = stream->fd, .events = stream->events };
		is_ready = is_ready || stream_is_ready(stream);
		if (stream->deadline_ns && stream->deadline_ns < until)
			until = stream->deadline_ns;
	}
	if (is_over)
		return 1;
	fds[fleet->count] = (struct pollfd){ .fd = fleet->signal_fd, .events = POLLIN };
	if (poll(fds, fleet->count + 1,
		 is_ready             ? 0
		 : until == INT64_MAX ? -1
				      : clock_left_ms(until)) < 0 &&
	    errno != EINTR)
		return err_sys(err, "poll");
	return fds[fleet->count].revents & POLLIN ? take_signal(fleet->signal_fd, err) : 0;
}

int fleet_play(struct fleet *fleet, fleet_step *step, void *context, int64_t deadline_ns,
	       struct err *err)
{
	struct pollfd *fds = mem_resize(NULL, fleet->count + 1, sizeof *fds);
	int status = 0;

	deadline_ns = deadline_ns ? deadline_ns : fleet->deadline_ns;
	for (size_t i = 0; i < fleet->count; i++)
		fleet->at[i].is_done = false;
	while (status == 0) {
		for (size_t i = 0; i < fleet->count && status == 0; i++)
			if (is_busy(&fleet->at[i]))
				status =
				    step_one(fleet, &fleet->at[i], step, context, deadline_ns, err);
		if (status == 0)
			status = wait_any(fleet, fds, deadline_ns, err);
	}
	free(fds);
	return status < 0 ? -1 : 0;
}
