/* A host before it is its agent: a clone of the keeper in namespaces of its own that gives itself
 * name, sysctls, names of others and addresses, waits until its cables carry packets, and
 * becomes it. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <sys/prctl.h>

#include "addr.h"
#include "agent.h"
#include "env.h"
#include "file.h"
#include "keeper_run.h"
#include "mem.h"
#include "namespace.h"
#include "netlink.h"
#include "proc_child.h"

enum {
	FILE_NAME = 40
};

/* "net.ipv4.conf.eth0.rp_filter": of an interface of this host, which exists only with its cable.
 */
static bool is_of_interface(const struct plan_host *host, const char *sysctl)
{
	char part[IFNAMSIZ + 2];

	for (size_t i = 0; i < host->nport; i++) {
		snprintf(part, sizeof part, ".%.15s.", host->port[i].iface);
		if (strstr(sysctl, part) && !streq(part, ".lo."))
			return true;
	}
	return false;
}

int keeper_sysctl(const struct name_value *sysctl, struct err *err)
{
	bool is_optional = sysctl->line == 0 && plan_sysctl_is_optional(sysctl->name);
	int result = ns_sysctl(sysctl->name, sysctl->value, err);

	return result < 0 || (result > 0 && !is_optional) ? -1 : 0;
}

void keeper_look_at_sysctls(struct keeper_spec *spec)
{
	const struct plan_host *host = &spec->plan->host[0];

	spec->is_set = mem_resize(NULL, host->nsysctl + 1, sizeof *spec->is_set);
	for (size_t i = 0; i < host->nsysctl; i++)
		spec->is_set[i] = plan_sysctl_is_inherited(host->sysctl[i].name) &&
				  ns_sysctl_is(host->sysctl[i].name, host->sysctl[i].value);
}

/* The same sysctl as the first host's, which a new namespace has already: most of them. The path of
 * each is slow to find where many namespaces have one of that name. */
static bool is_set(const struct keeper_spec *spec, const struct plan_host *host, size_t i)
{
	const struct plan_host *first = &spec->plan->host[0];

	return spec->is_set && i < first->nsysctl && spec->is_set[i] &&
	       streq(host->sysctl[i].name, first->sysctl[i].name) &&
	       streq(host->sysctl[i].value, first->sysctl[i].value);
}

static int set_sysctls(const struct keeper_spec *spec, const struct plan_host *host, bool is_late,
		       struct err *err)
{
	for (size_t i = 0; i < host->nsysctl; i++) {
		if (is_of_interface(host, host->sysctl[i].name) == is_late &&
		    !is_set(spec, host, i) && keeper_sysctl(&host->sysctl[i], err) < 0)
			return -1;
	}
	return 0;
}

/* By the place of its text: hosts of one text find one file. */
static void shared_name(char name[FILE_NAME], const struct plan_host *host)
{
	snprintf(name, FILE_NAME, "hosts.%p", (const void *)host->hosts_file);
}

int keeper_share_hosts(const struct keeper_spec *spec, struct err *err)
{
	char name[FILE_NAME];

	if (!spec->has_hosts_file || !spec->does_share_hosts)
		return 0;
	for (size_t i = 0; i < spec->plan->nhost; i++) {
		const struct plan_host *host = &spec->plan->host[i];
		if (!host->hosts_file)
			continue;
		shared_name(name, host);
		if (access(name, F_OK) < 0 && ns_put_text(name, host->hosts_file, err) < 0)
			return -1;
	}
	return 0;
}

static int set_hosts_file(const struct keeper_spec *spec, size_t at, struct err *err)
{
	const struct plan_host *host = &spec->plan->host[at];
	char name[FILE_NAME];

	if (!spec->has_hosts_file || !host->hosts_file)
		return 0;
	if (spec->does_share_hosts)
		shared_name(name, host);
	else
		snprintf(name, sizeof name, "hosts.%zu", at);
	if (!spec->does_share_hosts && ns_put_text(name, host->hosts_file, err) < 0)
		return -1;
	return ns_bind(name, spec->does_share_hosts, "/etc/hosts", err);
}

/* Who is who: the host's own name, /etc/hosts, /etc/resolv.conf. Needs the hidden tmpfs as working
 * directory; leaves it. */
static int set_names(const struct keeper_spec *spec, size_t at, struct err *err)
{
	const struct plan_host *host = &spec->plan->host[at];
	const char *resolv_conf = host->resolv_conf ? host->resolv_conf : "";
	char name[FILE_NAME];

	if (sethostname(host->name, strlen(host->name)) < 0)
		return err_sys(err, "sethostname");
	if (set_hosts_file(spec, at, err) < 0)
		return -1;
	if (host->resolv_conf && !spec->has_resolv_conf)
		return err_set(err, ERR_CANNOT,
			       "resolver=: this machine has no /etc/resolv.conf to mount over");
	snprintf(name, sizeof name, "resolv.%zu", at);
	if (spec->has_resolv_conf && (ns_put_text(name, resolv_conf, err) < 0 ||
				      ns_bind(name, false, "/etc/resolv.conf", err) < 0))
		return -1;
	if (chdir(spec->cwd) < 0 && chdir("/") < 0)
		return err_sys(err, "/");
	return 0;
}

