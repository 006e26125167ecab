/* The session in AWS is opened once a run, and its hosts are found by their private addresses.
 * While AWS is waited for the agents are served. */
#include "run_cloud.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "cloud_fault.h"
#include "credentials.h"
#include "ec2.h"
#include "run_cloud_parts.h"
#include "sandbox.h"

static bool is_cloud(const struct scenario_step *step)
{
	return streq(step->kind->name, "cloud");
}

static bool has_cloud(const struct scenario *scenario)
{
	for (size_t i = 0; i < scenario->nstep; i++)
		if (is_cloud(&scenario->step[i]))
			return true;
	return false;
}

/* What goes wrong there is found by the next who waits for an agent. */
static bool serve_agents(void *context)
{
	struct run *run = context;
	struct err ignored = { 0 };
	uint64_t ticks;

	while (read(run->cloud->timer_fd, &ticks, sizeof ticks) > 0)
		;
	return session_turn(&run->session, clock_mono_ns(), &ignored) == 0;
}

static int start_timer(struct run_cloud *cloud, struct err *err)
{
	static const struct itimerspec second = { { 1, 0 }, { 1, 0 } };

	cloud->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (cloud->timer_fd < 0 || timerfd_settime(cloud->timer_fd, 0, &second, NULL) < 0)
		return err_sys(err, "timer");
	return 0;
}

static int check_account(const struct run_cloud *cloud, struct err *err)
{
	const char *account, *arn;

	if (ec2_identity(&cloud->aws, cloud->faults.arena, &account, &arn, err) < 0)
		return -1;
	return streq(account, cloud->sandbox.account)
		   ? 0
		   : err_set(err, ERR_CANNOT,
			     "the sandbox %s is in account %s, and %s is of account %s: "
			     "AWS_PROFILE or other credentials",
			     cloud->sandbox.name, cloud->sandbox.account, arn, account);
}

/* Under the sandbox's lock nobody else has a fault set: what is written down is a crash's. */
static int mend_rest(struct run *run, struct err *err)
{
	struct run_cloud *cloud = run->cloud;
	size_t count;

	if (cloud_journal_read(&cloud->faults, err) < 0)
		return -1;
	if (cloud->faults.count == 0)
		return 0;
	if (cloud_mend(&cloud->faults, &count, err) < 0)
		return err_in(err, "what an earlier run left");
	fprintf(run->cli->progress, "undone: %zu fault%s of a run that was cut off\n", count,
		count == 1 ? "" : "s");
	return 0;
}

static int find_hosts(struct run *run, struct err *err)
{
	struct run_cloud *cloud = run->cloud;
	struct ec2_instance *all;
	size_t count;

	if (ec2_instances(&cloud->aws, cloud->sandbox.name, run->arena, &all, &count, err) < 0)
		return -1;
	cloud->host = arena_array(run->arena, run->plan.nhost, sizeof(struct ec2_instance *));
	for (size_t h = 0; h < run->plan.nhost; h++) {
		for (size_t i = 0; i < count; i++)
			if (streq(all[i].private_address, run->plan.host[h].port[0].address))
				cloud->host[h] = &all[i];
		if (!cloud->host[h])
			return err_set(err, ERR_CANNOT,
				       "no instance of %s has the address %s of %s: lab up",
				       cloud->sandbox.name, run->plan.host[h].port[0].address,
				       run->plan.host[h].name);
	}
	return 0;
}

static int open_sandbox(struct run_cloud *cloud, struct arena *arena, struct err *err)
{
	if (sandbox_find(&cloud->sandbox, arena, err) < 0)
		return -1;
	if (!cloud->sandbox.is_there)
		return err_set(err, ERR_CANNOT, "there is no sandbox: lab up makes one");
	return sandbox_lock(&cloud->sandbox, arena, err) < 0 ||
		       sandbox_read(&cloud->sandbox, arena, err) < 0
		   ? -1
		   : 0;
}

int run_cloud_open(struct run *run, struct err *err)
{
	struct run_cloud *cloud;

	if (!has_cloud(&run->scenario))
		return 0;
	cloud = arena_alloc(run->arena, sizeof *cloud);
	*cloud = (struct run_cloud){ .sandbox.lock_fd = -1, .timer_fd = -1 };
	run->cloud = cloud;
	if (start_timer(cloud, err) < 0 || open_sandbox(cloud, run->arena, err) < 0)
		return -1;
	cloud->beside = (struct proc_beside){ cloud->timer_fd, serve_agents, run };
	const struct credentials_asked asked = { .region = cloud->sandbox.region,
						 .beside = &cloud->beside };
	if (credentials_find(&cloud->credentials, &asked, run->arena, err) < 0)
		return -1;
	credentials_to_aws(&cloud->credentials, &cloud->aws);
	cloud->aws.beside = &cloud->beside;
	cloud->faults = (struct cloud){ .aws = &cloud->aws,
					.lab = cloud->sandbox.name,
					.folder = cloud->sandbox.folder,
					.arena = run->arena };
	cloud->is_open = true;
	if (check_account(cloud, err) < 0 || mend_rest(run, err) < 0)
		return -1;
	return find_hosts(run, err);
}

static int mend_all(struct run_cloud *cloud, struct err *err)
{
	size_t count;

	if (!cloud->is_open || cloud->faults.count == 0)
		return 0;
	cloud->aws.beside = NULL; /* the agents may be gone */
	if (cloud_mend(&cloud->faults, &count, err) == 0)
		return 0;
	err_in(err, "the cloud still has a fault of %s", cloud->sandbox.name);
	return err_set(err, ERR_LEFTOVER, "%s; lab cleanup -b aws undoes it",
		       arena_dup(cloud->faults.arena, err->text));
}

int run_cloud_close(struct run *run, struct err *err)
{
	struct run_cloud *cloud = run->cloud;
	int status;

	if (!cloud)
		return 0;
	run->cloud = NULL;
	status = mend_all(cloud, err);
	credentials_close(&cloud->credentials);
	sandbox_close(&cloud->sandbox);
	if (cloud->timer_fd >= 0)
		close(cloud->timer_fd);
	return status;
}
