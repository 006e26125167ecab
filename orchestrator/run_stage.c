/* Before the first step: agents greeted, captures running, the first snapshot. After the last one:
 * captures drained, raw files sealed by the manifest. */
#include "run.h"

#include <stdlib.h>
#include <sys/utsname.h>

#include "clock.h"
#include "file.h"
#include "filter.h"
#include "json.h"
#include "probe.h"

enum {
	STAGE_MS = 10000,
	STAGE_HOST_MS = 20, /* and so much more for each host */
	ROUTE_HOSTS = 8
};

static int64_t stage_deadline(const struct run *run)
{
	return clock_after_ms(STAGE_MS + STAGE_HOST_MS * (int)run->plan.nhost);
}

static int wait_for(struct run *run, size_t from, int64_t deadline_ns, struct err *err)
{
	for (size_t id = from; id <= run->session.nrequest; id++) {
		if (session_wait(&run->session, id, deadline_ns, err) < 0)
			return -1;
		const struct request *request = session_request(&run->session, id);
		if (!streq(request->result, "ok"))
			return err_set(err, ERR_BROKE, "%s: %s%s%s",
				       run->session.host[request->host].name, request->result,
				       request->text ? ": " : "",
				       request->text ? request->text : "");
	}
	return 0;
}

static void send_setup(struct run *run, size_t host)
{
	const struct plan_host *h = &run->plan.host[host];
	struct event request;

	event_init(&request, "setup");
	event_text(&request, "name", h->name);
	event_text(&request, "address", h->port[0].address);
	event_int(&request, "is_private", run->lab.is_private);
	event_int(&request, "drop", 1);
	event_text(&request, "run", run->dir.run);
	if (run->scenario.probe)
		event_text(&request, "names_last", run->scenario.probe->fallback);
	else if (!run->lab.has_hosts_file)
		event_text(&request, "names", h->hosts_file);
	session_send(&run->session, host, &request);
}

/* A host that others name as their resolver answers them before the first step. */
static void send_names(struct run *run, size_t host)
{
	const struct plan_host *h = &run->plan.host[host];
	struct event request;

	if (!h->names)
		return;
	event_init(&request, "names.serve");
	request.label = "names.serve"; /* of its process: no step has a dot in its name */
	event_text(&request, "address", h->port[0].address);
	event_text(&request, "names", h->names);
	session_send(&run->session, host, &request);
}

/* On the machine's own lo a filter gets its host's address in front: what was good by itself may
 * then let nothing through, which libpcap refuses. */
int run_filters(struct run *run, struct err *err)
{
	run->filter = arena_array(run->arena, run->plan.ncapture + 1, sizeof(*run->filter));
	for (size_t i = 0; i < run->plan.ncapture; i++) {
		const struct plan_capture *capture = &run->plan.capture[i];
		struct buf hex = { 0 };
		int status = 0;
		if (*capture->filter)
			status = filter_compile(&hex, capture->filter, capture->snaplen, err);
		run->filter[i] = hex.data ? arena_dup(run->arena, hex.data) : "";
		buf_close(&hex);
		if (status < 0)
			return err_in(err, "%s: captures of %s", run->scenario.path,
				      run->plan.host[capture->host].name);
	}
	return 0;
}

static int start_capture(struct run *run, const struct plan_capture *capture, int number,
			 struct err *err)
{
	const struct plan_host *host = &run->plan.host[capture->host];
	const struct plan_port *port = &host->port[capture->port];
	const char *link = run->plan.link[port->link].name;
	struct event request;

	const char *name = arena_printf(run->arena, "%s.%s", host->name, link);
	int index = rundir_capture_open(&run->dir, name, (uint32_t)capture->snaplen, err);
	if (index < 0)
		return -1;
	run->session.host[capture->host].capture[number] = (size_t)index;
	run->session.host[capture->host].ncapture = (size_t)number + 1;
	event_init(&request, "capture.start");
	event_int(&request, "capture", number);
	event_text(&request, "link", link);
	event_text(&request, "file", name);
	event_text(&request, "iface", port->iface);
	event_int(&request, "snaplen", capture->snaplen);
	event_int(&request, "buffer", capture->buffer);
	event_text(&request, "filter", run->filter[capture - run->plan.capture]);
	event_text(&request, "filter_text", capture->filter);
	event_text(&request, "engine", capture->engine);
	session_send(&run->session, capture->host, &request);
	return 0;
}

static int start_captures(struct run *run, struct err *err)
{
	int *count = arena_array(run->arena, run->plan.nhost, sizeof(*count));

	file_allow(run->plan.nhost + run->plan.ncapture);
	for (size_t i = 0; i < run->plan.ncapture; i++) {
		const struct plan_capture *capture = &run->plan.capture[i];
		if (start_capture(run, capture, count[capture->host]++, err) < 0)
			return -1;
	}
	run->has_captures = run->plan.ncapture > 0;
	return 0;
}