static int set_addresses(const struct plan_host *host, struct nl *nl, struct err *err)
{
	struct nl_batch batch;
	struct addr addr;

	nl_begin(&batch, nl);
	if (nl_add_up(&batch, 1, err) < 0)
		return -1;
	for (size_t i = 0; i < host->nport; i++) {
		const struct plan_port *port = &host->port[i];
		int index = HOST_IFINDEX + (int)i;
		if (addr_parse(&addr, port->address, 0) < 0 || port->prefix < 0 ||
		    port->prefix > (addr.family == 6 ? 128 : 32))
			return err_set(err, ERR_USAGE, "%s/%d is no address", port->address,
				       port->prefix);
		if (nl_add_address(&batch, index, &addr, port->prefix, err) < 0 ||
		    nl_add_up(&batch, index, err) < 0)
			return -1;
	}
	if (host->gateway) {
		if (addr_parse(&addr, host->gateway, 0) < 0)
			return err_set(err, ERR_USAGE, "gateway %s is no address", host->gateway);
		if (nl_add_default_route(&batch, &addr, err) < 0)
			return -1;
	}
	return nl_flush(&batch, err);
}

/* Gates open at end of file; so they do when the keeper is gone. */
static void wait_gate(int fd)
{
	char byte;

	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
}

/* From the cables on: everything between the two gates, and the wait for a carrier. */
static int join_network(const struct keeper_spec *spec, size_t at, const struct keeper_gate *gate,
			struct err *err)
{
	const struct plan_host *host = &spec->plan->host[at];
	struct nl nl;
	struct nl_ready ready = { .first = HOST_IFINDEX,
				  .count = host->nport,
				  .left = host->nport };

	if (nl_open(&nl, 0, err) < 0)
		return -1; /* what is open ends with this process */
	if (write_all(gate->said, &(char){ STAGE_SET }, 1) < 0)
		return err_sys(err, "keeper");
	wait_gate(gate->go);
	for (size_t i = 0; i < host->nport; i++) {
		if (offload_off(&spec->offloads, host->port[i].iface, err) < 0)
			return -1;
	}
	if (set_sysctls(spec, host, true, err) < 0 ||
	    keeper_limit_host(spec->plan, at, &nl, err) < 0 || set_addresses(host, &nl, err) < 0)
		return -1;
	if (write_all(gate->said, &(char){ STAGE_UP }, 1) < 0)
		return err_sys(err, "keeper");
	wait_gate(gate->raised);
	ready.seen = memset(mem_resize(NULL, ready.count + 1, 1), 0, ready.count + 1);
	int result = nl_be_ready(&nl, &ready, spec->deadline_ns, err);
	free(ready.seen);
	nl_close(&nl);
	return result;
}

/* The agent's code is in this program too: without execve (a new address space, dynamic linking,
 * CPUID trapped by hypervisors) it starts 0.7 ms sooner. */
static _Noreturn void be_agent(const struct keeper_spec *spec, size_t at,
			       const struct keeper_gate *gate)
{
	const int ours[] = { spec->far_fd[at], spec->notes, gate->said, gate->go, gate->raised };

	for (size_t i = 0; i < COUNT(ours); i++)
		close(ours[i]);
	prctl(PR_SET_NAME, "lab-agent");
	setsid();
	_exit(agent_run(STDIN_FILENO, STDOUT_FILENO, NULL));
}

static int become_agent(const struct keeper_spec *spec, size_t at, const struct keeper_gate *gate,
			struct err *err)
{
	char name[256];
	char *const argv[] = { name, NULL };

	snprintf(name, sizeof name, "%s", strrchr(spec->agent, '/') + 1);
	if (dup2(spec->far_fd[at], STDIN_FILENO) < 0 || dup2(spec->far_fd[at], STDOUT_FILENO) < 0)
		return err_sys(err, "dup2");
	setrlimit(RLIMIT_NOFILE, &spec->nofile);
	note_send(spec->notes, NOTE_HOST, at, NULL);
	proc_child_signals();
	env_drop_secrets();
	if (spec->is_agent_ours)
		be_agent(spec, at, gate);
	execve(spec->agent, argv,
	       environ); /* all else is close-on-exec; capabilities are ambient */
	return err_sys(err, "%s", spec->agent);
}

_Noreturn void keeper_host(const struct keeper_spec *spec, size_t at,
			   const struct keeper_gate *gate)
{
	const struct plan_host *host = &spec->plan->host[at];
	int keep[] = { spec->far_fd[at], spec->notes, gate->said, gate->go, gate->raised };
	struct err err = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != gate->keeper) /* it ended before prctl */
		_exit(1);
	if (ns_close_others(keep, COUNT(keep), &err) == 0 && set_names(spec, at, &err) == 0 &&
	    (!spec->has_own_net || (set_sysctls(spec, host, false, &err) == 0 &&
				    join_network(spec, at, gate, &err) == 0)))
		become_agent(spec, at, gate, &err); /* returns only with an error */
	err_in(&err, "host %s", host->name);
	note_send(spec->notes, NOTE_ERROR, at, &err);
	write_all(gate->said, &(char){ STAGE_FAILED }, 1);
	_exit(127);
}
