/* Drives the real agent binary over a socketpair, as a controller would. */
#ifndef AGENT_DRIVER_H
#define AGENT_DRIVER_H

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "clock.h"
#include "event.h"
#include "frame.h"

enum {
	DRIVER_MS = 10000
};

struct driver {
	pid_t pid;
	int fd;
	struct frame_reader reader;
	struct buf log;  /* every event as a line of JSON, in the order of arrival */
	struct buf copy; /* the body of the last frame, which `last` borrows from */
	struct event last;
	const char *ssh;           /* for --ssh: the agent of a machine of its own; NULL */
	int words;                 /* its stderr; 0: the test's */
	const char *under, *agent; /* paths: an agent for another machine under qemu; NULL */
};

/* lab-agent of the build folder that holds this test. */
static inline const char *driver_agent(char path[PATH_MAX])
{
	char self[PATH_MAX] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	assert_true(n > 0);
	snprintf(path, PATH_MAX, "%.4000s/lab-agent", dirname(dirname(self)));
	return path;
}

static inline void driver_open(struct driver *driver)
{
	char path[PATH_MAX];
	int pair[2];

	driver_agent(path);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	driver->pid = fork();
	assert_true(driver->pid >= 0);
	if (driver->pid == 0) {
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		if (driver->words > 0)
			dup2(driver->words, 2);
		const char *argv[6] = { driver->under };
		size_t n = driver->under != NULL;
		argv[n++] = driver->agent != NULL ? driver->agent : path;
		argv[n++] = "--stdio";
		argv[n++] = driver->ssh != NULL ? "--ssh" : NULL;
		argv[n] = driver->ssh;
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(pair[1]);
	driver->fd = pair[0];
}

/* The next frame into driver->last (PACKETS: kind "packets"); false: end of file or the deadline.
 */
static inline bool driver_next(struct driver *driver, enum frame_type *type)
{
	int64_t until_ns = clock_after_ms(DRIVER_MS);
	struct frame frame;
	struct err err = { 0 };
	int rc;

	while ((rc = frame_next(&driver->reader, &frame, &err)) == 0) {
		struct pollfd set = { .fd = driver->fd, .events = POLLIN };
		char bytes[4096];
		ssize_t n;

		if (poll(&set, 1, clock_left_ms(until_ns)) <= 0)
			return false;
		n = read(driver->fd, bytes, sizeof bytes);
		if (n <= 0)
			return false;
		frame_feed(&driver->reader, bytes, (size_t)n);
	}
	assert_int_equal(rc, 1);
	*type = frame.type;
	buf_clear(&driver->copy);
	buf_add(&driver->copy, frame.body, frame.len);
	assert_int_equal(event_decode(&driver->last, driver->copy.data, driver->copy.len, &err), 0);
	event_json(&driver->log, &driver->last);
	return true;
}

static inline void driver_send(struct driver *driver, enum frame_type type,
			       const struct event *event)
{
	struct buf out = { 0 };

	frame_put_event(&out, type, event);
	assert_int_equal(send(driver->fd, out.data, out.len, MSG_NOSIGNAL), out.len);
	buf_close(&out);
}

/* A request "kind label name=value ..." with this id; step = id. */
static inline void driver_request(struct driver *driver, int64_t id, const char *line)
{
	char words[1024];
	char *save = NULL, *word;
	struct event request;

	snprintf(words, sizeof words, "%s", line);
	event_init(&request, strtok_r(words, " ", &save));
	event_int(&request, "id", id);
	word = strtok_r(NULL, " ", &save);
	if (word != NULL && !streq(word, "-")) {
		request.label = word;
		request.step = (int)id;
	}
	while ((word = strtok_r(NULL, " ", &save)) != NULL) {
		char *equals = strchr(word, '=');

		assert_non_null(equals);
		*equals = '\0';
		event_text(&request, word, equals + 1);
	}
	driver_send(driver, FRAME_REQUEST, &request);
}

/* Reads until DONE of this id; its result (valid until the next read). */
static inline const char *driver_done(struct driver *driver, int64_t id)
{
	enum frame_type type;

	while (driver_next(driver, &type))
		if (type == FRAME_DONE && event_num(&driver->last, "id", 0) == id)
			return event_get(&driver->last, "result");
	print_error("no DONE %lld; so far:\n%s", (long long)id, driver->log.data);
	return "(none)";
}

/* Reads until an event of this kind. */
static inline bool driver_event(struct driver *driver, const char *kind)
{
	enum frame_type type;

	while (driver_next(driver, &type))
		if (event_is(&driver->last, kind))
			return true;
	print_error("no %s; so far:\n%s", kind, driver->log.data);
	return false;
}

static inline const char *driver_play(struct driver *driver, int64_t id, const char *line)
{
	driver_request(driver, id, line);
	return driver_done(driver, id);
}

static inline bool driver_saw(const struct driver *driver, const char *text)
{
	return driver->log.data != NULL && strstr(driver->log.data, text) != NULL;
}

/* Ends the stream; the agent's exit status, or -1 when it is still there after the deadline. */
static inline int driver_close(struct driver *driver)
{
	int64_t until_ns = clock_after_ms(DRIVER_MS);
	enum frame_type type;
	int status = -1;

	shutdown(driver->fd, SHUT_WR);
	while (driver_next(driver, &type))
		;
	close(driver->fd);
	while (waitpid(driver->pid, &status, WNOHANG) == 0) {
		if (clock_mono_ns() >= until_ns) {
			kill(driver->pid, SIGKILL);
			waitpid(driver->pid, &status, 0);
			status = -1;
			break;
		}
		(void)poll(NULL, 0, 1);
	}
	frame_close(&driver->reader);
	buf_close(&driver->log);
	buf_close(&driver->copy);
	return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A driver that has its agent's HELLO, in driver->last; of `like` come what it is told to be. */
static inline void driver_start_like(struct driver *driver, const struct driver *like)
{
	enum frame_type type;

	*driver = (struct driver){
		.ssh = like->ssh, .words = like->words, .under = like->under, .agent = like->agent
	};
	driver_open(driver);
	assert_true(driver_next(driver, &type) && type == FRAME_HELLO);
	assert_true(event_is(&driver->last, "hello"));
}

static inline void driver_start(struct driver *driver)
{
	driver_start_like(driver, &(struct driver){ 0 });
}

/* A tcp.serve `label` on a port of the kernel's choice; the server's pid. */
static inline pid_t driver_serve(struct driver *driver, int64_t id, const char *label, int *port)
{
	char line[64];

	snprintf(line, sizeof line, "tcp.serve %s port=0", label);
	driver_request(driver, id, line);
	assert_true(driver_event(driver, "listen"));
	*port = (int)event_num(&driver->last, "port", 0);
	assert_true(*port > 0);
	assert_string_equal(event_get(&driver->last, "address"), "127.0.0.3");
	pid_t pid = (pid_t)event_num(&driver->last, "pid", 0);
	assert_true(pid > 0);
	assert_string_equal(driver_done(driver, id), "ok");
	return pid;
}

/* A driver whose host is set up at 127.0.0.3. */
static inline void driver_host(struct driver *driver)
{
	driver_start(driver);
	assert_string_equal(driver_play(driver, 1, "setup - name=h address=127.0.0.3 drop=1"),
			    "ok");
}

/* And serves as `serve`; the server's pid. */
static inline pid_t driver_server(struct driver *driver, int *port)
{
	driver_host(driver);
	return driver_serve(driver, 2, "serve", port);
}

/* The step `label` drops what matches, on its way in; its result. */
static inline const char *driver_drop(struct driver *driver, int64_t id, const char *label,
				      const char *match)
{
	struct event request;

	event_init(&request, "firewall");
	event_int(&request, "id", id);
	request.label = label;
	request.step = (int)id;
	event_text(&request, "hook", "input");
	event_text(&request, "action", "drop");
	event_text(&request, "match", match);
	driver_send(driver, FRAME_REQUEST, &request);
	return driver_done(driver, id);
}

/* With the port for PORT. */
static inline const char *driver_play_at(struct driver *driver, int64_t id, const char *fmt,
					 int port)
{
	char line[512];

	snprintf(line, sizeof line, "%s", fmt);
	for (char *at = strstr(line, "PORT"); at != NULL; at = NULL) {
		char rest[512];

		snprintf(rest, sizeof rest, "%s", at + 4);
		snprintf(at, sizeof line - (size_t)(at - line), "%d%s", port, rest);
	}
	return driver_play(driver, id, line);
}

#endif
