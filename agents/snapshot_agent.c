/* The agent's side of snapshots: its stream as a sink, what it remembers, its request. */
#include "agent.h"
#include "agent_control.h"
#include "mem.h"
#include "snapshot.h"

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
		.beside = agent_beside(agent),
	};
}

struct snapshots *snapshots_of(struct agent *agent)
{
	struct agent_parts *parts = agent_parts(agent);

	if (parts->snapshots != NULL)
		return parts->snapshots;
	parts->snapshots = mem_resize(NULL, 1, sizeof *parts->snapshots);
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
	snapshots->first = mem_zeroed(count + 1, sizeof *snapshots->first);
	for (size_t i = 0; i < count; i++)
		snapshots->first[i] = agent_actor_at(agent, i).pid;
	snapshots->nfirst = count;
	want->first = snapshots->first;
	want->nfirst = count;
	want->address = snapshot_shared_address(agent);
}

int snapshot_take(struct agent *agent, const struct event *request, struct err *err)
{
	struct sink sink = sink_agent(agent);
	struct sockdiag_want want = { .snapshot = event_num(request, "snapshot", 0) };

	if (snapshot_ports(&want, event_get(request, "ports"), err) < 0)
		return -1;
	snapshot_want(agent, &want);
	snapshots_of(agent)->is_shared = !agent_host(agent)->is_private;
	snapshots_of(agent)->peers = event_get(request, "peers");
	snapshot_emit(snapshots_of(agent), &want, &sink);
	snapshots_of(agent)->peers = NULL;
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
