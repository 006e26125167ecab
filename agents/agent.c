/* The agent's loop: frames in and out, requests to their handlers, time limits. */
#include "agent_state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include "agent_control.h"
#include "clock.h"
#include "complain.h"
#include "mem.h"

enum {
	READ_LEN = 64 * 1024,
	EARLY_MAX = 1 << 20,
	FLUSH_MS = 1000,
};

const struct host_facts *agent_host(const struct agent *agent)
{
	return &agent->host;
}

struct agent_parts *agent_parts(struct agent *agent)
{
	return &agent->parts;
}

void agent_event(struct agent *agent, const struct event *event)
{
	frame_put_event(&agent->backlog, FRAME_EVENT, event);
}

void agent_packets(struct agent *agent, const void *body, size_t len)
{
	frame_put(&agent->backlog, FRAME_PACKETS, body, len);
}

const struct proc_beside *agent_beside(const struct agent *agent)
{
	return &agent->beside;
}

size_t agent_backlog(const struct agent *agent)
{
	return agent->backlog.len - agent->written;
}

int agent_watch(struct agent *agent, int fd, short events, agent_watch_fn *call, void *context)
{
	for (size_t i = 0; i < AGENT_WATCHES; i++)
		if (agent->watch[i].fd < 0) {
			agent->watch[i] = (struct watch){ fd, events, call, context };
			return 0;
		}
	return -1;
}

void agent_unwatch(struct agent *agent, int fd)
{
	for (size_t i = 0; i < AGENT_WATCHES; i++)
		if (agent->watch[i].fd == fd)
			agent->watch[i] = (struct watch){ .fd = -1 };
}

static void answer_ping(struct agent *agent, const struct frame *frame)
{
	struct cursor cursor = cursor_of(frame->body, frame->len);
	int64_t sent_ns = (int64_t)cursor_u64(&cursor);
	struct event clock;

	event_init(&clock, "clock");
	event_int(&clock, "sent_ns", sent_ns);
	event_int(&clock, "mono_ns", clock.t_ns);
	event_int(&clock, "real_ns", clock_real_ns());
	frame_put_event(&agent->backlog, FRAME_PONG, &clock);
}

static void write_backlog(struct agent *agent)
{
	while (agent_backlog(agent) > 0) {
		ssize_t n =
		    write(agent->out, agent->backlog.data + agent->written, agent_backlog(agent));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			agent->is_ending = true;
			agent->written = agent->backlog.len;
			break;
		}
		/* While we do not read, a controller that takes what we send is alive. */
		if (agent_backlog(agent) >= AGENT_FULL)
			agent->heard_ns = clock_mono_ns();
		agent->written += (size_t)n;
	}
	/* Moved up when half of it is out, so that much for a slow reader does not cost its square.
	 */
	if (agent->written >= agent->backlog.len - agent->written) {
		buf_drop(&agent->backlog, agent->written);
		agent->written = 0;
	}
}

/* All that nobody has taken so far is looked through. */
static void answer_early(struct agent *agent)
{
	const struct frame_reader *reader = &agent->reader;
	struct frame_reader look = { 0 };
	struct frame frame;
	struct err ignored = { 0 };
	size_t count = 0;

	if (reader->buf.len > reader->used)
		frame_feed(&look, reader->buf.data + reader->used, reader->buf.len - reader->used);
	if (agent->early.len > 0)
		frame_feed(&look, agent->early.data, agent->early.len);
	while (frame_next(&look, &frame, &ignored) > 0)
		if (frame.type == FRAME_PING && count++ == agent->answered) {
			answer_ping(agent, &frame);
			agent->answered++;
		}
	frame_close(&look);
}

/* Into a buffer of its own: the request that is being handled is still in the reader. At end of
 * file the loop will meet it again. */
