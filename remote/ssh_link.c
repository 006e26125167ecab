/* The states of a connection, each a function that goes on as far as it can. */
#include "ssh_link.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "mem.h"

enum {
	ALIVE_IDLE_S = 3, /* a silent cut is noticed 3 + 3 x 2 s after the last byte */
	ALIVE_EVERY_S = 2,
	ALIVE_COUNT = 3,
	UNACKED_MS = 8000
};

static void enter(struct link *link, enum link_state state, const char *phase, int ms)
{
	link->state = state;
	link->phase = phase;
	link->deadline_ns = ms ? clock_after_ms(ms) : 0;
}

const char *link_words(const struct link *link)
{
	char *text = NULL;

	if (link->session)
		link->lib.session_last_error(link->session, &text, NULL, 0);
	return text && *text ? text : "the connection was lost";
}

static const char *why_not(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "refused: the machine is there, and no sshd listens on that port";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "no route: nobody on the way knows that address, or it is off";
	case ETIMEDOUT:
		return "no answer: it is off, or something on the way drops what is sent";
	default:
		return strerror(error);
	}
}

static int no_connection(const struct link *link, int error, struct err *err)
{
	char text[ADDR_TEXT];

	return err_set(err, ERR_BROKE, "%s: connect to %s: %s", link->target->name,
		       addr_text(&link->address, text), why_not(error));
}

/* Short, so that a cable that is pulled is noticed although nothing is being sent. */
static void keep_alive(int fd)
{
	const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, ALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, ALIVE_EVERY_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, ALIVE_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS },
	};

	for (size_t i = 0; i < COUNT(options); i++) /* what a kernel lacks pings make up for */
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
				 sizeof options[i].value);
}

static int begin_connect(struct link *link, struct err *err)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&link->address, &sa);

	link->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return err_sys(err, "socket");
	keep_alive(link->fd);
	if (connect(link->fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS)
		return no_connection(link, errno, err);
	enter(link, LINK_CONNECT, "connect", PHASE_CONNECT_MS);
	return 0;
}

static int look_up(struct link *link, struct err *err)
{
	const struct target *target = link->target;
	int known;

	if (addr_parse(&link->address, target->address, (uint16_t)target->port) == 0)
		return begin_connect(link, err);
	if (link->lookup.fd < 0 && ssh_lookup_begin(&link->lookup, target->address, err) < 0)
		return -1;
	link->fd = link->lookup.fd;
	known = ssh_lookup_step(&link->lookup, target->address, &link->address, err);
	if (known <= 0)
		return known < 0 ? err_in(err, "%s", target->name) : 0;
	ssh_lookup_close(&link->lookup);
	link->fd = -1;
	link->address.port = (uint16_t)target->port;
	return begin_connect(link, err);
}

/* The connection's bytes, so that it is known when some came. */
static LIBSSH2_RECV_FUNC(receive)
{
	struct link *link = *abstract;
	ssize_t n;

	if (link->state == LINK_LOST)
		return -ECONNRESET;
	if (link->way) {
		n = link_read(link->jump, link->way, 0, buffer, length);
		if (n == 0)
			return -ECONNRESET;
	} else {
		n = recv(socket, buffer, length, flags);
	}
	if (n > 0)
		link->reads++;
	return n < 0 ? -errno : n;
}

