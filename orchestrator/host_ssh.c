/* Backend ssh: every host is a machine that is there already. Its agent comes over one channel
 * (boot.h), and the same channel then is the host's byte stream. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agents_static.h"
#include "backend.h"
#include "boot.h"
#include "clock.h"
#include "mem.h"
#include "transport.h"

enum {
	BOOT_MS = 30000, /* the agent's way there, from the channel's opening on */
	NOTE = 512,
	READ_SIZE = 65536
};

struct machine {
	const struct target *target;
	const char *host; /* as the scenario calls it */
	struct stream *stream;
	struct boot boot;
	struct buf out; /* of the boot, not written yet */
	size_t given;   /* bytes of boot.line that read gave out */
	bool has_begun; /* the program at the far end runs */
	bool is_ended;  /* and its end is known, by `status` */
	int status;
};

struct machines {
	struct arena arena; /* holds the agents */
	struct agents_static agents;
	struct machine *at;
	struct jumps jumps;
	size_t count;
	char note[NOTE];
};

static int ssh_usable(struct err *why)
{
	(void)why; /* which machines there are is for --bind and --inventory to say */
	return 0;
}

/* What a machine offers is known when its agent is there; until then nothing is ruled out. */
static unsigned ssh_offers(void)
{
	return NEED_CAPTURE | NEED_FIREWALL | NEED_PORTS | NEED_TCPDUMP;
}

/* What the session polls for: the stream says it after each call. */
static void tell_session(struct lab *lab, size_t host)
{
	const struct machines *all = lab->state;
	const struct machine *m = &all->at[host];
	struct host_stream *to = &lab->host[host];

	to->read_fd = to->write_fd = m->stream->fd;
	to->events = m->stream->events;
}

/* 1: the agent runs, 0: not yet. */
static int take_boot(struct machine *m, struct err *err)
{
	char bytes[READ_SIZE];

	for (;;) {
		ssize_t n = m->stream->transport->read(m->stream, bytes, sizeof bytes);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return err_sys(err, "the connection was lost");
		if (n == 0)
			return boot_ended(&m->boot, m->stream->said.data, err);
		int is_up = boot_take(&m->boot, bytes, (size_t)n, &m->out, err);
		if (is_up != 0)
			return is_up;
	}
}

static int give_boot(struct machine *m, struct err *err)
{
	while (m->out.len > 0) {
		ssize_t n = m->stream->transport->write(m->stream, m->out.data, m->out.len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return err_sys(err, "the connection was lost");
		buf_drop(&m->out, (size_t)n);
	}
	return 0;
}

/* 1: its agent runs, 0: not yet, -1: it never will. */
static int bring_on(struct machine *m, struct err *err)
{
	if (!m->has_begun) {
		int begun = m->stream->transport->advance(m->stream, err);
		if (begun <= 0)
			return begun;
		m->has_begun = true;
		m->stream->phase = "start of the agent";
		m->stream->deadline_ns = clock_after_ms(BOOT_MS);
	}
	int is_up = take_boot(m, err);
	if (is_up == 0 && give_boot(m, err) < 0)
		is_up = -1;
	if (is_up < 0)
		return err_in(err, "%s", m->target->name);
	return is_up;
}

static int open_streams(struct machines *all, struct err *err)
{
	struct buf command = { 0 };

	boot_command(&command, all->agents.agent, all->agents.count, true);
	for (size_t i = 0; i < all->count; i++) {
		struct machine *m = &all->at[i];
		m->boot = (struct boot){ .agent = all->agents.agent, .nagent = all->agents.count };
		m->stream =
		    transport_of(m->target)->open(&all->jumps, m->target, command.data, err);
		if (!m->stream) {
			buf_close(&command);
			return err_in(err, "%s", m->host);
		}
	}
	buf_close(&command);
	return 0;
}

static int late(const struct machine *m, struct err *err)
{
	return err_set(err, ERR_BROKE, "%s: no end of %s in time%s%s", m->target->name,
		       m->stream->phase, m->stream->said.len ? ": " : "",
		       m->stream->said.len ? m->stream->said.data : "");
}

static int take_signal(int signal_fd, struct err *err)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof info) != sizeof info)
		return 0;
	return err_set(err, info.ssi_signo == SIGINT ? ERR_SIGINT : ERR_SIGTERM,
		       "interrupted while machines were being reached");
}

