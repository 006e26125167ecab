/* A program's stream over a channel of libssh2. */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "clock.h"
#include "mem.h"
#include "ssh_link.h"

enum native_state {
	NATIVE_LINK,
	NATIVE_OPEN,
	NATIVE_EXEC,
	NATIVE_RUNS,
	NATIVE_EOF,    /* the end of its input is on its way */
	NATIVE_DRAIN,  /* what it still writes */
	NATIVE_CLOSED, /* waits for the channel's end, which brings the exit status */
};

enum {
	GRACE_MS = 20, /* so that a phase that is late is told here, by its own words */
	HEARD = 64,    /* reads of stderr at once */
	TRIES = 4,
	DRAINED = 64 /* reads of what nobody wants, at once */
};

struct native {
	struct stream stream;
	struct link *link;
	LIBSSH2_CHANNEL *channel;
	enum native_state state;
	char *command;
	uint64_t seen;  /* news of its connection when nothing more could be done */
	bool has_ended; /* its output */
};

static struct native *native_of(struct stream *stream)
{
	return (struct native *)stream; /* its head */
}

static struct stream *native_open(struct jumps *jumps, const struct target *target,
				  const char *command, struct err *err)
{
	struct link *link = link_open(jumps, target, err);

	if (!link)
		return NULL;
	struct native *native = mem_zeroed(1, sizeof *native);
	*native = (struct native){
		.stream = { .transport = &transport_libssh2,
			    .target = target,
			    .fd = -1,
			    .events = POLLIN,
			    .is_ready = true,
			    .phase = "connect" },
		.link = link,
		.command = mem_text(command),
	};
	return &native->stream;
}

static uint64_t news(const struct link *link)
{
	return wire_news(&link->wire) + (link->jump ? wire_news(&link->jump->wire) : 0);
}

/* What the caller polls, after each call. */
static void tell_caller(struct native *native)
{
	struct stream *stream = &native->stream;
	const struct link *link = native->link;

	wire_flush(&native->link->wire);
	stream->fd = link_fd(link, &stream->events);
	if (native->state != NATIVE_LINK)
		return;
	stream->phase = link->phase;
	stream->deadline_ns = link->deadline_ns ? link->deadline_ns + GRACE_MS * 1000000LL : 0;
}

/* Nothing more can be done before something comes. */
static void wait_for_news(struct native *native)
{
	native->seen = news(native->link);
	tell_caller(native);
}

static void enter(struct native *native, enum native_state state, const char *phase, int ms)
{
	native->state = state;
	native->stream.phase = phase;
	native->stream.deadline_ns = ms ? clock_after_ms(ms + GRACE_MS) : 0;
}

static int lost(const struct native *native, const char *what, struct err *err)
{
	return err_set(err, ERR_BROKE, "%s: %s: %s", native->stream.target->name, what,
		       link_words(native->link));
}

/* An answer of libssh2 that is not the one hoped for: 0 where it has only to be waited for. */
static int again_or(const struct native *native, int rc, const char *what, struct err *err)
{
	if (rc == LIBSSH2_ERROR_EAGAIN && !wire_error(&native->link->wire))
		return 0;
	return lost(native, what, err);
}

static int open_channel(struct native *native, struct err *err)
{
	const struct ssh_lib *lib = &native->link->lib;

	native->channel = lib->channel_open_ex(native->link->session, "session", 7,
					       LIBSSH2_CHANNEL_WINDOW_DEFAULT,
					       LIBSSH2_CHANNEL_PACKET_DEFAULT, NULL, 0);
	if (native->channel) {
		enter(native, NATIVE_EXEC, "start of the program", PHASE_OPEN_MS);
		return 0;
	}
	return again_or(native, lib->session_last_error(native->link->session, NULL, NULL, 0),
			"channel: it opens none", err);
}

static int start_program(struct native *native, struct err *err)
{
	int rc = native->link->lib.channel_process_startup(
	    native->channel, "exec", 4, native->command, (unsigned)strlen(native->command));

	if (rc != 0)
		return again_or(native, rc, "start of the program: it starts none", err);
	enter(native, NATIVE_RUNS, "open", 0);
	return 0;
}

