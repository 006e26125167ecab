/* A snapshot: each source emits its own events, the last event bounds when all of it was read. */
#include "snapshot.h"

#include "agent.h"
#include "agent_control.h"
#include "clock.h"
#include "parse.h"
#include "routes.h"
#include "ruleset.h"
#include "util.h"

void snapshot_emit(struct snapshots *snapshots, const struct sockdiag_want *want,
		   const struct sink *sink)
{
	int64_t start_ns = clock_mono_ns();
	struct err sockets = { 0 }, counters = { 0 }, routes = { 0 };
	struct event event;

	sockdiag_emit(want, &snapshots->owners, sink, &sockets);
	counters_emit(&snapshots->counters, want->snapshot, sink, &counters);
	ruleset_emit(want->snapshot, sink);
	routes_emit(want->snapshot, sink, &routes);
	if (!snapshots->has_first)
		sysctls_emit(sink);
	snapshots->has_first = true;
	event_init(&event, "snapshot");
	event_int(&event, "snapshot", want->snapshot);
	event_int(&event, "start_ns", start_ns);
	if (sockets.kind != ERR_NONE || counters.kind != ERR_NONE)
		event_text(&event, "error",
			   sockets.kind != ERR_NONE ? sockets.text : counters.text);
	sink_event(sink, &event);
}

void snapshots_close(struct snapshots *snapshots)
{
	owners_close(&snapshots->owners);
	counters_close(&snapshots->counters);
	free(snapshots->first);
	snapshots->first = NULL;
	snapshots->nfirst = 0;
}

int snapshot_ports(struct sockdiag_want *want, const char *text, struct err *err)
{
	const char *at = text != NULL ? text : "";

	want->nport = 0;
	while (*at != '\0') {
		size_t len = strcspn(at, ",");
		char digits[8];
		int64_t port;

		if (len >= sizeof digits)
			return err_set(err, ERR_BROKE, "ports: %.80s", text);
		memcpy(digits, at, len);
		digits[len] = '\0';
		if (parse_int(digits, 1, 65535, &port) < 0)
			return err_set(err, ERR_BROKE, "ports: %.80s", text);
		if (want->nport == SOCKDIAG_PORTS)
			return err_set(err, ERR_BROKE, "more than %d ports", SOCKDIAG_PORTS);
		want->ports[want->nport++] = (uint16_t)port;
		at += len;
		at += *at == ',' ? 1 : 0;
	}
	return 0;
}

/* The agent's side: its stream as a sink, its memory, its requests. */

static void sink_agent_event(void *to, const struct event *event)
{
	agent_event(to, event);
}

static void sink_agent_packets(void *to, const void *body, size_t len)
{
	agent_packets(to, body, len);
}

struct sink sink_agent(struct agent *agent)
{
	return (struct sink){
		.event = sink_agent_event,
		.packets = sink_agent_packets,
		.to = agent,
	};
}

struct snapshots *snapshots_of(struct agent *agent)
{
	struct agent_parts *parts = agent_parts(agent);

	if (parts->snapshots != NULL)
		return parts->snapshots;
	parts->snapshots = malloc(sizeof *parts->snapshots);
	if (parts->snapshots == NULL)
		abort();
	*parts->snapshots = (struct snapshots)SNAPSHOTS_INIT;
	return parts->snapshots;
}

/* Hosts of the loopback backend have addresses of 127/8 and one namespace between them. */
const struct addr *snapshot_shared_address(const struct agent *agent)
{
	const struct host_facts *host = agent_host(agent);
	bool is_shared =
	    !host->is_private || (host->address.family == 4 && host->address.ip[0] == 127);

	return is_shared && host->address.family != 0 ? &host->address : NULL;
}

void snapshot_want(struct agent *agent, struct sockdiag_want *want)
{
	struct snapshots *snapshots = snapshots_of(agent);
	size_t count = agent_actor_count(agent);

	free(snapshots->first);
	snapshots->first = calloc(count + 1, sizeof *snapshots->first);
	if (snapshots->first == NULL)
		abort();
	for (size_t i = 0; i < count; i++)
		snapshots->first[i] = agent_actor_at(agent, i).pid;
	snapshots->nfirst = count;
	want->first = snapshots->first;
	want->nfirst = count;
	want->address = snapshot_shared_address(agent);
}

int snapshot_addresses(struct agent *agent, struct err *err)
{
	struct sink sink = sink_agent(agent);

	return addresses_emit(&sink, err);
}

int snapshot_take(struct agent *agent, const struct event *request, struct err *err)
{
	struct sink sink = sink_agent(agent);
	struct sockdiag_want want = { .snapshot = event_num(request, "snapshot", 0) };

	if (snapshot_ports(&want, event_get(request, "ports"), err) < 0)
		return -1;
	snapshot_want(agent, &want);
	snapshot_emit(snapshots_of(agent), &want, &sink);
	return 0;
}

void snapshots_end(struct agent *agent)
{
	struct agent_parts *parts = agent_parts(agent);

	if (parts->snapshots == NULL)
		return;
	snapshots_close(parts->snapshots);
	free(parts->snapshots);
	parts->snapshots = NULL;
}
