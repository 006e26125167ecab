/* Engine tcpdump in the agent's loop: from the start until "listening on", and at the stop until
 * tcpdump has read what the kernel has, was told to end and has said its counts. */
#include "captures.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/timerfd.h>

#include "agent_control.h"
#include "capture_engine.h"
#include "clock.h"
#include "util.h"

enum {
	START_MS = 8000,
	DRAIN_MS = 500, /* in a flood that never pauses it is never idle */
	END_MS = 2000,
	AGAIN_US = 200, /* asleep or not is no event: looked at again */
	TURN = 16,      /* portions at one turn of the loop */
};

static agent_watch_fn heard, readable, timed;

static void watch_off(struct agent *agent, int fd)
{
	if (fd >= 0)
		agent_unwatch(agent, fd);
}

/* The timer at `until_ns`, or while draining much earlier. */
static void timer_set(struct one *one)
{
	const struct itimerspec at = {
		.it_value = { .tv_sec = one->until_ns / 1000000000,
			      .tv_nsec = one->until_ns % 1000000000 },
	};
	const struct itimerspec soon = { .it_value = { .tv_nsec = AGAIN_US * 1000 } };

	if (one->state == DUMP_DRAINING)
		(void)timerfd_settime(one->timer, 0, &soon, NULL);
	else
		(void)timerfd_settime(one->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void enter(struct one *one, enum dump_state state, int for_ms)
{
	one->state = state;
	one->until_ns = clock_after_ms(for_ms);
	timer_set(one);
}

/* Nothing more is read from it; the process is reaped when it ends, at the latest by dump_end. */
static void let_go(struct agent *agent, struct one *one)
{
	watch_off(agent, one->timer);
	watch_off(agent, one->tcpdump.out);
	watch_off(agent, one->tcpdump.words);
	if (one->timer >= 0)
		close(one->timer);
	one->timer = -1;
}

static void end_broken(struct agent *agent, struct one *one)
{
	one->state = DUMP_ENDED;
	capture_ended(agent, one, &one->why);
	agent_answer(agent, one->id, one->since_ns, &one->why);
}

/* It can go no further: whoever waits is told, otherwise the next capture.stop is. */
static void break_off(struct agent *agent, struct one *one, const struct err *why)
{
	enum dump_state before = one->state;

	one->why = *why;
	err_in(&one->why, "%s", one->iface);
	let_go(agent, one);
	if (one->tcpdump.pid > 0)
		(void)kill(one->tcpdump.pid, SIGKILL);
	if (before == DUMP_DRAINING || before == DUMP_ENDING) {
		end_broken(agent, one);
	} else if (before == DUMP_STARTING) {
		one->state = DUMP_ENDED;
		one->is_open = false;
		agent_answer(agent, one->id, one->since_ns, &one->why);
	} else {
		one->state = DUMP_BROKEN;
	}
}

static void break_off_by_itself(struct agent *agent, struct one *one)
{
	struct err why = { 0 };

	(void)tcpdump_complain(&one->tcpdump, &why);
	break_off(agent, one, &why);
}

/* Hands over what the stream has. -1: it is none, and everything is broken off. */
static int take_packets(struct agent *agent, struct one *one)
{
	struct sink sink = sink_agent(agent);
	struct pcapstream_record in;
	struct err why = { 0 };
	int status;

	while ((status = pcapstream_next(&one->tcpdump.stream, &in, &why)) > 0) {
		const struct capture_record record = {
			.time_ns = in.time_ns,
			.len = in.len,
			.bytes = in.bytes,
			.caplen = in.caplen,
		};

		capture_add(&one->capture, &record, &sink);
		one->capture.packets++;
		if (one->stop_real_ns > 0 && in.time_ns > one->stop_real_ns)
			one->is_past_stop = true;
	}
	capture_flush(&one->capture, &sink);
	if (status < 0)
		break_off(agent, one, &why);
	return status;
}

/* Reads at most `portions`. 1: there may be more; 0: nothing now; -1: no more will come. */
static int take(struct agent *agent, struct one *one, int portions)
{
	int fd = one->tcpdump.out, status = 1;

	while (portions-- > 0 && status > 0) {
		status = tcpdump_read(&one->tcpdump);
		if (status > 0 && take_packets(agent, one) < 0)
			return -1;
	}
	if (status < 0)
		watch_off(agent, fd);
	return status;
}

/* All that came before the stop is in the pipe: its counts are the last that it writes. */
static void finish(struct agent *agent, struct one *one, const struct tcpdump_counts *counts)
{
	struct err why = { 0 };

	while (one->tcpdump.out >= 0 && take(agent, one, TURN) > 0)
		;
	if (one->state != DUMP_ENDING)
		return; /* broken off */
	if (!pcapstream_is_whole(&one->tcpdump.stream) ||
	    counts->captured != one->capture.packets) {
		err_set(&why, ERR_BROKE, "tcpdump captured %llu packets, %llu came",
			(unsigned long long)counts->captured,
			(unsigned long long)one->capture.packets);
		break_off(agent, one, &why);
		return;
	}
	one->capture.dropped = counts->dropped;
	let_go(agent, one);
	one->state = DUMP_ENDED;
	capture_ended(agent, one, NULL);
	agent_answer(agent, one->id, one->since_ns, NULL);
}

/* Draining: ends it once all that was sent before the request has been read. */
static void drain(struct agent *agent, struct one *one)
{
	struct err why = { 0 };

	if (take(agent, one, TURN) < 0) {
		if (one->state == DUMP_DRAINING)
			break_off_by_itself(agent, one);
		return;
	}
	if (one->is_past_stop || tcpdump_is_idle(&one->tcpdump)) {
		(void)kill(one->tcpdump.pid, SIGTERM);
		enter(one, DUMP_ENDING, END_MS);
	} else if (clock_left_ms(one->until_ns) == 0) {
		err_set(&why, ERR_BROKE, "tcpdump: still busy %d ms after the stop", DRAIN_MS);
		break_off(agent, one, &why);
	} else {
		timer_set(one);
	}
}

/* What is next, after anything has happened. */
static void go_on(struct agent *agent, struct one *one)
{
	struct tcpdump_counts counts;

	switch (one->state) {
	case DUMP_STARTING:
		if (!tcpdump_is_ready(&one->tcpdump))
			break;
		one->state = DUMP_RUNNING;
		(void)timerfd_settime(one->timer, 0, &(struct itimerspec){ 0 }, NULL);
		capture_started(agent, one, "tcpdump", one->buffer, one->all->version);
		agent_answer(agent, one->id, one->since_ns, NULL);
		break;
	case DUMP_DRAINING:
		drain(agent, one);
		break;
	case DUMP_ENDING:
		if (tcpdump_counts(&one->tcpdump, &counts))
			finish(agent, one, &counts);
		break;
	case DUMP_NONE:
	case DUMP_RUNNING:
	case DUMP_BROKEN:
	case DUMP_ENDED:
		break;
	}
}

static void heard(struct agent *agent, void *context, short revents)
{
	struct one *one = context;
	int fd = one->tcpdump.words;

	(void)revents;
	if (!tcpdump_listen(&one->tcpdump))
		watch_off(agent, fd); /* it ends: captures_reaped goes on */
	go_on(agent, one);
}

static void readable(struct agent *agent, void *context, short revents)
{
	struct one *one = context;

	(void)revents;
	if (one->state == DUMP_DRAINING)
		drain(agent, one);
	else
		(void)take(agent, one, TURN);
}

static void timed(struct agent *agent, void *context, short revents)
{
	struct one *one = context;
	struct err why = { 0 };
	uint64_t times;

	(void)revents;
	if (read(one->timer, &times, sizeof times) < 0)
		return;
	if (one->state == DUMP_DRAINING) {
		drain(agent, one);
	} else if (one->state == DUMP_STARTING || one->state == DUMP_ENDING) {
		err_set(&why, ERR_BROKE, "tcpdump: %s after %d ms",
			one->state == DUMP_STARTING ? "not listening" : "no counts",
			one->state == DUMP_STARTING ? START_MS : END_MS);
		break_off(agent, one, &why);
	}
}

void captures_reaped(struct agent *agent, pid_t pid, int status)
{
	struct captures *all = agent_parts(agent)->captures;

	for (size_t i = 0; all != NULL && i < all->count; i++) {
		struct one *one = &all->one[i];

		if (one->state == DUMP_NONE || one->tcpdump.pid != pid)
			continue;
		one->tcpdump.pid = 0;
		one->tcpdump.status = status;
		if (one->state == DUMP_ENDED || one->state == DUMP_BROKEN)
			return;
		/* Its last words and packets may be in the pipes still. */
		int fd = one->tcpdump.words;
		if (fd >= 0 && !tcpdump_listen(&one->tcpdump))
			watch_off(agent, fd);
		if (one->state == DUMP_ENDING)
			go_on(agent, one);
		while (one->state == DUMP_RUNNING && take(agent, one, TURN) > 0)
			;
		if (one->state != DUMP_ENDED && one->state != DUMP_BROKEN)
			break_off_by_itself(agent, one);
		return;
	}
}

static int watch_all(struct agent *agent, struct one *one, struct err *err)
{
	one->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (one->timer < 0)
		return err_sys(err, "timerfd");
	if (agent_watch(agent, one->timer, POLLIN, timed, one) < 0 ||
	    agent_watch(agent, one->tcpdump.words, POLLIN, heard, one) < 0 ||
	    agent_watch(agent, one->tcpdump.out, POLLIN, readable, one) < 0)
		return err_set(err, ERR_BROKE, "capture.start: too many descriptors");
	return 0;
}

int dump_start(struct agent *agent, struct one *one, const struct event *request,
	       const struct capture_spec *spec, struct err *err)
{
	uint32_t snaplen =
	    spec->snaplen > 0 && spec->snaplen < CAPTURE_WHOLE ? spec->snaplen : CAPTURE_WHOLE;
	const struct tcpdump_spec dump = {
		.iface = spec->iface,
		.snaplen = snaplen,
		.buffer = spec->buffer > 0 ? spec->buffer : TCPDUMP_BUFFER,
		.filter = one->filter,
	};

	one->capture = (struct capture){ .fd = -1, .number = spec->number, .snaplen = snaplen };
	one->buffer = dump.buffer;
	if (tcpdump_open(&one->tcpdump, &dump, err) < 0)
		return -1;
	one->id = event_num(request, "id", 0);
	one->since_ns = clock_mono_ns();
	if (watch_all(agent, one, err) < 0) {
		dump_end(agent, one);
		return -1;
	}
	enter(one, DUMP_STARTING, START_MS);
	/* While the kernel makes its ring. */
	struct err ignored = { 0 };
	if (*one->all->version == '\0' &&
	    tcpdump_version(one->all->version, sizeof one->all->version, agent_beside(agent),
			    &ignored) < 0)
		snprintf(one->all->version, sizeof one->all->version, "unknown");
	return AGENT_LATER;
}

int dump_stop(struct agent *agent, struct one *one, const struct event *request, struct err *err)
{
	if (one->state != DUMP_RUNNING && one->state != DUMP_BROKEN)
		return err_set(err, ERR_BROKE, "capture.stop: it does not run");
	one->is_open = false;
	one->id = event_num(request, "id", 0);
	one->since_ns = clock_mono_ns();
	one->stop_real_ns = (uint64_t)clock_real_ns();
	if (one->state == DUMP_BROKEN) {
		end_broken(agent, one);
		return AGENT_LATER;
	}
	enter(one, DUMP_DRAINING, DRAIN_MS);
	drain(agent, one);
	return AGENT_LATER;
}

void dump_end(struct agent *agent, struct one *one)
{
	let_go(agent, one);
	tcpdump_close(&one->tcpdump);
}
