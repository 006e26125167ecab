/* A real agent at the other end of a stream, in this program's namespace: asked, and answered by
 * events, packets and a DONE. */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "frame.h"
#include "kept.h"

struct session {
	pid_t pid;
	int fd;
	int64_t id;
	struct frame_reader reader;
	struct kept kept; /* events since session_ask began */
	char result[64], text[1024];
};

static inline void session_start(struct session *session)
{
	int pair[2];

	memset(session, 0, sizeof *session);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	session->pid = fork();
	if (session->pid == 0) {
		close(pair[0]);
		_exit(agent_run(pair[1], dup(pair[1]), NULL));
	}
	close(pair[1]);
	session->fd = pair[0];
}

/* One frame; false at the end of the stream. */
static inline bool session_frame(struct session *session, struct frame *frame)
{
	struct pollfd pollfd = { .fd = session->fd, .events = POLLIN };
	struct err err = { 0 };
	char bytes[65536];
	int rc;

	while ((rc = frame_next(&session->reader, frame, &err)) == 0) {
		if (poll(&pollfd, 1, 20000) != 1)
			fail_msg("the agent says nothing");
		ssize_t n = read(session->fd, bytes, sizeof bytes);
		if (n <= 0)
			return false;
		frame_feed(&session->reader, bytes, (size_t)n);
	}
	assert_int_equal(rc, 1);
	return true;
}

/* Sends the request and keeps what comes until its DONE. */
static inline void session_ask(struct session *session, struct event *request)
{
	struct err err = { 0 };
	struct buf out = { 0 };
	struct frame frame;
	struct event event;

	kept_clear(&session->kept);
	event_int(request, "id", ++session->id);
	frame_put_event(&out, FRAME_REQUEST, request);
	assert_int_equal(write(session->fd, out.data, out.len), out.len);
	buf_close(&out);
	while (session_frame(session, &frame)) {
		if (frame.type == FRAME_PACKETS) {
			kept_packets(&session->kept, frame.body, frame.len);
			continue;
		}
		assert_int_equal(event_decode(&event, frame.body, frame.len, &err), 0);
		if (frame.type == FRAME_EVENT)
			kept_event(&session->kept, &event);
		if (frame.type != FRAME_DONE)
			continue;
		assert_int_equal(event_num(&event, "id", -1), session->id);
		snprintf(session->result, sizeof session->result, "%s",
			 event_get(&event, "result"));
		snprintf(session->text, sizeof session->text, "%s", event_get(&event, "text"));
		return;
	}
	fail_msg("the stream ended");
}

/* What was asked last was done. */
static inline void was_ok(const struct session *session)
{
	if (!streq(session->result, "ok"))
		fail_msg("%s: %s", session->result, session->text);
}

static inline void ask_ok(struct session *session, struct event *request)
{
	session_ask(session, request);
	was_ok(session);
}

static inline void setup(struct session *session, const char *address, bool is_private)
{
	struct event request;

	session_start(session);
	event_init(&request, "setup");
	event_text(&request, "name", "server");
	event_text(&request, "address", address);
	event_int(&request, "is_private", is_private ? 1 : 0);
	event_int(&request, "drop", 1);
	ask_ok(session, &request);
}

/* What a test asks of a capture on lan; what it leaves out is as in a scenario that says nothing.
 */
struct capture_ask {
	const char *iface, *engine;
	const char *filter; /* as tcpdump gets it */
	int64_t snaplen, buffer;
};

static inline void session_capture(struct session *session, const struct capture_ask *ask)
{
	struct event request;

	event_init(&request, "capture.start");
	event_int(&request, "capture", 3);
	event_text(&request, "link", "lan");
	event_text(&request, "iface", ask->iface ? ask->iface : "lo");
	event_int(&request, "snaplen", ask->snaplen);
	event_int(&request, "buffer", ask->buffer);
	event_text(&request, "filter", "");
	event_text(&request, "filter_text", ask->filter ? ask->filter : "");
	event_text(&request, "engine", ask->engine ? ask->engine : "packet");
	session_ask(session, &request);
}

/* Its capture.end; NULL: the agent sent none. */
static inline const struct event *session_capture_stop(struct session *session)
{
	struct event request;

	event_init(&request, "capture.stop");
	event_int(&request, "capture", 3);
	session_ask(session, &request);
	return kept_find(&session->kept, "capture.end", NULL, NULL);
}

/* The agent sees the end of the stream and goes. */
static inline void session_end(struct session *session)
{
	int status;

	close(session->fd);
	frame_close(&session->reader);
	kept_clear(&session->kept);
	waitpid(session->pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
