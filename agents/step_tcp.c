/* The connection that an actor holds between its steps, and what happens to it there. */
#include "step_tcp.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "clock.h"
#include "mem.h"

enum {
	CLOSE_MS = 1000
}; /* how long a peer may take to close its side */

static int wait_as_actor(void *context, int fd, short events, int64_t deadline_ns)
{
	return actor_wait(context, fd, events, deadline_ns);
}

struct tcp_held *tcp_held(struct actor *actor)
{
	struct tcp_held *held = actor->state;

	if (held == NULL) {
		held = mem_resize(NULL, 1, sizeof *held);
		*held = (struct tcp_held){
			.client = { .fd = -1, .wait = wait_as_actor, .context = actor },
		};
		actor->state = held;
	}
	return held;
}

int tcp_result(struct actor *actor, const struct outcome *outcome)
{
	return actor_result(actor, outcome_result(outcome), outcome->text);
}

int64_t tcp_deadline(struct actor *actor, const struct event *request, const char *name)
{
	int64_t given_ns = request_num(request, name, 0), now_ns = clock_mono_ns();

	if (given_ns > 0 && given_ns < INT64_MAX - now_ns && now_ns + given_ns < actor->deadline_ns)
		return now_ns + given_ns;
	return actor->deadline_ns;
}

/* An event about the held connection, with its two ends. */
static void put_ends(struct event *event, const struct actor *actor, char local[ADDR_TEXT],
		     char peer[ADDR_TEXT])
{
	event_text(event, "local", addr_text(&actor->local, local));
	event_text(event, "peer", addr_text(&actor->peer, peer));
}

void tcp_transfer_event(struct actor *actor, const char *kind, size_t len, const char *text,
			const struct outcome *outcome)
{
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct event event;

	event_init(&event, kind);
	put_ends(&event, actor, local, peer);
	event_int(&event, "bytes", (int64_t)len);
	event_text(&event, "text", text);
	event_text(&event, "result", outcome_result(outcome));
	event_int(&event, "took_ns", outcome->took_ns);
	actor_event(actor, &event);
}

/* In good order both sides close: our FIN, then the wait (bounded) for the peer's, so that a step
 * that ended has nothing on its way. With unread data it is left to close(2), which sends RST. */
static void close_in_order(struct actor *actor)
{
	const struct tcp_held *held = tcp_held(actor);
	int unread = 0;

	if (held->peer != PEER_THERE || ioctl(actor->fd, FIONREAD, &unread) < 0 || unread > 0)
		return;
	if (shutdown(actor->fd, SHUT_WR) == 0)
		(void)actor_wait(actor, actor->fd, POLLRDHUP, clock_after_ms(CLOSE_MS));
}

void tcp_close_held(struct actor *actor)
{
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct event event;

	if (actor->fd < 0)
		return;
	close_in_order(actor);
	client_close(&tcp_held(actor)->client);
	actor->fd = -1;
	event_init(&event, "close");
	put_ends(&event, actor, local, peer);
	event_text(&event, "by", "local");
	actor_event(actor, &event);
}

/* The peer went: say so and close our side, unless there is something left to read. */
static void see_peer(struct actor *actor, struct tcp_held *held)
{
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct event event;
	int unread = 0;

	held->peer = client_peer(&held->client, &held->number);
	if (held->peer == PEER_THERE)
		return;
	(void)ioctl(actor->fd, FIONREAD, &unread);
	event_init(&event, "peer-closed");
	put_ends(&event, actor, local, peer);
	event_text(&event, "how", held->peer == PEER_FIN ? "FIN" : "RST");
	event_int(&event, "errno", held->number);
	actor_event(actor, &event);
	if (unread == 0 && held->client.in.len == 0)
		tcp_close_held(actor);
}

int tcp_hold(struct actor *actor)
{
	struct tcp_held *held = tcp_held(actor);

	for (;;) {
		struct pollfd set[2] = {
			{ .fd = actor->channel, .events = POLLIN },
			{ .fd = held->peer == PEER_THERE ? actor->fd : -1, .events = POLLRDHUP },
		};

		if (poll(set, 2, -1) < 0) {
			if (errno != EINTR)
				return 0;
			continue;
		}
		if (set[1].revents != 0)
			see_peer(actor, held);
		if (set[0].revents != 0)
			return 1;
	}
}

/* Waits for `ns`, or until we are told to end: false. */
static bool pause_for(struct actor *actor, int64_t ns)
{
	return ns <= 0 || actor_wait(actor, -1, 0, clock_mono_ns() + ns) == 0;
}

void tcp_send_one(struct actor *actor, const char *text, int64_t deadline_ns,
		  struct outcome *outcome)
{
	struct buf out = { 0 };
	struct err err = { 0 };
	char shown[MESSAGE_SHORT + 4];
	struct message message;
	int rc;

	if (text != NULL)
		rc = message_put(&out, MESSAGE_TEXT, text, strlen(text), &err);
	else
		rc = client_message(&out, ++actor->sent, actor->label, &err);
	if (rc < 0) {
		*outcome = (struct outcome){ .kind = OUTCOME_ERRNO, .number = EMSGSIZE };
		snprintf(outcome->text, sizeof outcome->text, "%.200s", err.text);
		return;
	}
	client_send(&tcp_held(actor)->client, out.data, out.len, deadline_ns, outcome);
	if (message_peek(&out, &message, &err) > 0)
		tcp_transfer_event(actor, "send", message.len, message_short(&message, shown),
				   outcome);
	buf_close(&out);
}

void tcp_receive_one(struct actor *actor, int64_t deadline_ns, struct outcome *outcome)
{
	struct client *client = &tcp_held(actor)->client;
	char text[MESSAGE_SHORT + 4];
	struct message message = { .text = "" };

	client_receive(client, &message, deadline_ns, outcome);
	if (outcome->kind != OUTCOME_OK) {
		tcp_transfer_event(actor, "recv", 0, "", outcome);
		return;
	}
	tcp_transfer_event(actor, "recv", message.len, message_short(&message, text), outcome);
	client_took(client, &message);
}

void tcp_exchange(struct actor *actor, int64_t count, int64_t interval_ns, struct outcome *outcome)
{
	for (int64_t i = 0; i < count && outcome->kind == OUTCOME_OK; i++) {
		if (i > 0 && !pause_for(actor, interval_ns)) {
			outcome->kind = OUTCOME_STOPPED;
			return;
		}
		tcp_send_one(actor, NULL, actor->deadline_ns, outcome);
		if (outcome->kind == OUTCOME_OK)
			tcp_receive_one(actor, actor->deadline_ns, outcome);
	}
}
