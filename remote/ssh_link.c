/* The states of a connection, each a function that goes on as far as it can. */
#include "ssh_link.h"

#include <errno.h>
#include <poll.h>

#include "clock.h"
#include "mem.h"
#include "ssh_pin.h"

enum {
	TURN_MS = 1000, /* of an opener at a jump host, while others wait */
	FREES = 8       /* of a session whose connection is gone */
};

static void enter(struct link *link, enum link_state state, const char *phase, int ms)
{
	link->state = state;
	link->phase = phase;
	link->deadline_ns = ms ? clock_after_ms(ms) : 0;
	link->wire.news++;
}

const char *link_words(const struct link *link)
{
	int error = wire_error(&link->wire);
	char *text = NULL;

	if (error == ECONNRESET)
		return "the connection was closed";
	if (error)
		return strerror(error);
	if (link->session)
		link->lib.session_last_error(link->session, &text, NULL, 0);
	return text && *text ? text : "the connection was lost";
}

static int begin_handshake(struct link *link, struct err *err)
{
	struct buf methods = { 0 };

	link->session = wire_session(&link->wire);
	if (!link->session)
		return err_set(err, ERR_BROKE, "%s: libssh2: out of memory", link->target->name);
	if (known_read(&link->known, link->target, &link->lib, &link->arena, err) < 0)
		return -1;
	known_methods(&link->known, &link->lib, &methods);
	link->lib.session_method_pref(link->session, LIBSSH2_METHOD_HOSTKEY, methods.data);
	buf_close(&methods);
	enter(link, LINK_HANDSHAKE, "handshake", PHASE_HANDSHAKE_MS);
	return 0;
}

static int dial(struct link *link, struct err *err)
{
	int status = ssh_dial_step(&link->dial, err);

	link->phase = link->dial.phase;
	link->deadline_ns = link->dial.deadline_ns;
	if (status <= 0)
		return status;
	link->wire.fd = link->dial.fd;
	return begin_handshake(link, err);
}

static struct link *share(struct jumps *jumps, const struct target *target, struct err *err);

/* The jump host's connection is kept busy by somebody else's channel. */
static int wait_turn(struct link *link, struct err *err)
{
	struct link *jump = link->jump, *other;

	if (!jump->is_stuck && clock_left_ms(jump->turn_ns) > 0) {
		link->deadline_ns = jump->turn_ns;
		link->phase = "jump";
		return 0;
	}
	jump->is_stuck = true;
	other = share(link->jumps, link->target->jump, err);
	if (!other)
		return -1;
	link->jump = other;
	link_close(jump);
	return 0;
}

static int open_way(struct link *link, struct err *err)
{
	const struct target *target = link->target;
	struct link *jump = link->jump;

	if (jump->opener != link) {
		jump->opener = link;
		jump->turn_ns = clock_after_ms(TURN_MS);
		enter(link, LINK_JUMP, "jump", PHASE_OPEN_MS);
	}
	link->wire.channel = link->lib.channel_direct_tcpip_ex(jump->session, target->address,
							       target->port, "127.0.0.1", 22);
	if (!link->wire.channel &&
	    link->lib.session_last_error(jump->session, NULL, NULL, 0) == LIBSSH2_ERROR_EAGAIN &&
	    !wire_error(&jump->wire))
		return 0;
	jump->opener = NULL;
	jump->wire.news++; /* whoever waits may begin */
	if (!link->wire.channel)
		return err_set(err, ERR_BROKE, "%s: the jump host %s does not reach %s:%d: %s",
			       target->name, jump->target->name, target->address, target->port,
			       link_words(jump));
	link->wire.below = &jump->wire;
	jump->wire.is_carrier = true;
	return begin_handshake(link, err);
}

static int jump_over(struct link *link, struct err *err)
{
	int is_up = link_advance(link->jump, err);

	if (is_up > 0 && (link->jump->is_stuck || link->jump->opener))
		return link->jump->opener == link ? open_way(link, err) : wait_turn(link, err);
	if (is_up > 0)
		return open_way(link, err);
	link->phase = link->jump->phase;
	link->deadline_ns = link->jump->deadline_ns;
	link->lacks = link->jump->lacks;
	return is_up < 0 ? err_in(err, "%s: by its jump host", link->target->name) : 0;
}

