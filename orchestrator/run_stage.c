/* Before the first step: agents greeted, captures running, the first snapshot. After the last one:
 * captures drained. */
#include "run.h"

#include "clock.h"
#include "file.h"
#include "filter.h"
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

/* The sandbox has a zone with the names of its hosts: applications there ask it. Not where the
 * scenario means somebody else by one of them. */
static bool has_zone(const struct run *run)
{
	const struct scenario *s = &run->scenario;

	if (!streq(run->plan.backend, "aws"))
		return false;
	for (size_t i = 0; i < s->nhost; i++)
		if (s->host[i].resolver ||
		    !streq(run->asked.binding.target[i]->name, s->host[i].name))
			return false;
	for (size_t i = 0; i < s->nname; i++)
		if (!streq(s->dns[i].name, s->host[s->dns[i].host].name))
			return false;
	return true;
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
	else if (has_zone(run))
		event_text(&request, "names_last", h->hosts_file);
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
	if (run->scenario.probe)
		event_text(&request, "toward", run->scenario.probe->toward[capture->host]);
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