static bool listen_beside(void *context)
{
	struct agent *agent = context;
	char bytes[4096];
	ssize_t n = agent->early.len < EARLY_MAX ? read(agent->in, bytes, sizeof bytes) : 0;

	bool goes_on = n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));

	if (n > 0)
		buf_add(&agent->early, bytes, (size_t)n);
	answer_early(agent);
	write_backlog(agent);
	return goes_on;
}

static bool take_early(struct agent *agent)
{
	if (agent->early.len == 0)
		return false;
	frame_feed(&agent->reader, agent->early.data, agent->early.len);
	buf_clear(&agent->early);
	return true;
}

/* Reads once from the controller and handles what is whole. */
static void take_frames(struct agent *agent)
{
	char bytes[READ_LEN];
	ssize_t n = read(agent->in, bytes, sizeof bytes);
	struct frame frame;
	struct err err = { 0 };
	int rc = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		agent->is_ending = true;
		return;
	}
	frame_feed(&agent->reader, bytes, (size_t)n);
	do
		while (!agent->is_ending && (rc = frame_next(&agent->reader, &frame, &err)) > 0) {
			if (frame.type == FRAME_REQUEST)
				agent_request(agent, &frame);
			else if (frame.type == FRAME_PING && agent->answered > 0)
				agent->answered--;
			else if (frame.type == FRAME_PING)
				answer_ping(agent, &frame);
		}
	while (rc == 0 && take_early(agent));
	/* Not before: while a program was waited for, silence may have been ours. */
	agent->heard_ns = clock_mono_ns();
	if (rc < 0) {
		complain("%s", err.text);
		agent->status = ERR_BROKE;
		agent->is_ending = true;
	}
}