/* Waits for what any of those that are not up waits for, or the nearest deadline. */
static int wait_streams(const struct machines *all, struct pollfd *fds, int signal_fd,
			const bool *is_up, struct err *err)
{
	int64_t until = INT64_MAX;
	bool is_ready = false;

	for (size_t i = 0; i < all->count; i++) {
		const struct stream *stream = all->at[i].stream;
		fds[i] =
		    (struct pollfd){ .fd = is_up[i] ? -1 : stream->fd, .events = stream->events };
		if (is_up[i])
			continue;
		is_ready = is_ready || stream_is_ready(stream);
		if (stream->deadline_ns && stream->deadline_ns < until)
			until = stream->deadline_ns;
	}
	fds[all->count] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
	if (poll(fds, all->count + 1, is_ready ? 0 : clock_left_ms(until)) < 0 && errno != EINTR)
		return err_sys(err, "poll");
	return fds[all->count].revents & POLLIN ? take_signal(signal_fd, err) : 0;
}

/* All at once, in one loop: the slowest machine decides how long it takes. */
static int bring_all(struct machines *all, int signal_fd, struct err *err)
{
	bool *is_up = mem_resize(NULL, all->count, sizeof *is_up);
	struct pollfd *fds = mem_resize(NULL, all->count + 1, sizeof *fds);
	size_t count = 0;
	int status = 0;

	memset(is_up, 0, all->count * sizeof *is_up);
	while (status == 0) {
		for (size_t i = 0; i < all->count && status == 0; i++) {
			struct machine *m = &all->at[i];
			if (is_up[i])
				continue;
			int on = bring_on(m, err);
			if (on < 0)
				status = err_in(err, "%s", m->host);
			else if (on > 0)
				is_up[i] = ++count;
			else if (m->stream->deadline_ns && clock_mono_ns() > m->stream->deadline_ns)
				status = late(m, err);
		}
		if (count == all->count || status < 0)
			break;
		status = wait_streams(all, fds, signal_fd, is_up, err);
	}
	free(is_up);
	free(fds);
	return status;
}

/* What every one of them offers; the note names the first that lacks something. */
static void find_offers(struct lab *lab)
{
	struct machines *all = lab->state;
	size_t len = 0;

	lab->offers = ssh_offers();
	for (size_t i = 0; i < all->count; i++) {
		const struct boot_said *said = &all->at[i].boot.said;
		const char *lacks = !said->is_root ? "no root and no sudo -n, so no capture and no "
						     "faults"
				    : !said->has_nft ? "no nft, so no firewall faults"
						     : NULL;
		if (!said->is_root)
			lab->offers &= ~(unsigned)(NEED_CAPTURE | NEED_FIREWALL | NEED_TCPDUMP);
		if (!said->has_nft)
			lab->offers &= ~(unsigned)NEED_FIREWALL;
		if (!said->has_tcpdump)
			lab->offers &= ~(unsigned)NEED_TCPDUMP;
		if (lacks && len == 0)
			len = (size_t)snprintf(all->note, sizeof all->note, "%.200s: %s",
					       all->at[i].target->name, lacks);
	}
	lab->note = len ? all->note : NULL;
}

static int ssh_open(struct lab *lab, const struct plan *plan, const struct lab_options *options,
		    struct err *err)
{
	struct machines *all = mem_resize(NULL, 1, sizeof *all);

	*all = (struct machines){ 0 };
	*lab = (struct lab){ .backend = &backend_ssh, .state = all };
	all->at = mem_resize(NULL, plan->nhost, sizeof *all->at);
	lab->host = mem_resize(NULL, plan->nhost, sizeof *lab->host);
	all->count = lab->nhost = plan->nhost;
	for (size_t i = 0; i < plan->nhost; i++) {
		all->at[i] =
		    (struct machine){ .target = options->target[i], .host = plan->host[i].name };
		lab->host[i] = (struct host_stream){ .read_fd = -1, .write_fd = -1 };
	}
	if (agents_static_read(&all->agents, &all->arena, err) < 0)
		return -1;
	if (open_streams(all, err) < 0)
		return -1;
	if (options->meanwhile)
		options->meanwhile();
	if (bring_all(all, options->signal_fd, err) < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++)
		tell_session(lab, i);
	find_offers(lab);
	return 0;
}

/* First what came behind the boot's last line. */
static ssize_t ssh_read(struct lab *lab, size_t host, void *buf, size_t len)
{
	struct machines *all = lab->state;
	struct machine *m = &all->at[host];
	size_t left = m->boot.line.len - m->given;
	ssize_t n;

	if (left > 0) {
		n = (ssize_t)(left < len ? left : len);
		memcpy(buf, m->boot.line.data + m->given, (size_t)n);
		m->given += (size_t)n;
	} else {
		n = m->stream->transport->read(m->stream, buf, len);
	}
	int keep = errno;
	tell_session(lab, host);
	errno = keep;
	return n;
}