static LIBSSH2_SEND_FUNC(transmit)
{
	struct link *link = *abstract;

	if (link->state == LINK_LOST)
		return -ECONNRESET;
	ssize_t n = link->way ? link_write(link->jump, link->way, buffer, length)
			      : send(socket, buffer, length, flags | MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}

/* The function's own type is what every libssh2 back to 1.0 takes as void *. */
static void set_callback(struct link *link, int which, void (*call)(void))
{
	void *pointer;

	memcpy(&pointer, &call, sizeof pointer);
	link->lib.session_callback_set(link->session, which, pointer);
}

static int begin_handshake(struct link *link, struct err *err)
{
	struct buf methods = { 0 };

	link->session = link->lib.session_init_ex(NULL, NULL, NULL, link);
	if (!link->session)
		return err_set(err, ERR_BROKE, "%s: libssh2: out of memory", link->target->name);
	link->lib.session_set_blocking(link->session, 0);
	set_callback(link, LIBSSH2_CALLBACK_RECV, (void (*)(void))receive);
	set_callback(link, LIBSSH2_CALLBACK_SEND, (void (*)(void))transmit);
	known_read(&link->known, link->target, &link->lib, &link->arena);
	known_methods(&link->known, &link->lib, &methods);
	if (methods.len)
		link->lib.session_method_pref(link->session, LIBSSH2_METHOD_HOSTKEY, methods.data);
	buf_close(&methods);
	enter(link, LINK_HANDSHAKE, "handshake", PHASE_HANDSHAKE_MS);
	return 0;
}

static int wait_connect(struct link *link, struct err *err)
{
	struct pollfd done = { .fd = link->fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof error;

	if (poll(&done, 1, 0) <= 0)
		return 0;
	if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error)
		return no_connection(link, error, err);
	return begin_handshake(link, err);
}

static int wait_jump(struct link *link, struct err *err)
{
	const struct target *target = link->target;
	struct link *jump = link->jump;
	int is_up = link_advance(jump, err);

	link->fd = jump->fd;
	if (is_up <= 0) {
		link->phase = jump->phase;
		link->deadline_ns = jump->deadline_ns;
		return is_up < 0 ? err_in(err, "%s: by its jump host", target->name) : 0;
	}
	if (jump->opener && jump->opener != link)
		return 0;
	if (!jump->opener)
		enter(link, LINK_JUMP, "jump", PHASE_OPEN_MS);
	jump->opener = link;
	link->way = link->lib.channel_direct_tcpip_ex(jump->session, target->address, target->port,
						      "127.0.0.1", 22);
	if (link->way) {
		jump->opener = NULL;
		return begin_handshake(link, err);
	}
	if (link->lib.session_last_error(jump->session, NULL, NULL, 0) == LIBSSH2_ERROR_EAGAIN)
		return 0;
	jump->opener = NULL;
	return err_set(err, ERR_BROKE, "%s: %s does not reach %s:%d: %s", target->name,
		       jump->target->name, target->address, target->port, link_words(jump));
}

static int check_key(struct link *link, struct err *err)
{
	size_t len = 0;
	int type = 0;
	const char *blob = link->lib.session_hostkey(link->session, &len, &type);

	if (!blob)
		return err_set(err, ERR_BROKE, "%s: it showed no host key", link->target->name);
	return known_check(&link->known, link->target, blob, len, err);
}

static int shake_hands(struct link *link, struct err *err)
{
	int rc = link->lib.session_handshake(link->session, link->fd);

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return 0;
	if (rc == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE || rc == LIBSSH2_ERROR_KEX_FAILURE ||
	    rc == LIBSSH2_ERROR_METHOD_NONE)
		return err_set(err, ERR_CANNOT,
			       "%s: it and libssh2 have no algorithm in common (%s), or its key "
			       "is known by a type that libssh2 cannot check: --transport openssh",
			       link->target->name, link_words(link));
	if (rc)
		return err_set(err, ERR_BROKE, "%s: handshake: %s", link->target->name,
			       link_words(link));
	if (check_key(link, err) < 0)
		return -1;
	link->auth = (struct ssh_auth){ .lib = &link->lib,
					.target = link->target,
					.session = link->session };
	enter(link, LINK_AUTH, "authentication", PHASE_AUTH_MS);
	return 0;
}

static int authenticate(struct link *link, struct err *err)
{
	int is_in = ssh_auth_step(&link->auth, err);

	if (is_in <= 0)
		return is_in;
	ssh_auth_close(&link->auth);
	enter(link, LINK_UP, "open", 0);
	return 0;
}

static int (*const steps[])(struct link *link, struct err *err) = {
	[LINK_LOOK_UP] = look_up,       [LINK_CONNECT] = wait_connect, [LINK_JUMP] = wait_jump,
	[LINK_HANDSHAKE] = shake_hands, [LINK_AUTH] = authenticate,
};

static int too_late(struct link *link, struct err *err)
{
	if (link->state == LINK_CONNECT)
		return no_connection(link, ETIMEDOUT, err);
	return err_set(err, ERR_BROKE, "%s: %s: no answer in time", link->target->name,
		       link->phase);
}

int link_advance(struct link *link, struct err *err)
{
	enum link_state before;

	if (link->state == LINK_LOST)
		return err_set(err, ERR_BROKE, "%s: the connection was lost", link->target->name);
	while (link->state != LINK_UP) {
		before = link->state;
		int status = steps[before](link, err);
		if (status == 0 && link->state == before && link->deadline_ns &&
		    clock_left_ms(link->deadline_ns) == 0)
			status = too_late(link, err);
		if (status < 0) {
			link->state = LINK_LOST;
			return -1;
		}
		if (link->state == before)
			return 0;
	}
	return 1;
}

short link_events(const struct link *link)
{
	int wants = 0;

	if (link->state == LINK_CONNECT)
		return POLLOUT;
	if (link->session)
		wants = link->lib.session_block_directions(link->session);
	if (link->jump && link->jump->session)
		wants |= link->jump->lib.session_block_directions(link->jump->session);
	if (link->jump && !link->session)
		return link_events(link->jump);
	return wants & LIBSSH2_SESSION_BLOCK_OUTBOUND ? POLLIN | POLLOUT : POLLIN;
}

/* After a call: did it leave a packet half sent? Then it alone may go on. */
static ssize_t after(struct link *link, const void *caller, ssize_t rc)
{
	if (rc >= 0) {
		link->sender = NULL;
		return rc;
	}
	if (rc != LIBSSH2_ERROR_EAGAIN) {
		link->sender = NULL;
		errno = ECONNRESET;
		return -1;
	}
	bool is_half =
	    link->lib.session_block_directions(link->session) & LIBSSH2_SESSION_BLOCK_OUTBOUND;
	link->sender = is_half ? caller : NULL;
	errno = EAGAIN;
	return -1;
}

static bool may_call(const struct link *link, const void *caller)
{
	if (!link->sender || link->sender == caller)
		return true;
	errno = EAGAIN;
	return false;
}

ssize_t link_read(struct link *link, LIBSSH2_CHANNEL *channel, int stream, void *buf, size_t len)
{
	const void *caller = (const char *)channel + 1 + stream; /* apart from its writer */

	if (!may_call(link, caller))
		return -1;
	ssize_t n = after(link, caller, link->lib.channel_read_ex(channel, stream, buf, len));
	if (n == 0 && !link->lib.channel_eof(channel)) {
		errno = EAGAIN; /* something came, and not for this stream */
		return -1;
	}
	return n;
}

ssize_t link_write(struct link *link, LIBSSH2_CHANNEL *channel, const void *buf, size_t len)
{
	if (!may_call(link, channel))
		return -1;
	ssize_t n = after(link, channel, link->lib.channel_write_ex(channel, 0, buf, len));
	if (n == 0 && len > 0) {
		errno = EAGAIN; /* no window */
		return -1;
	}
	return n;
}

static struct link *find_shared(struct jumps *jumps, const struct target *target)
{
	for (struct link *link = jumps ? jumps->first : NULL; link; link = link->next)
		if (link->target == target && link->state != LINK_LOST)
			return link;
	return NULL;
}

static struct link *link_make(struct jumps *jumps, const struct target *target, struct err *err)
{
	struct link *link = mem_zeroed(1, sizeof *link);

	link->target = target;
	link->fd = link->lookup.fd = -1;
	link->users = 1;
	if (!ssh_lib_open(&link->lib, err)) {
		free(link);
		return NULL;
	}
	enter(link, LINK_LOOK_UP, "name look-up", PHASE_CONNECT_MS);
	if (jumps) {
		link->listed = jumps;
		link->next = jumps->first;
		jumps->first = link;
	}
	return link;
}

struct link *link_open(struct jumps *jumps, const struct target *target, struct err *err)
{
	struct link *link = link_make(NULL, target, err);

	if (!link || !target->jump)
		return link;
	enter(link, LINK_JUMP, "jump", 0);
	link->jump = find_shared(jumps, target->jump);
	if (link->jump)
		link->jump->users++;
	else
		link->jump = link_make(jumps, target->jump, err);
	if (link->jump)
		return link;
	free(link);
	return NULL;
}

static void unlist(struct link *link)
{
	struct link **at = &link->listed->first;

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
}

void link_close(struct link *link)
{
	if (!link || --link->users > 0)
		return;
	ssh_lookup_close(&link->lookup);
	ssh_auth_close(&link->auth);
	if (link->session) {
		link->lib.session_disconnect_ex(link->session, SSH_DISCONNECT_BY_APPLICATION, "",
						"");
		link->state = LINK_LOST; /* or freeing would wait for the machine's answers */
		link->lib.session_free(link->session);
	}
	if (link->jump) {
		if (link->way)
			link->lib.channel_free(link->way);
		if (link->jump->opener == link)
			link->jump->opener = NULL;
		link_close(link->jump);
	} else if (link->fd >= 0) {
		close(link->fd);
	}
	if (link->listed)
		unlist(link);
	arena_close(&link->arena);
	free(link);
}
