/* A program's stream over a channel of libssh2. */
#include <errno.h>
#include <poll.h>

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

struct native {
	struct stream stream;
	struct link *link;
	LIBSSH2_CHANNEL *channel;
	enum native_state state;
	char *command;
	uint64_t seen, seen_jump; /* `reads` of its link and of the jump host's, at the last read */
	bool has_ended;           /* its output */
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

static void tell_caller(struct native *native)
{
	struct link *link = native->link;

	native->stream.fd = link->fd;
	native->stream.events = link_events(link);
	if (native->state == NATIVE_LINK) {
		native->stream.phase = link->phase;
		native->stream.deadline_ns = link->deadline_ns;
	}
}

static void enter(struct native *native, enum native_state state, const char *phase, int ms)
{
	native->state = state;
	native->stream.phase = phase;
	native->stream.deadline_ns = ms ? clock_after_ms(ms) : 0;
}

static int again_or(struct native *native, int rc, const char *what, struct err *err)
{
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return 0;
	return err_set(err, ERR_BROKE, "%s: %s: %s", native->stream.target->name, what,
		       link_words(native->link));
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
			"a channel cannot be opened", err);
}

static int start_program(struct native *native, struct err *err)
{
	int rc = native->link->lib.channel_process_startup(
	    native->channel, "exec", 4, native->command, (unsigned)strlen(native->command));

	if (rc != 0)
		return again_or(native, rc, "the program cannot be started", err);
	enter(native, NATIVE_RUNS, "open", 0);
	return 0;
}

static int go_on(struct native *native, struct err *err)
{
	int is_up;

	switch (native->state) {
	case NATIVE_LINK:
		is_up = link_advance(native->link, err);
		if (is_up > 0)
			enter(native, NATIVE_OPEN, "channel", PHASE_OPEN_MS);
		return is_up < 0 ? -1 : 0;
	case NATIVE_OPEN:
		return open_channel(native, err);
	case NATIVE_EXEC:
		return start_program(native, err);
	case NATIVE_RUNS:
	case NATIVE_EOF:
	case NATIVE_DRAIN:
	case NATIVE_CLOSED:
		break;
	}
	return 0;
}

static int native_advance(struct stream *stream, struct err *err)
{
	struct native *native = native_of(stream);
	enum native_state before;
	int status = 0;

	stream->is_ready = false;
	do {
		before = native->state;
		status = go_on(native, err);
	} while (status == 0 && native->state != before && native->state != NATIVE_RUNS);
	tell_caller(native);
	if (status == 0 && native->state < NATIVE_RUNS && stream->deadline_ns &&
	    clock_left_ms(stream->deadline_ns) == 0)
		status = err_set(err, ERR_BROKE, "%s: %s: no answer in time", stream->target->name,
				 stream->phase);
	if (native->state == NATIVE_RUNS)
		stream->is_ready = true;
	return status < 0 ? -1 : native->state >= NATIVE_RUNS;
}

/* Kept while there is room, thrown away behind that: the window must not fill up. */
static void hear(struct native *native)
{
	struct buf *said = &native->stream.said;
	char bytes[4096];
	ssize_t n;

	while ((n = link_read(native->link, native->channel, SSH_EXTENDED_DATA_STDERR, bytes,
			      sizeof bytes)) > 0) {
		size_t room = TRANSPORT_SAID_MAX - said->len;
		buf_add(said, bytes, (size_t)n < room ? (size_t)n : room);
	}
}

static ssize_t native_read(struct stream *stream, void *buf, size_t len)
{
	struct native *native = native_of(stream);
	ssize_t n = native->has_ended ? 0 : link_read(native->link, native->channel, 0, buf, len);
	int why = errno;

	if (n <= 0)
		hear(native);
	if (n < 0 && why == EAGAIN && native->link->lib.channel_eof(native->channel))
		n = 0; /* only stderr was in the way */
	native->has_ended = native->has_ended || n == 0;
	stream->is_ready = n > 0;
	native->seen = native->link->reads;
	native->seen_jump = native->link->jump ? native->link->jump->reads : 0;
	tell_caller(native);
	errno = why;
	return n;
}

/* A write, or another stream of the same jump host, may have read what is for this one. */
static bool native_has_more(const struct stream *stream)
{
	const struct native *native = (const struct native *)stream;
	const struct link *link = native->link;

	if (native->state != NATIVE_RUNS)
		return false;
	return link->reads != native->seen ||
	       (link->jump && link->jump->reads != native->seen_jump);
}

static ssize_t native_write(struct stream *stream, const void *buf, size_t len)
{
	struct native *native = native_of(stream);
	ssize_t n = link_write(native->link, native->channel, buf, len);
	int why = errno;

	tell_caller(native);
	errno = why;
	return n;
}

static int exit_status(struct native *native)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = { { "HUP", 1 },   { "INT", 2 },   { "QUIT", 3 }, { "ILL", 4 },
			{ "ABRT", 6 },  { "KILL", 9 },  { "FPE", 8 },  { "SEGV", 11 },
			{ "PIPE", 13 }, { "ALRM", 14 }, { "TERM", 15 } };
	char *name = NULL;

	native->link->lib.channel_get_exit_signal(native->channel, &name, NULL, NULL, NULL, NULL,
						  NULL);
	if (!name)
		return native->link->lib.channel_get_exit_status(native->channel);
	for (size_t i = 0; i < COUNT(signals); i++)
		if (starts_with(name, signals[i].name))
			return 128 + signals[i].number;
	return 128;
}

static int lost(struct native *native, const char *what, struct err *err)
{
	return err_set(err, ERR_BROKE, "%s: %s: %s", native->stream.target->name, what,
		       link_words(native->link));
}

static int end_input(struct native *native, struct err *err)
{
	int rc = native->link->lib.channel_send_eof(native->channel);

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return 0;
	if (rc != 0)
		return lost(native, "the connection was lost before its program ended", err);
	native->state = NATIVE_DRAIN;
	return 0;
}

static int drain(struct native *native, struct err *err)
{
	char bytes[16384];
	ssize_t n;

	while ((n = native_read(&native->stream, bytes, sizeof bytes)) > 0)
		;
	if (n < 0 && errno == EAGAIN)
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

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return 0;
	if (rc != 0)
		return lost(native, "the end of its program is not known", err);
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
	stream->is_ready = false;
	tell_caller(native);
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
	if (native->channel)
		native->link->lib.channel_free(native->channel);
	link_close(native->link);
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
