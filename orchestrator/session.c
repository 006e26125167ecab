/* One poll loop over the streams of all agents. An agent that is silent for 10 s although it was
 * pinged is lost, like one whose stream ended. */
#include "session_take.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"

enum {
	EVENTS_USUAL = 512
};

void session_open(struct session *session, struct lab *lab, const struct plan *plan,
		  struct rundir *dir, struct arena *arena)
{
	*session = (struct session){
		.lab = lab,
		.dir = dir,
		.arena = arena,
		.nhost = plan->nhost,
		.signal_fd = -1,
		.input_fd = -1,
	};
	session->host = arena_array(arena, plan->nhost, sizeof(*session->host));
	/* Room as most runs need it: events are large, and grow by copying. */
	session->event_cap = EVENTS_USUAL;
	session->event = arena_array(arena, EVENTS_USUAL, sizeof(*session->event));
	session->ping_ns = clock_mono_ns();
	for (size_t i = 0; i < plan->nhost; i++) {
		session->host[i].name = plan->host[i].name;
		session->host[i].heard_ns = session->ping_ns;
	}
}

void session_close(struct session *session)
{
	for (size_t i = 0; i < session->nhost; i++) {
		frame_close(&session->host[i].reader);
		buf_close(&session->host[i].out);
	}
}

