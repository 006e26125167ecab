/* HOST sockets PORT: the TCP socket table of one port; the controller compares it. */
#include "actor.h"
#include "snapshot.h"
#include "step.h"
#include "util.h"

static const struct param params[] = {
	{ .name = "port",
	  .kind = PARAM_PORT,
	  .is_positional = true,
	  .is_required = true,
	  .text = "the port" },
	{ .name = "side",
	  .kind = PARAM_CHOICE,
	  .fallback = "local",
	  .choices = "local peer",
	  .text =
	      "whose port it is: local, as a server has it, or the peer's, as a client sees it" },
	{ 0 },
};

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	struct sink sink = sink_agent(actor->agent);
	bool is_peer = streq(request_text(request, "side", "local"), "peer");
	struct sockdiag_want want = {
		.is_local_only = !is_peer,
		.is_peer_only = is_peer,
		.nport = 1,
		.step = actor->now_step,
		.label = actor->now_label,
	};
	int64_t port = request_num(request, "port", 0);

	if (port < 1 || port > UINT16_MAX)
		return err_set(err, ERR_BROKE, "sockets: no port");
	want.ports[0] = (uint16_t)port;
	snapshot_want(actor->agent, &want);
	if (sockdiag_emit(&want, &snapshots_of(actor->agent)->owners, &sink, err) < 0)
		return -1;
	return actor_result(actor, "ok", NULL);
}

const struct step_kind step_sockets = {
	.name = "sockets",
	.text = "read the TCP sockets of a port, with their owners",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = STEP_OBSERVES,
	.results = RESULT_SOCKETS,
	.run = run,
};
