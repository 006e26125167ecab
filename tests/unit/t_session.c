/* session: whatever an agent sends, lab goes on or says that the agent is gone; the run directory
 * stays readable, and no agent writes into another host's files. */
#include "unit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend.h"
#include "clock.h"
#include "finding.h"
#include "folder.h"
#include "session.h"

static const struct backend stream = { .name = "a", .read = stream_read, .write = stream_write };

struct scene {
	char root[FOLDER_PATH];
	struct arena arena;
	struct rundir dir;
	struct host_stream host[2];
	struct plan_host plan_host[2];
	struct plan plan;
	struct lab lab;
	struct session session;
	int agent[2]; /* the far ends */
	struct err err;
};

static void scene_open(struct scene *scene, const char *folder)
{
	*scene = (struct scene){ 0 };
	folder_inside(folder, scene->root);
	assert_int_equal(rundir_make(&scene->dir, scene->root, "x", &scene->err), 0);
	for (int i = 0; i < 2; i++) {
		int fd[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
		scene->host[i] = (struct host_stream){ .read_fd = fd[0], .write_fd = fd[0] };
		scene->agent[i] = fd[1];
		scene->plan_host[i].name = i ? "b" : "a";
		assert_int_equal(
		    rundir_capture_open(&scene->dir, i ? "b.lan" : "a.lan", 1500, &scene->err), i);
	}
	scene->plan = (struct plan){ .nhost = 2, .host = scene->plan_host };
	scene->lab = (struct lab){ .backend = &stream, .nhost = 2, .host = scene->host };
	session_open(&scene->session, &scene->lab, &scene->plan, &scene->dir, &scene->arena);
}

static void scene_close(struct scene *scene)
{
	for (int i = 0; i < 2; i++) {
		close(scene->host[i].read_fd);
		close(scene->agent[i]);
	}
	session_close(&scene->session);
	rundir_close(&scene->dir);
	arena_close(&scene->arena);
}

/* What one turn makes of this frame from host `from`. */
static int turn(struct scene *scene, int from, enum frame_type type, const struct event *event)
{
	struct buf out = { 0 };

	frame_put_event(&out, type, event);
	assert_int_equal(send(scene->agent[from], out.data, out.len, 0), out.len);
	buf_close(&out);
	return session_turn(&scene->session, clock_after_ms(1000), &scene->err);
}

/* Every line that was written is read again. */
static void assert_readable(struct scene *scene, size_t lines)
{
	const struct event *event;
	size_t count;

	assert_int_equal(
	    events_load(scene->dir.fd, "events.ndjson", &event, &count, &scene->arena, &scene->err),
	    0);
	assert_int_equal(count, lines);
}

static void an_event_is_kept_and_written(void **state)
{
	struct scene scene;
	struct event event;

	scene_open(&scene, *state);
	event_init(&event, "listen");
	event_int(&event, "port", 1234);
	assert_int_equal(turn(&scene, 0, FRAME_EVENT, &event), 0);
	assert_string_equal(scene.session.event[0].host, "a");
	assert_readable(&scene, 1);
	scene_close(&scene);
}

static void an_agent_with_too_many_fields_is_gone(void **state)
{
	static const enum frame_type types[] = { FRAME_HELLO, FRAME_PONG, FRAME_EVENT };

	for (size_t t = 0; t < COUNT(types); t++) {
		char name[EVENT_FIELDS][16];
		struct scene scene;
		struct event event;

		scene_open(&scene, *state);
		event_init(&event, "hello");
		for (int i = 0; i < EVENT_FIELDS; i++) {
			snprintf(name[i], sizeof name[i], "f%d", i);
			event_int(&event, name[i], i);
		}
		assert_int_equal(turn(&scene, 0, types[t], &event), -1);
		assert_non_null(strstr(scene.err.text, "a: the agent is gone"));
		assert_readable(&scene, 1); /* agent-lost */
		scene_close(&scene);
	}
}

static void an_agent_that_writes_our_own_members_is_gone(void **state)
{
	static const char *const names[] = { "seq", "host", "kind", "t_ns", "twice" };

	for (size_t n = 0; n < COUNT(names); n++) {
		struct scene scene;
		struct event event;

		scene_open(&scene, *state);
		event_init(&event, "connect");
		event_text(&event, "twice", "once");
		event_text(&event, names[n], "b");
		assert_int_equal(turn(&scene, 0, FRAME_EVENT, &event), -1);
		assert_readable(&scene, 1);
		scene_close(&scene);
	}
}

static void packets_of_a_capture_that_was_not_started_are_refused(void **state)
{
	static const uint8_t record[18 + 1] = { [17] = 1 }; /* capture 0, time 0, 0 of 1 bytes */
	struct scene scene;
	struct buf out = { 0 };

	scene_open(&scene, *state);
	scene.session.host[0].ncapture = 1; /* host b has none */
	frame_put(&out, FRAME_PACKETS, record, sizeof record);
	assert_int_equal(send(scene.agent[1], out.data, out.len, 0), out.len);
	assert_int_equal(session_turn(&scene.session, clock_after_ms(1000), &scene.err), -1);
	assert_non_null(strstr(scene.err.text, "packets of an unknown capture"));
	buf_close(&out);
	scene_close(&scene);
}

static void a_run_that_writes_too_much_ends(void **state)
{
	struct scene scene;
	struct event event;

	scene_open(&scene, *state);
	scene.session.deadline_ns = clock_after_ms(60000);
	scene.dir.events.written = RUNDIR_EVENTS;
	event_init(&event, "listen");
	assert_int_equal(turn(&scene, 0, FRAME_EVENT, &event), -1);
	assert_non_null(strstr(scene.err.text, "MiB of events"));
	scene.session.deadline_ns = 0; /* then what there is is kept */
	assert_int_equal(turn(&scene, 0, FRAME_EVENT, &event), 0);
	assert_readable(&scene, 2);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_kept_and_written),
		cmocka_unit_test(an_agent_with_too_many_fields_is_gone),
		cmocka_unit_test(an_agent_that_writes_our_own_members_is_gone),
		cmocka_unit_test(packets_of_a_capture_that_was_not_started_are_refused),
		cmocka_unit_test(a_run_that_writes_too_much_ends),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
