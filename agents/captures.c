/* The agent's captures: requests capture.start and capture.stop, and engine packet in its poll
 * loop. */
#include "captures.h"

#include <poll.h>
#include <sys/socket.h>

#include "agent_control.h"
#include "device.h"
#include "mem.h"
#include "util.h"

enum {
	TURN = 8192, /* packets at one turn of the loop */
};

static void readable(struct agent *agent, void *context, short revents)
{
	struct one *one = context;
	struct sink sink = sink_agent(agent);
	int error = 0;
	socklen_t len = sizeof error;

	/* A link that goes down leaves an error that only reading it takes away. */
	if ((revents & POLLERR) != 0)
		getsockopt(one->capture.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	capture_drain(&one->capture, TURN, &sink);
}

static struct captures *captures_of(struct agent *agent)
{
	struct agent_parts *parts = agent_parts(agent);

	if (parts->captures == NULL) {
		parts->captures = mem_zeroed(1, sizeof *parts->captures);
		parts->captures->agent = agent;
	}
	return parts->captures;
}

static struct one *one_find(struct captures *all, int64_t number)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->one[i].is_open && all->one[i].capture.number == number)
			return &all->one[i];
	return NULL;
}

void capture_started(struct agent *agent, const struct one *one, const char *engine, size_t buffer,
		     const char *version)
{
	struct event event;

	event_init(&event, "capture");
	event_text(&event, "link", one->link);
	event_text(&event, "iface", one->iface);
	event_text(&event, "file", one->file);
	event_text(&event, "engine", engine);
	if (version != NULL)
		event_text(&event, "version", version);
	event_int(&event, "snaplen", one->capture.snaplen);
	event_int(&event, "buffer", (int64_t)buffer);
	event_text(&event, "filter", one->filter);
	agent_event(agent, &event);
}

void capture_ended(struct agent *agent, const struct one *one, const struct err *why)
{
	struct event event;

	event_init(&event, "capture.end");
	event_text(&event, "link", one->link);
	event_text(&event, "file", one->file);
	event_int(&event, "packets", (int64_t)one->capture.packets);
	if (why == NULL)
		event_int(&event, "dropped", (int64_t)one->capture.dropped);
	else
		event_text(&event, "error", why->text);
	agent_event(agent, &event);
}

static int packet_start(struct agent *agent, struct one *one, const struct capture_spec *spec,
			struct err *err)
{
	if (capture_open(&one->capture, spec, err) < 0)
		return -1;
	if (agent_watch(agent, one->capture.fd, POLLIN, readable, one) < 0) {
		capture_close(&one->capture);
		return err_set(err, ERR_BROKE, "capture.start: too many descriptors");
	}
	capture_started(agent, one, "packet", capture_buffer(&one->capture), NULL);
	return 0;
}

/* The one that has the host's address; where none has it, the one by which `toward` is reached. */
static int find_device(struct agent *agent, const struct event *request, char device[IFNAMSIZ],
		       struct err *err)
{
	const char *toward = event_get(request, "toward");
	struct addr to;

	if (device_of(&agent_host(agent)->address, device, err) == 0)
		return 0;
	if (toward == NULL || addr_parse(&to, toward, 0) < 0 || to.family != 4)
		return -1;
	return device_toward(&to, device, err);
}

int capture_start(struct agent *agent, const struct event *request, struct err *err)
{
	struct captures *all = captures_of(agent);
	int64_t number = event_num(request, "capture", -1);
	int64_t snaplen = event_num(request, "snaplen", 0);
	int64_t buffer = event_num(request, "buffer", 0);
	const char *link = event_get(request, "link"), *iface = event_get(request, "iface");
	const char *file = event_get(request, "file"), *engine = event_get(request, "engine");
	const char *text = event_get(request, "filter_text");
	struct one *one = &all->one[all->count];
	char device[IFNAMSIZ];
	int status;

	if (number < 0 || number > UINT16_MAX || snaplen < 0 || snaplen > UINT32_MAX ||
	    buffer < 0 || buffer > UINT32_MAX || link == NULL || iface == NULL)
		return err_set(err, ERR_BROKE, "capture.start: fields are missing or too large");
	if (*iface == '\0') {
		if (find_device(agent, request, device, err) < 0)
			return -1;
		iface = device;
	}
	if (one_find(all, number) != NULL)
		return err_set(err, ERR_BROKE, "capture.start: capture %d runs already",
			       (int)number);
	if (all->count == CAPTURES)
		return err_set(err, ERR_BROKE, "capture.start: more than %d captures of one agent",
			       CAPTURES);
	const struct capture_spec spec = {
		.number = (uint16_t)number,
		.iface = iface,
		.snaplen = (uint32_t)snaplen,
		.buffer = (uint32_t)buffer,
		.filter = event_get(request, "filter"),
	};
	*one =
	    (struct one){ .all = all, .timer = -1, .filter = mem_text(text != NULL ? text : "") };
	snprintf(one->link, sizeof one->link, "%s", link);
	snprintf(one->iface, sizeof one->iface, "%s", iface);
	if (file != NULL)
		snprintf(one->file, sizeof one->file, "%s", file);
	else
		snprintf(one->file, sizeof one->file, "%s.%s", agent_host(agent)->name, link);
	if (engine == NULL || streq(engine, "packet"))
		status = packet_start(agent, one, &spec, err);
	else if (streq(engine, "tcpdump"))
		status = dump_start(agent, one, request, &spec, err);
	else
		status = err_set(err, ERR_BROKE, "capture.start: no engine %.60s", engine);
	if (status < 0) {
		free(one->filter);
		return -1;
	}
	one->is_open = true;
	all->count++;
	return status;
}

int capture_stop(struct agent *agent, const struct event *request, struct err *err)
{
	struct one *one = one_find(captures_of(agent), event_num(request, "capture", -1));
	struct sink sink = sink_agent(agent);
	int status;

	if (one == NULL)
		return err_set(err, ERR_BROKE, "capture.stop: no such capture");
	if (one->state != DUMP_NONE)
		return dump_stop(agent, one, request, err);
	agent_unwatch(agent, one->capture.fd);
	one->is_open = false; /* the socket itself is left to the end of the process: 16 ms */
	status = capture_finish(&one->capture, &sink, err);
	capture_ended(agent, one, status < 0 ? err : NULL);
	return status;
}

void captures_end(struct agent *agent)
{
	struct agent_parts *parts = agent_parts(agent);

	if (parts->captures == NULL)
		return;
	for (size_t i = 0; i < parts->captures->count; i++) {
		struct one *one = &parts->captures->one[i];

		if (one->state != DUMP_NONE)
			dump_end(agent, one);
		else if (one->is_open)
			agent_unwatch(agent, one->capture.fd);
		capture_free(&one->capture);
		free(one->filter);
	}
	free(parts->captures);
	parts->captures = NULL;
}
