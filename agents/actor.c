/* The life of an actor's process: rights dropped, steps played in order, sockets held between. */
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "caps.h"
#include "change.h"
#include "clock.h"
#include "env.h"
#include "errname.h"
#include "frame.h"
#include "names_serve.h"
#include "parse.h"
#include "proc_child.h"

enum {
	CHANNEL = 3
};

static void send_all(struct actor *actor, struct buf *out)
{
	for (size_t at = 0; at < out->len;) {
		ssize_t n = send(actor->channel, out->data + at, out->len - at, MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (errno != EINTR)
			_exit(1); /* the agent is gone */
	}
	buf_close(out);
}

void actor_event(struct actor *actor, struct event *event)
{
	struct buf out = { 0 };

	if (event->step == 0 && event->label == NULL) {
		event->step = actor->now_step;
		event->label = actor->now_label;
	}
	if (actor->agent != NULL) {
		agent_event(actor->agent, event);
	} else {
		frame_put_event(&out, FRAME_EVENT, event);
		send_all(actor, &out);
	}
}

/* An actor that holds nothing ends here: said first, so that a step that follows finds its process
 * gone whether it has been reaped by then or not. */
static void answer(struct actor *actor, int64_t id)
{
	struct buf out = { 0 };
	struct event done;

	actor_done(actor, id, &done);
	if (actor->hold == NULL)
		frame_put(&out, FRAME_LEAVE, NULL, 0);
	frame_put_event(&out, FRAME_DONE, &done);
	send_all(actor, &out);
}

int actor_result(struct actor *actor, const char *result, const char *text)
{
	snprintf(actor->result, sizeof actor->result, "%s", result);
	snprintf(actor->text, sizeof actor->text, "%s", text != NULL ? text : "");
	return 0;
}

int actor_result_errno(struct actor *actor, int number)
{
	return actor_result(actor, errname(number), strerror(number));
}

int actor_wait(struct actor *actor, int fd, short events, int64_t deadline_ns)
{
	for (;;) {
		struct pollfd set[2] = {
			{ .fd = fd, .events = events },
			{ .fd = actor->channel, .events = POLLRDHUP },
		};
		int n = poll(set, 2, deadline_ns == INT64_MAX ? -1 : clock_left_ms(deadline_ns));

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0 && set[0].revents != 0)
			return 1;
		if (n > 0) {
			errno = ECANCELED;
			return -1;
		}
		if (clock_mono_ns() >= deadline_ns)
			return 0;
	}
}

const char *request_text(const struct event *request, const char *name, const char *fallback)
{
	const char *text = event_get(request, name);

	return text != NULL ? text : fallback;
}

int64_t request_num(const struct event *request, const char *name, int64_t fallback)
{
	const char *text = event_get(request, name);
	int64_t number;

	if (text == NULL)
		return event_num(request, name, fallback);
	return parse_int(text, INT64_MIN, INT64_MAX, &number) == 0 ? number : fallback;
}

bool request_is_yes(const struct event *request, const char *name, bool fallback)
{
	const char *text = event_get(request, name);

	if (text == NULL)
		return event_num(request, name, fallback) != 0;
	return streq(text, "yes");
}

const struct step_kind *actor_kind_find(const char *name)
{
	return streq(name, names_serve.name) ? &names_serve : step_kind_find(name);
}

int actor_play(struct actor *actor, const struct step_kind *kind, const struct event *request)
{
	int64_t allowed_ns = request_num(request, "deadline_ns", 0);
	struct err err = { 0 };
	int rc;

	actor->now_step = request->step;
	actor->now_label = request->label;
	actor->start_ns = clock_mono_ns();
	actor->deadline_ns = allowed_ns > 0 && allowed_ns < INT64_MAX - actor->start_ns
				 ? actor->start_ns + allowed_ns
				 : INT64_MAX;
	actor->took_ns = -1;
	actor_result(actor, "error", "the step named no result");
	rc = kind->change != NULL ? change_run(kind->change, actor, request, &err)
				  : kind->run(actor, request, &err);
	if (rc < 0)
		actor_result(actor, "error", err.text);
	if (actor->took_ns < 0)
		actor->took_ns = clock_mono_ns() - actor->start_ns;
	return rc;
}

void actor_done(const struct actor *actor, int64_t id, struct event *done)
{
	event_init(done, "done");
	done->step = actor->now_step;
	done->label = actor->now_label;
	event_int(done, "id", id);
	event_text(done, "result", actor->result);
	event_text(done, "text", actor->text);
	event_int(done, "took_ns", actor->took_ns);
	event_int(done, "start_ns", actor->start_ns);
}

/* Nothing of the agent stays open: a socket held here by accident would outlive its owner, and the
 * channel to another machine is open as long as anybody has its stderr. */