/* Whose routes a machine is asked for: there, nobody but the machine knows them. Among many hosts
 * the pairs would be more than anybody reads. */
static const char *peers_of(const struct run *run, size_t host)
{
	struct buf out = { 0 };

	if (run->lab.backend->makes_hosts || run->plan.nhost > ROUTE_HOSTS)
		return NULL;
	for (size_t h = 0; h < run->plan.nhost; h++)
		if (h != host)
			buf_printf(&out, "%s%s", out.len ? "," : "",
				   run->plan.host[h].port[0].address);
	if (run->scenario.probe && run->scenario.probe->peer && !out.len)
		buf_str(&out, run->scenario.probe->peer);
	const char *text = arena_dup(run->arena, out.data ? out.data : "");
	buf_close(&out);
	return text;
}

static void send_snapshot(struct run *run)
{
	struct buf ports = { 0 };

	run->snapshot++;
	buf_str(&ports, run->plan.ports);
	for (size_t i = 0; i < run->nport; i++)
		buf_printf(&ports, "%s%d", ports.len ? "," : "", run->port[i].given);
	for (size_t h = 0; h < run->plan.nhost; h++) {
		struct event request;
		event_init(&request, "snapshot");
		event_int(&request, "snapshot", run->snapshot);
		event_text(&request, "ports", ports.data ? ports.data : "");
		event_text(&request, "peers", peers_of(run, h));
		session_send(&run->session, h, &request);
	}
	buf_close(&ports);
}

int run_snapshot(struct run *run, struct err *err)
{
	size_t from = run->session.nrequest + 1;

	send_snapshot(run);
	return wait_for(run, from, stage_deadline(run), err);
}

int run_setup(struct run *run, struct err *err)
{
	int64_t deadline_ns = stage_deadline(run);
	size_t from = run->session.nrequest + 1;

	for (size_t h = 0; h < run->plan.nhost; h++) {
		send_setup(run, h);
		send_names(run, h);
	}
	if (run->lab.offers & NEED_CAPTURE && start_captures(run, err) < 0)
		return -1;
	send_snapshot(run);
	if (session_hello(&run->session, deadline_ns, err) < 0)
		return -1;
	return wait_for(run, from, deadline_ns, err);
}

/* A capture that broke is no end of the run: what it does not know, the verdict takes as unseen.
 * One that a signal kept from beginning did not break. */
static void tell_broken(const struct run *run, const struct request *request)
{
	if (!streq(request->result, "ok") && !run->session.caught)
		cli_print_error(run->cli->progress,
				arena_printf(run->arena, "a capture of %s broke: %s",
					     run->session.host[request->host].name,
					     request->text ? request->text : request->result));
}

int run_drain(struct run *run, int64_t deadline_ns, struct err *err)
{
	int *count = arena_array(run->arena, run->plan.nhost, sizeof(*count));
	size_t from = run->session.nrequest + 1;
	int status = 0;

	for (size_t i = 0; run->has_captures && i < run->plan.ncapture; i++) {
		size_t host = run->plan.capture[i].host;
		struct event request;
		event_init(&request, "capture.stop");
		event_int(&request, "capture", count[host]++);
		if (!run->session.host[host].is_lost)
			session_send(&run->session, host, &request);
	}
	for (size_t id = from; id <= run->session.nrequest && status == 0; id++) {
		status = session_wait(&run->session, id, deadline_ns, err);
		if (status == 0)
			tell_broken(run, session_request(&run->session, id));
	}
	struct err flush = { 0 };
	if (rundir_flush(&run->dir, &flush) < 0 && status == 0) {
		*err = flush;
		return -1;
	}
	return status;
}

/* Host minus controller: 0 where both read the same clock, else the tightest ping. False: no ping
 * was answered, so nothing is known. */
static bool find_offset(const struct run *run, size_t host, int64_t *offset, int64_t *bound)
{
	char own[64] = "";
	struct buf text = { 0 };
	struct err err = { 0 };
	const char *boot = event_get(&run->session.host[host].hello, "boot_id");

	*offset = 0;
	*bound = 0;
	if (file_read(-1, "/proc/sys/kernel/random/boot_id", 64, &text, &err) == 0 && text.data)
		snprintf(own, sizeof(own), "%.*s", (int)strcspn(text.data, "\n"), text.data);
	buf_close(&text);
	if (boot && *own && streq(boot, own))
		return true;
	*bound = INT64_MAX;
	for (size_t i = 0; i < run->session.nevent; i++) {
		const struct event *e = &run->session.event[i];
		if (!event_is(e, "clock") || !streq(e->host, run->plan.host[host].name))
			continue;
		int64_t sent = event_num(e, "sent_ns", 0), got = event_num(e, "received_ns", 0);
		if (got - sent >= 0 && (got - sent) / 2 < *bound) {
			*bound = (got - sent) / 2;
			*offset = event_num(e, "mono_ns", 0) - (sent + (got - sent) / 2);
		}
	}
	return *bound != INT64_MAX;
}