static int go_on(struct native *native, struct err *err)
{
	int is_up;

	if (native->state == NATIVE_LINK) {
		is_up = link_advance(native->link, err);
		if (is_up > 0)
			enter(native, NATIVE_OPEN, "channel", PHASE_OPEN_MS);
		return is_up < 0 ? -1 : 0;
	}
	return native->state == NATIVE_OPEN ? open_channel(native, err)
					    : start_program(native, err);
}

static int native_advance(struct stream *stream, struct err *err)
{
	struct native *native = native_of(stream);
	enum native_state before = NATIVE_RUNS;
	int status = 0;

	while (status == 0 && native->state < NATIVE_RUNS && native->state != before) {
		before = native->state;
		status = go_on(native, err);
	}
	stream->is_ready = native->state == NATIVE_RUNS;
	wait_for_news(native);
	if (status == 0 && (native->state == NATIVE_OPEN || native->state == NATIVE_EXEC) &&
	    clock_left_ms(stream->deadline_ns) == 0)
		status = err_set(err, ERR_BROKE, "%s: %s: no answer in time", stream->target->name,
				 stream->phase);
	stream->lacks = native->link->lacks;
	return status < 0 ? -1 : native->state >= NATIVE_RUNS;
}

/* -1/EAGAIN, 0 at the end of the output, else as the connection was lost: after all that came. */
static ssize_t take(struct native *native, int which, void *bytes, size_t len)
{
	const struct ssh_lib *lib = &native->link->lib;
	ssize_t n = lib->channel_read_ex(native->channel, which, bytes, len);

	if (n > 0)
		return n;
	if (n == 0 && lib->channel_eof(native->channel))
		return 0;
	errno = EAGAIN;
	if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
		errno = ECONNRESET;
	else if (wire_error(&native->link->wire))
		errno = wire_error(&native->link->wire);
	return -1;
}

/* Kept while there is room, thrown away behind that: the window must not fill up, unless the caller
 * takes all of it. True: now the output may have more to give, or its end (which libssh2 tells when
 * all streams are empty), or there is more to hear. */
static bool hear(struct native *native)
{
	struct buf *said = &native->stream.said;
	uint64_t before = native->link->wire.news;
	bool has_heard = false;
	char bytes[8192];
	ssize_t n = 1;

	for (int i = 0; i < HEARD && n > 0; i++) {
		size_t room = TRANSPORT_SAID_MAX - said->len;
		bool is_taken = native->stream.is_said_taken;
		if (is_taken && room == 0)
			return true;
		n = take(native, SSH_EXTENDED_DATA_STDERR, bytes, is_taken ? room : sizeof bytes);
		if (n > 0)
			buf_add(said, bytes, (size_t)n < room ? (size_t)n : room);
		has_heard = has_heard || n > 0;
	}
	return has_heard || native->link->wire.news != before;
}

static ssize_t native_read(struct stream *stream, void *buf, size_t len)
{
	struct native *native = native_of(stream);
	bool has_more = false;
	ssize_t n = -1;
	int why = EAGAIN;

	for (int i = 0; i < TRIES; i++) { /* hearing may read what is for the output */
		n = native->has_ended ? 0 : take(native, 0, buf, len);
		why = errno;
		has_more = n <= 0 && hear(native);
		if (n >= 0 || why != EAGAIN || !has_more)
			break;
	}
	native->has_ended = native->has_ended || n == 0;
	stream->is_ready = n > 0 || has_more;
	wait_for_news(native);
	errno = why;
	return n;
}

/* A write, or another stream of the same jump host, may have read what is for this one. */
static bool native_has_more(const struct stream *stream)
{
	const struct native *native = (const struct native *)stream;

	return news(native->link) != native->seen;
}