static int no_handshake(struct link *link, int rc, struct err *err)
{
	bool is_foreign = rc == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE ||
			  rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_METHOD_NONE;

	link->lacks = is_foreign ? "it and libssh2 have no algorithm in common" : NULL;
	if (is_foreign)
		return err_set(err, ERR_CANNOT,
			       "%s: handshake: it and libssh2 have no algorithm in common%s (%s): "
			       "--transport openssh",
			       link->target->name,
			       link->lib.has_rsa_sha2
				   ? ""
				   : ", or it has an RSA host key alone, which libssh2 1.10 cannot "
				     "check with SHA-2",
			       link_words(link));
	/* sshd says why to its log alone. */
	return err_set(
	    err, ERR_BROKE, "%s: handshake: %s%s", link->target->name, link_words(link),
	    wire_error(&link->wire) == ECONNRESET
		? ": sshd there has too many sessions (MaxStartups), blocks this address, or "
		  "cannot start one: its log says which"
		: "");
}

static int shake_hands(struct link *link, struct err *err)
{
	short events;
	int rc = link->lib.session_handshake(link->session, wire_fd(&link->wire, &events));
	size_t len = 0;
	int type = 0;

	if (rc == LIBSSH2_ERROR_EAGAIN && !wire_error(&link->wire))
		return 0;
	if (rc)
		return no_handshake(link, rc, err);
	const char *blob = link->lib.session_hostkey(link->session, &len, &type);
	if (!blob)
		return err_set(err, ERR_BROKE, "%s: it showed no host key", link->target->name);
	enum known_answer answer = known_check(&link->known, link->target, blob, len, err);
	if (answer == KNOWN_BEYOND)
		link->lacks = "libssh2 cannot check the host key that is known of it";
	if (answer == KNOWN_NEW && link->target->pins) {
		if (ssh_pin_add(link->target, blob, len, err) < 0)
			return -1;
	} else if (answer != KNOWN_SAME) {
		return -1;
	}
	ssh_auth_begin(&link->auth, &link->lib, link->target, link->session);
	enter(link, LINK_AUTH, "authentication", PHASE_AUTH_MS);
	return 0;
}

static int authenticate(struct link *link, struct err *err)
{
	int is_in = ssh_auth_step(&link->auth, err);

	if (is_in == 0 && wire_error(&link->wire))
		return ssh_auth_ended(&link->auth, err);
	if (is_in < 0)
		link->lacks = link->auth.lacks;
	if (is_in <= 0)
		return is_in;
	ssh_auth_close(&link->auth);
	enter(link, LINK_UP, "open", 0);
	return 0;
}

static int (*const steps[])(struct link *link, struct err *err) = {
	[LINK_DIAL] = dial,
	[LINK_JUMP] = jump_over,
	[LINK_HANDSHAKE] = shake_hands,
	[LINK_AUTH] = authenticate,
};

static int too_late(const struct link *link, struct err *err)
{
	const char *what = "no answer in time";

	if (link->state == LINK_JUMP)
		return err_set(err, ERR_BROKE,
			       "%s: the jump host %s gets no answer from %s:%d in time",
			       link->target->name, link->jump->target->name, link->target->address,
			       link->target->port);
	if (link->state == LINK_HANDSHAKE)
		what = "no answer in time: something listens there and does not speak SSH, or the "
		       "machine is overloaded";
	if (link->state == LINK_AUTH && link->auth.waits_for_agent)
		what = "the SSH agent did not answer in time";
	return err_set(err, ERR_BROKE, "%s: %s: %s", link->target->name, link->phase, what);
}

/* The others have deadlines of their own, and ways to go on behind them. */
static bool is_late(const struct link *link)
{
	bool is_own = link->state == LINK_HANDSHAKE || link->state == LINK_AUTH ||
		      (link->state == LINK_JUMP && link->jump->opener == link);

	return is_own && clock_left_ms(link->deadline_ns) == 0;
}

