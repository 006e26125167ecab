/* The requests that are no steps, and what must end with the agent: two tables. */
#include "agent_control.h"

#include "agent.h"

const struct agent_control agent_controls[] = {
	{ .kind = "capture.start", .handle = capture_start },
	{ .kind = "capture.stop", .handle = capture_stop },
	{ .kind = "snapshot", .handle = snapshot_take },
	{ .kind = "heal", .handle = heal },
	{ .kind = "cleanup", .handle = cleanup },
	{ 0 },
};

void (*const agent_ends[])(struct agent *agent) = { faults_end, captures_end, snapshots_end, NULL };