static ssize_t native_write(struct stream *stream, const void *buf, size_t len)
{
	struct native *native = native_of(stream);
	struct ssh_wire *wire = &native->link->wire;
	ssize_t n = LIBSSH2_ERROR_EAGAIN;
	int why = EAGAIN;

	if (wire_is_full(wire))
		wire_flush(wire);
	if (!wire_is_full(wire) && !wire_error(wire))
		n = native->link->lib.channel_write_ex(native->channel, 0, buf, len);
	if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
		why = ECONNRESET;
	if (wire_error(wire)) {
		why = wire_error(wire);
		n = 0;
	}
	tell_caller(native);
	errno = why;
	return n > 0 ? n : -1;
}

static int exit_status(const struct native *native)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {
		{ "HUP", SIGHUP },   { "INT", SIGINT },   { "QUIT", SIGQUIT }, { "ILL", SIGILL },
		{ "ABRT", SIGABRT }, { "FPE", SIGFPE },   { "KILL", SIGKILL }, { "USR1", SIGUSR1 },
		{ "SEGV", SIGSEGV }, { "USR2", SIGUSR2 }, { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },
		{ "TERM", SIGTERM },
	};
	const struct ssh_lib *lib = &native->link->lib;
	char *name = NULL;
	int status = 128; /* a signal that has no name in RFC 4254 */

	lib->channel_get_exit_signal(native->channel, &name, NULL, NULL, NULL, NULL, NULL);
	if (!name)
		return lib->channel_get_exit_status(native->channel);
	for (size_t i = 0; i < COUNT(signals); i++)
		if (streq(name, signals[i].name))
			status = 128 + signals[i].number;
	lib->free(native->link->session, name);
	return status;
}

static int end_input(struct native *native, struct err *err)
{
	int rc = native->link->lib.channel_send_eof(native->channel);

	if (rc != 0)
		return again_or(native, rc, "the connection was lost before its program ended",
				err);
	native->state = NATIVE_DRAIN;
	return 0;
}

static int drain(struct native *native, struct err *err)
{
	char bytes[16384];
	ssize_t n = 1;

	for (int i = 0; i < DRAINED && n > 0; i++)
		n = native_read(&native->stream, bytes, sizeof bytes);
	if (n > 0 || (n < 0 && errno == EAGAIN))
		return 0;
	if (n < 0)
		return lost(native, "the connection was lost before its program ended", err);
	native->state = NATIVE_CLOSED;
	return 0;
}

/* Before that the exit status and the signal's name are not there. */
static int wait_closed(struct native *native, int *status, struct err *err)
{
	int rc = native->link->lib.channel_wait_closed(native->channel);

	if (rc != 0)
		return again_or(native, rc, "the end of its program is not known", err);
	*status = exit_status(native);
	return 1;
}

static int native_finish(struct stream *stream, int *status, struct err *err)
{
	struct native *native = native_of(stream);
	enum native_state before;
	int ended = 0;

	if (native->state == NATIVE_RUNS)
		enter(native, NATIVE_EOF, "finish", PHASE_FINISH_MS);
	if (native->state < NATIVE_EOF)
		return err_set(err, ERR_BROKE, "%s: its program never ran", stream->target->name);
	do {
		before = native->state;
		if (before == NATIVE_EOF)
			ended = end_input(native, err);
		else if (before == NATIVE_DRAIN)
			ended = drain(native, err);
		else
			ended = wait_closed(native, status, err);
	} while (ended == 0 && native->state != before);
	stream->is_ready = stream->is_ready && native->state == NATIVE_DRAIN;
	wait_for_news(native);
	if (ended == 0 && clock_left_ms(stream->deadline_ns) == 0)
		return err_set(err, ERR_BROKE, "%s: no end %d s after its input ended",
			       stream->target->name, PHASE_FINISH_MS / 1000);
	return ended;
}

static void native_close(struct stream *stream)
{
	struct native *native = native_of(stream);

	if (!stream)
		return;
	link_close(native->link); /* frees the channel too */
	buf_close(&stream->said);
	free(native->command);
	free(native);
}

const struct transport transport_libssh2 = {
	.name = "libssh2",
	.open = native_open,
	.advance = native_advance,
	.read = native_read,
	.write = native_write,
	.has_more = native_has_more,
	.finish = native_finish,
	.close = native_close,
};
