/* Shared by run_cloud*.c: what a run holds of the cloud. */
#ifndef RUN_CLOUD_PARTS_H
#define RUN_CLOUD_PARTS_H

#include "cloud_fault.h"
#include "credentials.h"
#include "ec2.h"
#include "proc.h"
#include "sandbox.h"

struct run_cloud {
	struct sandbox sandbox;
	struct credentials credentials;
	struct aws aws;
	struct cloud faults;
	struct proc_beside beside;        /* the agents, served while AWS is waited for */
	int timer_fd;                     /* when they are; -1 */
	bool is_open;                     /* there is a session */
	const struct ec2_instance **host; /* by host of the plan */
	int tries;                        /* probes so far: each has its name */
};

#endif