static void write_clock(const struct run *run, size_t host, struct json *json)
{
	int64_t offset, bound;

	if (find_offset(run, host, &offset, &bound)) {
		json_int(json, "host_minus_controller_ns", offset);
		json_int(json, "bound_ns", bound);
	} else {
		json_nil(json, "host_minus_controller_ns");
		json_nil(json, "bound_ns");
	}
}

static void write_hosts(const struct run *run, struct json *json)
{
	json_array_begin(json, "hosts");
	for (size_t h = 0; h < run->plan.nhost; h++) {
		const struct event *hello = &run->session.host[h].hello;
		json_object_begin(json, NULL);
		json_text(json, "name", run->plan.host[h].name);
		json_text(json, "address", run->plan.host[h].port[0].address);
		if (run->session.host[h].has_hello) {
			json_text(json, "agent", event_get(hello, "version"));
			json_text(json, "kernel", event_get(hello, "kernel"));
			json_text(json, "machine", event_get(hello, "machine"));
			json_text(json, "boot_id", event_get(hello, "boot_id"));
			json_int(json, "real_minus_mono_ns",
				 event_num(hello, "real_ns", 0) - event_num(hello, "mono_ns", 0));
			write_clock(run, h, json);
		}
		json_object_begin(json, "sysctl");
		for (size_t i = 0; i < run->session.host[h].nsysctl; i++) {
			const struct event *e = &run->session.event[run->session.host[h].sysctl[i]];
			if (event_get(e, "name"))
				json_text(json, event_get(e, "name"), event_get(e, "value"));
		}
		json_object_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Who captured, with which version, and what is missing. */
static void write_captures(const struct run *run, struct json *json)
{
	const struct session *session = &run->session;
	const struct event **end =
	    arena_array(run->arena, run->plan.ncapture + 1, sizeof(const struct event *));
	size_t count = 0;

	for (size_t i = 0; i < session->nevent && count < run->plan.ncapture; i++)
		if (event_is(&session->event[i], "capture.end") &&
		    event_get(&session->event[i], "file"))
			end[count++] = &session->event[i];
	json_array_begin(json, "captures");
	for (size_t i = 0; i < session->nevent; i++) {
		const struct event *e = &session->event[i];
		int64_t dropped = -1;
		if (!event_is(e, "capture") || !event_get(e, "file"))
			continue;
		for (size_t j = 0; j < count; j++)
			if (streq(event_get(end[j], "file"), event_get(e, "file")))
				dropped = event_num(end[j], "dropped", -1);
		json_object_begin(json, NULL);
		json_text(json, "file", event_get(e, "file"));
		json_text(json, "engine", event_get(e, "engine"));
		json_text(json, "version", event_get(e, "version"));
		json_int(json, "buffer", event_num(e, "buffer", 0));
		if (dropped >= 0)
			json_int(json, "dropped", dropped);
		else
			json_text(json, "dropped", NULL);
		json_object_end(json);
	}
	json_array_end(json);
}

static int write_digests(const struct run *run, struct json *json, struct err *err)
{
	char hex[65], name[200];
	static const char *const files[] = { "scenario.ini", "plan.json", "steps.ndjson",
					     "events.ndjson" };

	json_object_begin(json, "sha256");
	for (size_t i = 0; i < COUNT(files); i++) {
		if (rundir_digest(&run->dir, files[i], hex, err) < 0)
			return -1;
		json_text(json, files[i], hex);
	}
	for (size_t i = 0; i < run->dir.ncapture; i++) {
		snprintf(name, sizeof(name), "capture/%s.pcap", run->dir.capture[i].name);
		if (rundir_digest(&run->dir, name, hex, err) < 0)
			return -1;
		json_text(json, name, hex);
	}
	json_object_end(json);
	return 0;
}

int run_seal(struct run *run, const char *why, struct err *err)
{
	struct buf out = { 0 };
	struct json json = json_to(&out);
	struct utsname uts = { 0 };

	uname(&uts);
	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.manifest/1");
	json_text(&json, "version", LAB_VERSION);
	json_text(&json, "scenario", run->scenario.name);
	json_text(&json, "backend", run->plan.backend);
	json_text(&json, "ended", why);
	json_text(&json, "kernel", uts.release);
	json_int(&json, "started_real_ns", clock_real_ns() - (clock_mono_ns() - run->start_ns));
	json_int(&json, "took_ns", clock_mono_ns() - run->start_ns);
	write_hosts(run, &json);
	write_captures(run, &json);
	int status = write_digests(run, &json, err);
	json_object_end(&json);
	buf_char(&out, '\n');
	if (status == 0)
		status = rundir_write(&run->dir, "manifest.json", out.data, out.len, err);
	buf_close(&out);
	return status;
}