void agent_signals_clear(struct agent *agent)
{
	struct signalfd_siginfo info;

	while (read(agent->signals, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo != SIGCHLD)
			agent->is_ending = true;
}

void agent_leftover(struct agent *agent)
{
	agent->status = ERR_LEFTOVER;
}

enum {
	SLOT_IN,
	SLOT_OUT,
	SLOT_SIGNALS,
	SLOT_FIXED
};
enum {
	SLOT_MAX = SLOT_FIXED + AGENT_WATCHES + AGENT_CHILDREN
};

/* Up to the last in use: poll(2) takes no more slots than descriptors are allowed. */
static size_t watches(const struct agent *agent)
{
	size_t count = AGENT_WATCHES;

	while (count > 0 && agent->watch[count - 1].fd < 0)
		count--;
	return count;
}

/* Watches, then children; slots without a descriptor have fd -1. While the controller does not
 * read, nothing more is taken from anybody. */
static nfds_t fill_poll(struct agent *agent, size_t nwatch, struct pollfd set[SLOT_MAX])
{
	bool is_full = agent_backlog(agent) >= AGENT_FULL;
	nfds_t count = SLOT_FIXED;

	set[SLOT_IN] = (struct pollfd){ .fd = is_full ? -1 : agent->in, .events = POLLIN };
	set[SLOT_OUT] =
	    (struct pollfd){ .fd = agent_backlog(agent) > 0 ? agent->out : -1, .events = POLLOUT };
	set[SLOT_SIGNALS] = (struct pollfd){ .fd = agent->signals, .events = POLLIN };
	for (size_t i = 0; i < nwatch; i++)
		set[count++] = (struct pollfd){ .fd = is_full ? -1 : agent->watch[i].fd,
						.events = agent->watch[i].events };
	for (size_t i = 0; i < agent->nchild; i++) {
		const struct child *child = &agent->child[i];

		set[count++] = (struct pollfd){
			.fd = is_full ? -1 : child->channel,
			.events = child->out.len > 0 ? POLLIN | POLLOUT : POLLIN,
		};
	}
	return count;
}

static void serve(struct agent *agent, size_t nwatch, const struct pollfd *set, nfds_t count)
{
	for (nfds_t i = SLOT_FIXED + nwatch; i < count; i++) {
		struct child *child = &agent->child[i - SLOT_FIXED - nwatch];

		if ((set[i].revents & POLLOUT) != 0)
			child_writable(child);
		if ((set[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			child_readable(agent, child);
	}
	for (size_t i = 0; i < nwatch; i++) {
		const struct watch *watch = &agent->watch[i];
		const struct pollfd *at = &set[SLOT_FIXED + i];

		if (at->revents != 0 && at->fd == watch->fd)
			watch->call(agent, watch->context, at->revents);
	}
	if (set[SLOT_SIGNALS].revents != 0) {
		agent_signals_clear(agent);
		child_reap(agent);
	}
	if (set[SLOT_IN].revents != 0)
		take_frames(agent);
}

static void loop(struct agent *agent)
{
	struct pollfd *set = mem_zeroed(SLOT_MAX, sizeof *set);

	while (!agent->is_ending) {
		int64_t lease_ns = agent->heard_ns + agent->lease_ns;
		int64_t next_ns = child_timers(agent);
		size_t nwatch;
		nfds_t count;
		int n;

		write_backlog(agent);
		if (clock_mono_ns() >= lease_ns)
			break;
		if (lease_ns < next_ns)
			next_ns = lease_ns;
		nwatch = watches(agent);
		count = fill_poll(agent, nwatch, set);
		n = poll(set, count, clock_left_ms(next_ns));
		if (n > 0)
			serve(agent, nwatch, set, count);
		else if (n < 0 && errno != EINTR)
			break;
	}
	free(set);
}

static int open_agent(struct agent *agent, int in, int out)
{
	static const int numbers[] = { SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	sigset_t mask;

	*agent = (struct agent){ .in = in, .out = out, .signals = -1, .host.does_drop = true };
	agent->beside = (struct proc_beside){ .fd = in, .call = listen_beside, .context = agent };
	agent->lease_ns = AGENT_LEASE_MOST_NS; /* until setup names one */
	for (size_t i = 0; i < AGENT_WATCHES; i++)
		agent->watch[i].fd = -1;
	sigemptyset(&mask);
	for (size_t i = 0; i < COUNT(numbers); i++)
		sigaddset(&mask, numbers[i]);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -1;
	agent->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	agent->in_flags = fcntl(in, F_GETFL);
	agent->out_flags = fcntl(out, F_GETFL);
	if (agent->signals < 0 || fcntl(in, F_SETFL, agent->in_flags | O_NONBLOCK) < 0 ||
	    fcntl(out, F_SETFL, agent->out_flags | O_NONBLOCK) < 0)
		return -1;
	agent->heard_ns = clock_mono_ns();
	return 0;
}

/* What is queued goes out, as far as somebody reads it in time. */
static void flush(struct agent *agent)
{
	int64_t until_ns = clock_after_ms(FLUSH_MS);

	for (;;) {
		struct pollfd set = { .fd = agent->out, .events = POLLOUT };

		write_backlog(agent);
		if (agent_backlog(agent) == 0 || clock_mono_ns() >= until_ns)
			return;
		(void)poll(&set, 1, clock_left_ms(until_ns));
	}
}

int agent_run(int in, int out, const struct lifeline *lifeline)
{
	struct agent agent;

	if (open_agent(&agent, in, out) < 0) {
		complain("%s", strerror(errno));
		return ERR_CANNOT;
	}
	if (lifeline != NULL)
		agent.host.lifeline = *lifeline;
	hello_send(&agent);
	loop(&agent);
	child_kill_all(&agent);
	for (size_t i = 0; agent_ends[i] != NULL; i++)
		agent_ends[i](&agent);
	flush(&agent);
	frame_close(&agent.reader);
	buf_close(&agent.early);
	buf_close(&agent.backlog);
	free(agent.host.names);
	free(agent.host.names_last);
	free(agent.child);
	close(agent.signals);
	/* Others may share them: a terminal, a sudo(8) in between. */
	(void)fcntl(out, F_SETFL, agent.out_flags);
	(void)fcntl(in, F_SETFL, agent.in_flags);
	return agent.status;
}
