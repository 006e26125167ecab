/* Links that are slow or lossy: a token bucket at both ends of each cable, and a rule of the
 * bridges' namespace that drops a share of what they forward. Bridge ports are told by name: not
 * every kernel lets a rule ask for the bridge itself. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "buf.h"
#include "clock.h"
#include "keeper_run.h"
#include "netlink.h"
#include "proc.h"

void keeper_port_name(char name[PORT_NAME], int index)
{
	snprintf(name, PORT_NAME, "p%d", index);
}

/* ARP passes: a lost question costs a second and another errno, and none of it is the loss that
 * was asked for. */
static void add_rule(struct buf *out, const struct plan *plan, size_t link, int first_port)
{
	int index = first_port, permille = plan->link[link].loss_permille;
	bool is_first = true;

	for (size_t i = 0; i < plan->nhost; i++) {
		for (size_t j = 0; j < plan->host[i].nport; j++, index++) {
			char name[PORT_NAME];
			if (plan->host[i].port[j].link != link)
				continue;
			keeper_port_name(name, index);
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

int keeper_lose(const struct plan *plan, int first_port, int64_t deadline_ns, struct err *err)
{
	struct buf text = { 0 };
	size_t count = 0;
	int result = 0;

	buf_str(&text, "table bridge lab {\nchain loss {\n"
		       "type filter hook forward priority 0; policy accept;\n");
	for (size_t i = 0; i < plan->nlink; i++) {
		if (plan->link[i].loss_permille == 0)
			continue;
		add_rule(&text, plan, i, first_port);
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

int keeper_limit_ports(const struct plan *plan, int first_port, struct nl *nl, struct err *err)
{
	struct nl_batch batch = { .nl = nl };
	int result = 0;

	for (size_t i = 0; result == 0 && i < plan->nhost; i++) {
		result = limit_host(&batch, plan, i, first_port, err);
		first_port += (int)plan->host[i].nport;
	}
	return send_limits(&batch, result, err);
}

int keeper_limit_host(const struct plan *plan, size_t at, struct nl *nl, struct err *err)
{
	struct nl_batch batch = { .nl = nl };

	return send_limits(&batch, limit_host(&batch, plan, at, HOST_IFINDEX, err), err);
}
