/* Backend netns: a host is a process in net, mount and uts namespaces of its own, all of them under
 * one keeper; cables are veths to bridges. Works for root and, with user namespaces, for anybody.
 */
#include "backend.h"
#include "keeper.h"
#include "mem.h"

static int netns_usable(struct err *why)
{
	return keeper_probe(true, why) < 0 ? err_in(why, "netns") : 0;
}

static int netns_open(struct lab *lab, const struct plan *plan, const struct lab_options *options,
		      struct err *err)
{
	struct keeper *keeper = mem_resize(NULL, 1, sizeof *keeper);

	*lab = (struct lab){ .backend = &backend_netns, .state = keeper, .is_private = true };
	keeper_init(keeper, lab, plan);
	if (keeper_open(keeper, lab, plan, options, true, err) < 0) {
		lab->is_refused = keeper->is_refused;
		return err_in(err, "netns");
	}
	lab->offers = private_offers();
	lab->note = keeper_note(lab);
	return 0;
}

static void netns_let_go(struct lab *lab)
{
	struct keeper *keeper = lab->state;

	/* The end first: agents that heard their streams close would all wake to end themselves. */
	if (keeper)
		keeper_let_go(keeper);
	streams_close(lab);
}

static int netns_close(struct lab *lab, int deadline_ms, struct err *err)
{
	struct keeper *keeper = lab->state;

	if (!keeper)
		return 0;
	netns_let_go(lab);
	if (keeper_close(keeper, deadline_ms, err) != 0)
		return 1; /* and may be tried again */
	free(keeper);
	free(lab->host);
	lab->state = NULL;
	lab->host = NULL;
	lab->nhost = 0;
	return 0;
}

const struct backend backend_netns = {
	.name = "netns",
	.text = "network namespaces of their own, one a host, joined by bridges",
	.makes_hosts = true,
	.usable = netns_usable,
	.offers = private_offers,
	.open = netns_open,
	.read = stream_read,
	.write = stream_write,
	.let_go = netns_let_go,
	.close = netns_close,
};
