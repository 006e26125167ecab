/* The links: bridges, a cable from each host's port to one, and what makes them slow or lossy: a
 * token bucket at both ends of each cable, and a rule of the bridges' namespace that drops a share.
 * Bridge ports are told by name: not every kernel lets a rule ask for the bridge itself. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "buf.h"
#include "clock.h"
#include "keeper_run.h"
#include "netlink.h"
#include "proc.h"

enum {
	/* Far from hosts' own indexes: a cable whose two ends had equal ones would wait a second
	 * for its carrier (linkwatch takes such a device for one without a lower end). */
	FIRST_BRIDGE = 1000,
	PORT_NAME = 16
};

static void port_name(char name[PORT_NAME], int index)
{
	snprintf(name, PORT_NAME, "p%d", index);
}

int keeper_first_port(const struct plan *plan)
{
	return FIRST_BRIDGE + (int)plan->nlink;
}

int keeper_make_bridges(const struct plan *plan, struct nl *nl, struct err *err)
{
	struct nl_batch batch;
	char name[16];

	nl_begin(&batch, nl);
	for (size_t i = 0; i < plan->nlink; i++) {
		if (plan->link[i].is_private)
			continue;
		int index = FIRST_BRIDGE + (int)i;
		snprintf(name, sizeof name, "b%d", index);
		if (nl_add_bridge(&batch, index, name, plan->link[i].mtu, err) < 0)
			return -1;
	}
	return nl_flush(&batch, err);
}

static int parse_mac(const char *text, uint8_t mac[6])
{
	char *end = NULL;

	for (size_t i = 0; text && i < 6; i++) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i < 5 ? ':' : 0))
			return -1;
		mac[i] = (uint8_t)strtoul(text, &end, 16);
		text = end + 1;
	}
	return text ? 0 : -1;
}

int keeper_make_cables(const struct plan *plan, const pid_t *pid, struct nl *nl, struct err *err)
{
	struct nl_batch batch;
	int index = keeper_first_port(plan);

	nl_begin(&batch, nl);
	for (size_t i = 0; i < plan->nhost; i++) {
		const struct plan_host *host = &plan->host[i];
		for (size_t j = 0; j < host->nport; j++, index++) {
			const struct plan_port *port = &host->port[j];
			char name[PORT_NAME];
			port_name(name, index);
			struct nl_veth veth = {
				.index = index,
				.peer_index = HOST_IFINDEX + (int)j,
				.name = name,
				.peer_name = port->iface,
				.bridge = FIRST_BRIDGE + (int)port->link,
				.mtu = plan->link[port->link].mtu,
				.peer_pid = pid[i],
			};
			if (parse_mac(port->mac, veth.peer_mac) < 0)
				return err_set(err, ERR_USAGE, "host %s: %s is no MAC address",
					       host->name, port->mac ? port->mac : "nothing");
			if (nl_add_veth(&batch, &veth, err) < 0)
				return err_in(err, "host %s", host->name);
		}
	}
	return nl_flush(&batch, err);
}

/* ARP passes: a lost question costs a second and another errno, and none of it is the loss that
 * was asked for. */
static void add_rule(struct buf *out, const struct plan *plan, size_t link)
{
	int index = keeper_first_port(plan), permille = plan->link[link].loss_permille;
	bool is_first = true;

	for (size_t i = 0; i < plan->nhost; i++) {
		for (size_t j = 0; j < plan->host[i].nport; j++, index++) {
			char name[PORT_NAME];
			if (plan->host[i].port[j].link != link)
				continue;
			port_name(name, index);
			buf_printf(out, "%s\"%s\"", is_first ? "iifname { " : ", ", name);
			is_first = false;
		}
	}
	if (is_first)
		return;
	buf_str(out, " } meta protocol != arp ");
	if (permille < 1000)
		buf_printf(out, "numgen random mod 1000 < %d ", permille);
	buf_str(out, "counter drop\n");
}

static int load_ruleset(const char *text, int64_t deadline_ns, struct err *err)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };
	struct sigaction thrown, kept;
	struct proc_result done;

	/* nft's status is for us, not for the kernel to throw away. The handler stays: a host that
	 * ends meanwhile is still to be heard of. */
	sigaction(SIGCHLD, NULL, &thrown);
	kept = thrown;
	kept.sa_flags &= ~SA_NOCLDWAIT;
	sigaction(SIGCHLD, &kept, NULL);
	int result = proc_run(argv, text, clock_left_ms(deadline_ns), &done, err);
	sigaction(SIGCHLD, &thrown, NULL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (result == 0 && (!WIFEXITED(done.status) || WEXITSTATUS(done.status) != 0))
		result = err_set(err, ERR_CANNOT, "nft refuses a bridge's rules: %.*s",
				 (int)strcspn(done.err.data, "\n"), done.err.data);
	proc_result_close(&done);
	return result < 0 ? err_in(err, "loss=") : 0;
}

int keeper_lose(const struct plan *plan, int64_t deadline_ns, struct err *err)
{
	struct buf text = { 0 };
	size_t count = 0;
	int result = 0;

	buf_str(&text, "table bridge lab {\nchain loss {\n"
		       "type filter hook forward priority 0; policy accept;\n");
	for (size_t i = 0; i < plan->nlink; i++) {
		if (plan->link[i].loss_permille == 0)
			continue;
		add_rule(&text, plan, i);
		count++;
	}
	buf_str(&text, "}\n}\n");
	if (count > 0)
		result = load_ruleset(text.data, deadline_ns, err);
	buf_close(&text);
	return result;
}

/* Of a host's ports; the first has the index `first`. */
static int limit_host(struct nl_batch *batch, const struct plan *plan, size_t at, int first,
		      struct err *err)
{
	const struct plan_host *host = &plan->host[at];

	for (size_t i = 0; i < host->nport; i++) {
		const struct plan_link *link = &plan->link[host->port[i].link];
		if (link->rate_bps > 0 &&
		    nl_add_rate(batch, first + (int)i, link->rate_bps, link->mtu, err) < 0)
			return -1;
	}
	return 0;
}

/* ENOENT: the kernel does not know tbf. */
static int send_limits(struct nl_batch *batch, int result, struct err *err)
{
	if (result == 0)
		result = nl_flush(batch, err);
	if (result == 0)
		return 0;
	if (err->sys == ENOENT || err->sys == EOPNOTSUPP)
		err->kind = ERR_CANNOT;
	return err_in(err, "rate=");
}

int keeper_limit_ports(const struct plan *plan, struct nl *nl, struct err *err)
{
	struct nl_batch batch;
	int result = 0, first = keeper_first_port(plan);

	nl_begin(&batch, nl);
	for (size_t i = 0; result == 0 && i < plan->nhost; i++) {
		result = limit_host(&batch, plan, i, first, err);
		first += (int)plan->host[i].nport;
	}
	return send_limits(&batch, result, err);
}

int keeper_limit_host(const struct plan *plan, size_t at, struct nl *nl, struct err *err)
{
	struct nl_batch batch;

	nl_begin(&batch, nl);
	return send_limits(&batch, limit_host(&batch, plan, at, HOST_IFINDEX, err), err);
}
