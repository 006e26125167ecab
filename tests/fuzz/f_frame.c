/* A stream as an agent's pipe brings it, in portions that the first byte chooses: frames alone,
 * then the controller's session, whose lines of events.ndjson must all be readable. */
/* Aims at: common/frame.c orchestrator/session.c orchestrator/session_take.c */
#include "fuzz.h"

#include <jansson.h>
#include <sys/eventfd.h>

#include "backend.h"
#include "clock.h"
#include "frame.h"
#include "session.h"

static void as_frames(const uint8_t *bytes, size_t len, size_t portion)
{
	struct frame_reader reader = { 0 };
	struct frame frame;
	struct err err;
	int result = 0;

	for (size_t at = 0; at < len && result >= 0; at += portion) {
		size_t left = len - at;

		frame_feed(&reader, bytes + at, left < portion ? left : portion);
		while ((result = frame_next(&reader, &frame, &err)) == 1)
			LAW(frame.len < len && frame.type >= FRAME_HELLO);
	}
	frame_close(&reader);
}

struct stream {
	const uint8_t *at;
	size_t left, portion;
};

static ssize_t stream_take(struct lab *lab, size_t host, void *buf, size_t len)
{
	struct stream *stream = lab->state;
	size_t part = stream->left < stream->portion ? stream->left : stream->portion;

	(void)host;
	part = part < len ? part : len;
	memcpy(buf, stream->at, part);
	stream->at += part;
	stream->left -= part;
	return (ssize_t)part;
}

static ssize_t swallow(struct lab *lab, size_t host, const void *buf, size_t len)
{
	(void)lab;
	(void)host;
	(void)buf;
	return (ssize_t)len;
}

static void check_lines(const struct rundir_file *events, size_t count)
{
	size_t lines = 0;

	for (size_t at = 0; at < events->pending.len; lines++) {
		const char *line = events->pending.data + at;
		const char *end = memchr(line, '\n', events->pending.len - at);

		LAW(end);
		json_t *root = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);

		LAW(json_is_object(root) && json_is_string(json_object_get(root, "kind")));
		json_decref(root);
		at += (size_t)(end - line) + 1;
	}
	LAW(lines == count && lines == events->lines);
}

static void as_session(const uint8_t *bytes, size_t len, size_t portion)
{
	static const struct backend backend = { .name = "a",
						.read = stream_take,
						.write = swallow };
	static int ready = -1;
	struct stream stream = { bytes, len, portion };
	struct plan_host named = { .name = "a" };
	const struct plan plan = { .nhost = 1, .host = &named };
	struct rundir dir = { .fd = -1, .events.fd = -1, .steps.fd = -1, .ncapture = 1 };
	struct arena arena = { 0 };
	struct session session;
	struct event request;
	struct err err = { 0 };

	if (ready < 0)
		ready = eventfd(1, EFD_CLOEXEC);
	struct host_stream host = { .read_fd = ready, .write_fd = ready };
	struct lab lab = { .backend = &backend, .nhost = 1, .host = &host, .state = &stream };

	dir.capture = calloc(1, sizeof *dir.capture);
	LAW(dir.capture);
	dir.capture->fd = -1;
	session_open(&session, &lab, &plan, &dir, &arena);
	session.host[0].ncapture = 1;
	event_init(&request, "bye");
	session_send(&session, 0, &request);
	while (session_turn(&session, INT64_MAX, &err) == 0)
		;
	LAW(session.host[0].is_lost || err.kind != ERR_NONE);
	check_lines(&dir.events, session.nevent);
	session_close(&session);
	rundir_close(&dir);
	arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t portion = len > 0 ? bytes[0] + (size_t)1 : 1;

	if (len < 2)
		return 0;
	if (portion < len / 16) /* each is a turn of the poll loop */
		portion = len / 16;
	as_frames(bytes + 1, len - 1, portion);
	as_session(bytes + 1, len - 1, portion);
	return 0;
}
