/* A snapshot: each source emits its own events, the last event bounds when all of it was read. */
#include "snapshot.h"

#include "clock.h"
#include "conntrack.h"
#include "hooks.h"
#include "iptables.h"
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
	if (snapshots->is_shared)
		hooks_emit(want->snapshot, sink);
	ruleset_emit(want->snapshot, sink);
	routes_emit(want->snapshot, sink, &routes);
	routes_get_emit(want->snapshot, snapshots->peers, sink);
	if (snapshots->is_shared) {
		conntrack_emit(want->snapshot, want->ports, want->nport, sink);
		iptables_emit(want->snapshot, sink);
	}
	if (!snapshots->has_first)
		sysctls_emit(sink);
	snapshots->has_first = true;
	event_init(&event, "snapshot");
	event_int(&event, "snapshot", want->snapshot);
	event_int(&event, "start_ns", start_ns);
	const struct err *why = sockets.kind != ERR_NONE    ? &sockets
				: counters.kind != ERR_NONE ? &counters
							    : &routes;
	if (why->kind != ERR_NONE)
		event_text(&event, "error", why->text);
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
		int64_t port = 0;
		size_t len = parse_digits(at, &port);

		if (port < 1 || port > 65535 || (at[len] != ',' && at[len] != '\0'))
			return err_set(err, ERR_BROKE, "ports: %.80s", text);
		if (want->nport == SOCKDIAG_PORTS)
			return err_set(err, ERR_BROKE, "more than %d ports", SOCKDIAG_PORTS);
		want->ports[want->nport++] = (uint16_t)port;
		at += len;
		at += *at == ',' ? 1 : 0;
	}
	return 0;
}