static bool ssh_is_ready(const struct lab *lab, size_t host)
{
	const struct machines *all = lab->state;
	const struct machine *m = &all->at[host];

	return m->given < m->boot.line.len || stream_is_ready(m->stream);
}

static ssize_t ssh_write(struct lab *lab, size_t host, const void *buf, size_t len)
{
	struct machines *all = lab->state;
	struct machine *m = &all->at[host];
	ssize_t n = m->stream->transport->write(m->stream, buf, len);
	int keep = errno;

	tell_session(lab, host);
	errno = keep;
	return n;
}

/* 1: its end is known, 0: not yet, -1: it will never be. */
static int end_machine(struct machine *m, struct err *err)
{
	if (m->is_ended || !m->stream || !m->has_begun)
		return 1;
	int ended = m->stream->transport->finish(m->stream, &m->status, err);
	if (ended == 0 && m->stream->deadline_ns && clock_mono_ns() > m->stream->deadline_ns)
		ended = err_set(err, ERR_BROKE, "no end in time");
	m->is_ended = ended > 0;
	return ended;
}

static void ssh_let_go(struct lab *lab)
{
	struct machines *all = lab->state;
	struct err ignored;

	for (size_t i = 0; all && i < all->count; i++)
		end_machine(&all->at[i], &ignored); /* close asks again, and tells */
}

/* An agent that has undone everything ends with 0 at the end of its input. */
static bool is_left(const struct machine *m, int ended)
{
	return ended < 0 || (m->has_begun && (m->status == ERR_LEFTOVER || m->status > 128));
}

static void name_left(const struct machine *m, const struct err *why, struct err *err)
{
	err_set(err, ERR_LEFTOVER,
		"%s: it is not known that its agent undid everything (%s); it does so by itself "
		"within 12 s; make sure with: lab cleanup -b ssh %s",
		m->target->name, why->text, m->target->name);
}

static int end_all(struct machines *all, int64_t deadline_ns, struct err *err)
{
	struct pollfd *fds = mem_resize(NULL, all->count, sizeof *fds);
	int *ended = mem_resize(NULL, all->count, sizeof *ended);
	int left = 0;

	memset(ended, 0, all->count * sizeof *ended);
	for (bool is_done = false; !is_done;) {
		bool is_ready = false;
		is_done = true;
		for (size_t i = 0; i < all->count; i++) {
			struct machine *m = &all->at[i];
			struct err why = { .text = "it ended by a signal" };
			if (ended[i] == 0) {
				ended[i] = end_machine(m, &why);
				if (ended[i] == 0 && clock_left_ms(deadline_ns) == 0)
					ended[i] = err_set(&why, ERR_BROKE, "no end in time");
				if (ended[i] != 0 && is_left(m, ended[i]) && left++ == 0)
					name_left(m, &why, err);
			}
			fds[i].fd = -1;
			if (ended[i] != 0)
				continue;
			fds[i] =
			    (struct pollfd){ .fd = m->stream->fd, .events = m->stream->events };
			is_ready = is_ready || stream_is_ready(m->stream);
			is_done = false;
		}
		if (!is_done)
			poll(fds, all->count, is_ready ? 0 : clock_left_ms(deadline_ns));
	}
	free(fds);
	free(ended);
	return left;
}

static int ssh_close(struct lab *lab, int deadline_ms, struct err *err)
{
	struct machines *all = lab->state;

	if (!all)
		return 0;
	int left = end_all(all, clock_after_ms(deadline_ms), err);
	for (size_t i = 0; i < all->count; i++) {
		struct machine *m = &all->at[i];
		if (m->stream)
			m->stream->transport->close(m->stream);
		boot_close(&m->boot);
		buf_close(&m->out);
	}
	arena_close(&all->arena);
	free(all->at);
	free(all);
	free(lab->host);
	*lab = (struct lab){ .backend = &backend_ssh };
	return left;
}

const struct backend backend_ssh = {
	.name = "ssh",
	.text = "machines that are there, each reached over SSH",
	.usable = ssh_usable,
	.offers = ssh_offers,
	.open = ssh_open,
	.read = ssh_read,
	.write = ssh_write,
	.is_ready = ssh_is_ready,
	.let_go = ssh_let_go,
	.close = ssh_close,
};
