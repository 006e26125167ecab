/* One poll loop over the streams of all agents. An agent that is silent for 10 s although it was
 * pinged is lost, like one whose stream ended. */
#include "session.h"

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

static const char *keep(struct session *session, const char *text)
{
	return text ? arena_dup(session->arena, text) : NULL;
}

/* For the manifest, which would look for them among the events of a thousand hosts. */
static void note_sysctl(struct session *session, struct session_host *host)
{
	host->sysctl = arena_grow(session->arena, host->sysctl, host->nsysctl, &host->sysctl_cap,
				  sizeof(*host->sysctl));
	host->sysctl[host->nsysctl++] = session->nevent - 1;
}

/* Writes the event and keeps a copy whose strings outlive the frame. */
static struct event *record(struct session *session, size_t host, const struct event *event)
{
	session->event = arena_grow(session->arena, session->event, session->nevent,
				    &session->event_cap, sizeof(*session->event));
	struct event *copy = &session->event[session->nevent++];

	*copy = *event;
	copy->host = session->host[host].name;
	copy->kind = keep(session, event->kind);
	copy->label = keep(session, event->label);
	for (size_t i = 0; i < copy->nfield; i++) {
		copy->field[i].name = keep(session, event->field[i].name);
		copy->field[i].text = keep(session, event->field[i].text);
	}
	rundir_event(session->dir, copy);
	if (event_is(copy, "sysctl"))
		note_sysctl(session, &session->host[host]);
	return copy;
}

static int lose(struct session *session, size_t host, const char *why, struct err *err)
{
	struct event event;

	if (!session->host[host].is_lost) {
		session->host[host].is_lost = true;
		event_init(&event, "agent-lost");
		event_text(&event, "why", why);
		record(session, host, &event);
	}
	return err_set(err, ERR_BROKE, "%s: the agent is gone: %s", session->host[host].name, why);
}

/* A process of a step that ran out of memory took what it had seen with it. */
static int check_exit(const struct session *session, size_t host, const struct event *event,
		      struct err *err)
{
	const char *of = event_get(event, "of");

	if (!event_is(event, "exit") || event_num(event, "status", 0) != ERR_BROKE)
		return 0;
	return err_set(err, ERR_BROKE, "%s: the process of step %s broke off",
		       session->host[host].name, of ? of : "?");
}

static int take_done(struct session *session, size_t host, const struct event *event,
		     struct err *err)
{
	int64_t id = event_num(event, "id", 0);

	if (id < 1 || (size_t)id > session->nrequest || session->request[id - 1].host != host)
		return lose(session, host, "it answered what was not asked", err);
	struct request *request = &session->request[id - 1];
	request->is_done = true;
	request->result = keep(session, event_get(event, "result"));
	request->text = keep(session, event_get(event, "text"));
	if (!request->result)
		request->result = "error";
	request->took_ns = event_num(event, "took_ns", 0);
	request->start_ns = event_num(event, "start_ns", 0);
	return 0;
}

static int take_packets(struct session *session, size_t host, const struct frame *frame,
			struct err *err)
{
	struct session_host *h = &session->host[host];
	struct cursor cursor = cursor_of(frame->body, frame->len);
	uint16_t number = cursor_u16(&cursor);

	if (cursor.is_failed || number >= h->ncapture)
		return lose(session, host, "packets of an unknown capture", err);
	if (rundir_packets(session->dir, h->capture[number], cursor.at, cursor_left(&cursor), err) <
	    0)
		return err_in(err, "%s", h->name);
	return 0;
}

/* Other bytes would be replaced in JSON, where two different names may then be the same. */
static bool is_plain(const char *name)
{
	return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.")] == 0;
}

/* A line of events.ndjson must stay readable whatever an agent sends: each member once. */
static bool is_recordable(const struct event *event)
{
	static const char *const ours[] = { "seq",  "t_ns",  "host",       "kind",
					    "step", "label", "received_ns" };

	if (event->nfield == EVENT_FIELDS)
		return false; /* the controller adds one */
	for (size_t i = 0; i < event->nfield; i++) {
		if (!is_plain(event->field[i].name))
			return false;
		for (size_t k = 0; k < COUNT(ours); k++)
			if (streq(event->field[i].name, ours[k]))
				return false;
		for (size_t k = 0; k < i; k++)
			if (streq(event->field[i].name, event->field[k].name))
				return false;
	}
	return true;
}

static void put_ping(struct session_host *host, int64_t now)
{
	struct buf body = { 0 };

	buf_u64(&body, (uint64_t)now);
	frame_put(&host->out, FRAME_PING, body.data, body.len);
	buf_close(&body);
}

static int take_frame(struct session *session, size_t host, const struct frame *frame,
		      struct err *err)
{
	struct session_host *h = &session->host[host];
	struct event event;

	if (frame->type == FRAME_PACKETS)
		return take_packets(session, host, frame, err);
	if (event_decode(&event, frame->body, frame->len, err) < 0)
		return lose(session, host, err->text, err);
	h->told += frame->len;
	if (h->told > SESSION_TOLD_MAX)
		return lose(session, host, "it sent more than 64 MiB of events", err);
	if (frame->type != FRAME_DONE && !is_recordable(&event))
		return lose(session, host, "an event with doubled, misnamed or too many fields",
			    err);
	switch (frame->type) {
	case FRAME_HELLO:
	case FRAME_PONG:
		event_int(&event, "received_ns", clock_mono_ns());
		if (frame->type == FRAME_PONG) {
			record(session, host, &event);
			return 0;
		}
		if (h->has_hello)
			return lose(session, host, "it said hello twice", err);
		h->hello = *record(session, host, &event);
		h->has_hello = true;
		if (!session->lab->is_private) /* its clock may be another one */
			put_ping(h, clock_mono_ns());
		return 0;
	case FRAME_EVENT:
		record(session, host, &event);
		return check_exit(session, host, &event, err);
	case FRAME_DONE:
		return take_done(session, host, &event, err);
	case FRAME_REQUEST:
	case FRAME_PING:
	case FRAME_LEAVE:
	case FRAME_PACKETS:
		break;
	}
	return lose(session, host, "it sent what no agent sends", err);
}

static int read_host(struct session *session, size_t host, struct err *err)
{
	struct session_host *h = &session->host[host];
	static const int rounds = 64; /* then the others have their turn */
	char bytes[65536];
	struct frame frame;
	int more = 0;

	for (int i = 0; i < rounds; i++) {
		ssize_t n = session->lab->backend->read(session->lab, host, bytes, sizeof(bytes));
		if (n == 0)
			return lose(session, host, "its stream ended", err);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0)
			return lose(session, host, strerror(errno), err);
		h->heard_ns = clock_mono_ns();
		frame_feed(&h->reader, bytes, (size_t)n);
		while ((more = frame_next(&h->reader, &frame, err)) > 0)
			if (take_frame(session, host, &frame, err) < 0)
				return -1;
		if (more < 0)
			return lose(session, host, err->text, err);
		if ((size_t)n < sizeof(bytes) && session->lab->host[host].events == 0)
			break; /* a socket is empty then */
	}
	return 0;
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
			return lose(session, host, strerror(errno), err);
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
			put_ping(&session->host[i], now);
}

static int find_silent(struct session *session, int64_t now, struct err *err)
{
	for (size_t i = 0; i < session->nhost; i++)
		if (!session->host[i].is_lost && session->host[i].has_hello &&
		    now - session->host[i].heard_ns > SESSION_DEAD_MS * (int64_t)1000000)
			return lose(session, i, "silent for 10 s", err);
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
		    read_host(session, i, err) < 0)
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