static void close_others(struct actor *actor)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < (actor->host->is_private ? 2 : 3); fd++)
		if (null < 0 || dup2(null, fd) < 0)
			close(fd);
	if (actor->channel != CHANNEL && dup2(actor->channel, CHANNEL) < 0)
		_exit(1);
	actor->channel = CHANNEL;
	(void)fcntl(CHANNEL, F_SETFD, FD_CLOEXEC);
#ifdef SYS_close_range
	if (syscall(SYS_close_range, CHANNEL + 1, ~0u, 0) == 0)
		return;
#endif
	for (int fd = CHANNEL + 1, end = (int)sysconf(_SC_OPEN_MAX); fd < end; fd++)
		close(fd);
}

static void refuse(struct actor *actor, const struct event *request, const char *text)
{
	actor->now_step = request->step;
	actor->now_label = request->label;
	actor->start_ns = clock_mono_ns();
	actor->took_ns = 0;
	actor_result(actor, "error", text);
	answer(actor, request_num(request, "id", 0));
}

static void play_and_answer(struct actor *actor, const struct event *request)
{
	const struct step_kind *kind = actor_kind_find(request->kind);

	if (event_is(request, "drain")) { /* the agent's own, before it ends us */
		int64_t until_ns = clock_mono_ns() + request_num(request, "deadline_ns", 0);
		bool is_drained = actor->drain == NULL || actor->drain(actor, until_ns);

		actor_result(actor, is_drained ? "ok" : "TIMEOUT", NULL);
		actor->took_ns = 0;
	} else if (kind == NULL || (kind->flags & STEP_ACTOR) == 0) {
		actor_result(actor, "error", "no step for an actor");
		actor->took_ns = 0;
	} else {
		actor_play(actor, kind, request);
	}
	answer(actor, request_num(request, "id", 0));
	/* Between steps events belong to the step that made the actor. */
	actor->now_step = actor->step;
	actor->now_label = actor->label;
}

static void close_held(struct actor *actor)
{
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct event event;

	if (actor->fd < 0)
		return;
	close(actor->fd);
	actor->fd = -1;
	event_init(&event, "close");
	event_text(&event, "local", addr_text(&actor->local, local));
	event_text(&event, "peer", addr_text(&actor->peer, peer));
	event_text(&event, "by", "local");
	actor_event(actor, &event);
}

/* What the agent sent; false: it told us to end. */
static bool play_requests(struct actor *actor, struct frame_reader *reader)
{
	char bytes[16384];
	ssize_t n = recv(actor->channel, bytes, sizeof bytes, 0);
	struct frame frame;
	struct err err = { 0 };

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	frame_feed(reader, bytes, (size_t)n);
	while (frame_next(reader, &frame, &err) > 0) {
		struct event request;

		if (frame.type != FRAME_REQUEST ||
		    event_decode(&request, frame.body, frame.len, &err) < 0)
			return false;
		play_and_answer(actor, &request);
	}
	return true;
}

/* On a machine that is not ours a role is played by the user who logged in, not by the root that
 * sudo made of him. */
static int be_the_user(struct err *err)
{
	const char *uid_text = env_get(VAR_SUDO_UID), *gid_text = env_get(VAR_SUDO_GID);
	int64_t uid, gid;

	if (geteuid() != 0 || uid_text == NULL)
		return 0;
	if (gid_text == NULL || parse_int(uid_text, 0, UINT32_MAX - 1, &uid) < 0 ||
	    parse_int(gid_text, 0, UINT32_MAX - 1, &gid) < 0)
		return err_set(err, ERR_CANNOT, "SUDO_UID and SUDO_GID are no numbers");
	return caps_user((uid_t)uid, (gid_t)gid, err);
}

static int give_up_rights(const struct actor *actor, const struct step_kind *kind, struct err *err)
{
	if (!actor->host->does_drop)
		return 0;
	if (!actor->host->is_private && be_the_user(err) < 0)
		return -1;
	return caps_drop(kind != NULL ? kind->capabilities : 0, err);
}

_Noreturn void actor_main(struct actor *actor, const struct event *request, pid_t agent_pid)
{
	const struct step_kind *kind = actor_kind_find(request->kind);
	struct frame_reader reader = { 0 };
	struct err err = { 0 };

	proc_child_signals();
	close_others(actor);
	if (give_up_rights(actor, kind, &err) < 0) {
		refuse(actor, request, err.text);
		_exit(1);
	}
	/* Behind the change of user, which takes it away. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != agent_pid)
		_exit(1);
	play_and_answer(actor, request);
	while (actor->hold != NULL && actor->hold(actor) > 0)
		if (!play_requests(actor, &reader))
			break;
	close_held(actor);
	_exit(0);
}
