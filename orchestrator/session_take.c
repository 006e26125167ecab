/* Frames become events of the run: numbered, written and kept. What no agent of ours would send is
 * a reason to have lost it. */
#include "session_take.h"

#include <errno.h>

#include "clock.h"

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

void session_note(struct session *session, size_t host, const struct event *event)
{
	record(session, host, event);
}

int session_lose(struct session *session, size_t host, const char *why, struct err *err)
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
		return session_lose(session, host, "it answered what was not asked", err);
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
		return session_lose(session, host, "packets of an unknown capture", err);
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

void session_ping(struct session_host *host, int64_t now)
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
		return session_lose(session, host, err->text, err);
	h->told += frame->len;
	if (h->told > SESSION_TOLD_MAX)
		return session_lose(session, host, "it sent more than 64 MiB of events", err);
	if (frame->type != FRAME_DONE && !is_recordable(&event))
		return session_lose(session, host,
				    "an event with doubled, misnamed or too many fields", err);
	switch (frame->type) {
	case FRAME_HELLO:
	case FRAME_PONG:
		event_int(&event, "received_ns", clock_mono_ns());
		if (frame->type == FRAME_PONG) {
			record(session, host, &event);
			return 0;
		}
		if (h->has_hello)
			return session_lose(session, host, "it said hello twice", err);
		h->hello = *record(session, host, &event);
		h->has_hello = true;
		if (!session->lab->is_private) /* its clock may be another one */
			session_ping(h, clock_mono_ns());
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
	return session_lose(session, host, "it sent what no agent sends", err);
}

int session_take(struct session *session, size_t host, struct err *err)
{
	struct session_host *h = &session->host[host];
	static const int rounds = 64; /* then the others have their turn */
	char bytes[65536];
	struct frame frame;
	int more = 0;

	for (int i = 0; i < rounds; i++) {
		ssize_t n = session->lab->backend->read(session->lab, host, bytes, sizeof(bytes));
		if (n == 0)
			return session_lose(session, host, "its stream ended", err);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0)
			return session_lose(session, host, strerror(errno), err);
		h->heard_ns = clock_mono_ns();
		frame_feed(&h->reader, bytes, (size_t)n);
		while ((more = frame_next(&h->reader, &frame, err)) > 0)
			if (take_frame(session, host, &frame, err) < 0)
				return -1;
		if (more < 0)
			return session_lose(session, host, err->text, err);
		if ((size_t)n < sizeof(bytes) && session->lab->host[host].events == 0)
			break; /* a socket is empty then */
	}
	return 0;
}