static int go_on(struct link *link, struct err *err)
{
	enum link_state before;

	while (link->state != LINK_UP) {
		before = link->state;
		const struct link *jump = link->jump;
		int status = steps[before](link, err);
		if (status < 0)
			return -1;
		if (link->state != before || link->jump != jump)
			continue;
		if (is_late(link))
			return too_late(link, err);
		return 0;
	}
	return 1;
}

int link_advance(struct link *link, struct err *err)
{
	int status = -1;

	if (link->state != LINK_LOST)
		status = go_on(link, &link->why);
	if (status < 0) {
		if (link->state != LINK_LOST)
			enter(link, LINK_LOST, link->phase, 0);
		*err = link->why;
	}
	wire_flush(&link->wire);
	return status;
}

int link_fd(const struct link *link, short *events)
{
	if (link->state == LINK_DIAL)
		return ssh_dial_fd(&link->dial, events);
	if (link->state == LINK_JUMP)
		return link_fd(link->jump, events);
	if (link->state == LINK_AUTH && link->auth.waits_for_agent) {
		*events = ssh_agent_events(&link->auth.agent);
		return link->auth.agent.fd;
	}
	return wire_fd(&link->wire, events);
}

static struct link *make(const struct target *target, struct err *err)
{
	struct link *link = mem_zeroed(1, sizeof *link);

	if (!ssh_lib_open(&link->lib, err)) {
		free(link);
		return NULL;
	}
	link->target = target;
	link->users = 1;
	link->wire = (struct ssh_wire){ .lib = &link->lib, .fd = -1 };
	ssh_dial_begin(&link->dial, target);
	enter(link, LINK_DIAL, link->dial.phase, PHASE_CONNECT_MS);
	return link;
}

static struct link *share(struct jumps *jumps, const struct target *target, struct err *err)
{
	struct link *link;

	for (link = jumps ? jumps->first : NULL; link; link = link->next) {
		if (link->target == target && link->state != LINK_LOST && !link->is_stuck) {
			link->users++;
			return link;
		}
	}
	link = make(target, err);
	if (link && jumps) {
		link->jumps = jumps;
		link->next = jumps->first;
		jumps->first = link;
	}
	return link;
}

struct link *link_open(struct jumps *jumps, const struct target *target, struct err *err)
{
	struct link *link = make(target, err);

	if (!link || !target->jump)
		return link;
	enter(link, LINK_JUMP, "jump", 0);
	link->jumps = jumps;
	link->jump = share(jumps, target->jump, err);
	if (link->jump)
		return link;
	link_close(link);
	return NULL;
}

static void unlist(struct link *link)
{
	struct link **at = link->jumps ? &link->jumps->first : NULL;

	while (at && *at && *at != link)
		at = &(*at)->next;
	if (at && *at)
		*at = link->next;
}

/* Politely where that does not wait. Without a connection no call of libssh2 waits either. */
static void end_session(struct link *link)
{
	if (link->state == LINK_UP && !wire_error(&link->wire)) {
		link->lib.session_disconnect_ex(link->session, SSH_DISCONNECT_BY_APPLICATION, "",
						"");
		wire_flush(&link->wire);
	}
	link->wire.is_closing = true;
	for (int i = 0; i < FREES; i++)
		if (link->lib.session_free(link->session) != LIBSSH2_ERROR_EAGAIN)
			break;
}

void link_close(struct link *link)
{
	if (!link || --link->users > 0)
		return;
	ssh_auth_close(&link->auth);
	if (link->session)
		end_session(link);
	if (link->jump) {
		if (link->jump->opener == link)
			link->jump->is_stuck = true; /* the channel may still come */
		if (link->wire.channel)
			link->lib.channel_free(link->wire.channel);
		wire_flush(&link->jump->wire);
		link_close(link->jump);
	}
	unlist(link);
	ssh_dial_close(&link->dial);
	buf_close(&link->wire.out);
	arena_close(&link->arena);
	free(link);
}