static int write_host(struct session *session, size_t host, struct err *err)
{
	struct session_host *h = &session->host[host];

	while (h->out.len > 0) {
		ssize_t n =
		    session->lab->backend->write(session->lab, host, h->out.data, h->out.len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return session_lose(session, host, strerror(errno), err);
		buf_drop(&h->out, (size_t)n);
	}
	return 0;
}

size_t session_send(struct session *session, size_t host, struct event *request)
{
	session->request = arena_grow(session->arena, session->request, session->nrequest,
				      &session->request_cap, sizeof(*session->request));
	session->request[session->nrequest++] =
	    (struct request){ .host = host, .first_event = session->nevent };
	event_int(request, "id", (int64_t)session->nrequest);
	frame_put_event(&session->host[host].out, FRAME_REQUEST, request);
	return session->nrequest;
}

static void send_pings(struct session *session, int64_t now)
{
	if (now - session->ping_ns < SESSION_PING_MS * (int64_t)1000000)
		return;
	session->ping_ns = now;
	for (size_t i = 0; i < session->nhost; i++)
		if (session->host[i].has_hello && !session->host[i].is_lost)
			session_ping(&session->host[i], now);
}

static int find_silent(struct session *session, int64_t now, struct err *err)
{
	for (size_t i = 0; i < session->nhost; i++)
		if (!session->host[i].is_lost && session->host[i].has_hello &&
		    now - session->host[i].heard_ns > SESSION_DEAD_MS * (int64_t)1000000)
			return session_lose(session, i, "silent for 10 s", err);
	return 0;
}

static int take_signal(struct session *session, struct err *err)
{
	struct signalfd_siginfo info;

	if (read(session->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	session->caught = (int)info.ssi_signo;
	return err_set(err, session->caught == SIGINT ? ERR_SIGINT : ERR_SIGTERM,
		       "interrupted by %s",
		       session->caught == SIGINT   ? "SIGINT"
		       : session->caught == SIGHUP ? "SIGHUP"
						   : "SIGTERM");
}

static bool is_ready(const struct session *session, size_t host)
{
	const struct lab *lab = session->lab;

	return lab->backend->is_ready && lab->backend->is_ready(lab, host);
}

/* A stream over SSH may have to read before it can write, and the other way round. */
static bool is_readable(const struct session *session, size_t i, short revents)
{
	if (is_ready(session, i))
		return true;
	if (session->lab->host[i].events)
		return revents != 0;
	return (revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

static int serve_polled(struct session *session, const struct pollfd *fds, size_t nfds,
			struct err *err)
{
	for (size_t i = 0; i < session->nhost; i++)
		if (fds[i].fd >= 0 && is_readable(session, i, fds[i].revents) &&
		    session_take(session, i, err) < 0)
			return -1;
	if (session->signal_fd >= 0 && nfds > session->nhost &&
	    fds[session->nhost].revents & POLLIN)
		return take_signal(session, err);
	return 0;
}

int session_turn(struct session *session, int64_t deadline_ns, struct err *err)
{
	int64_t now = clock_mono_ns();
	struct arena scratch = { 0 };
	struct pollfd *fds = arena_array(&scratch, session->nhost + 2, sizeof(*fds));
	size_t nfds = session->nhost;
	bool has_ready = false;
	int status = 0;

	send_pings(session, now);
	for (size_t i = 0; i < session->nhost && status == 0; i++) {
		fds[i].fd = -1;
		if (session->host[i].is_lost)
			continue;
		status = write_host(session, i, err);
		const struct host_stream *host = &session->lab->host[i];
		fds[i].fd = host->read_fd;
		fds[i].events = host->events;
		if (host->events == 0)
			fds[i].events = session->host[i].out.len ? POLLIN | POLLOUT : POLLIN;
		has_ready = has_ready || is_ready(session, i);
	}
	if (session->signal_fd >= 0)
		fds[nfds++] = (struct pollfd){ .fd = session->signal_fd, .events = POLLIN };
	if (session->input_fd >= 0) /* behind the signals, and read by whoever asked for it */
		fds[nfds++] = (struct pollfd){ .fd = session->input_fd, .events = POLLIN };
	int64_t until = session->ping_ns + SESSION_PING_MS * (int64_t)1000000;
	if (deadline_ns < until)
		until = deadline_ns;
	if (status == 0 && (poll(fds, nfds, has_ready ? 0 : clock_left_ms(until)) > 0 || has_ready))
		status = serve_polled(session, fds, nfds, err);
	if (status == 0)
		status = find_silent(session, clock_mono_ns(), err);
	arena_close(&scratch);
	struct err flush = { 0 };
	if (rundir_flush(session->dir, &flush) < 0 && status == 0) {
		*err = flush;
		status = -1;
	}
	if (status < 0 || session->deadline_ns == 0) /* 0: the evidence is being kept */
		return status;
	if (clock_mono_ns() > session->deadline_ns)
		return err_set(err, ERR_BROKE,
			       "the run took longer than %gs: give it more with --timeout, or "
			       "with time-limit in [lab]",
			       (double)session->limit_ns / 1e9);
	return rundir_check_size(session->dir, err);
}

int session_hello(struct session *session, int64_t deadline_ns, struct err *err)
{
	for (size_t i = 0; i < session->nhost; i++)
		while (!session->host[i].has_hello) {
			if (clock_mono_ns() > deadline_ns)
				return err_set(err, ERR_BROKE, "%s: no hello from the agent",
					       session->host[i].name);
			if (session_turn(session, deadline_ns, err) < 0)
				return -1;
		}
	return 0;
}

const struct request *session_request(const struct session *session, size_t id)
{
	return &session->request[id - 1];
}

int session_wait(struct session *session, size_t id, int64_t deadline_ns, struct err *err)
{
	while (!session->request[id - 1].is_done) {
		if (clock_mono_ns() > deadline_ns)
			return err_set(err, ERR_BROKE, "%s: the agent did not answer in time",
				       session->host[session->request[id - 1].host].name);
		if (session_turn(session, deadline_ns, err) < 0)
			return -1;
	}
	return 0;
}

const struct event *session_find(const struct session *session, size_t from, const char *kind,
				 const char *label)
{
	for (size_t i = session->nevent; i > from; i--) {
		const struct event *event = &session->event[i - 1];
		if (event_is(event, kind) &&
		    (!label || (event->label && streq(event->label, label))))
			return event;
	}
	return NULL;
}
