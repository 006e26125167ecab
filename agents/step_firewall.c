/* HOST firewall HOOK ACTION MATCH: packets that match are dropped or refused. Proven by the rule as
 * the kernel lists it. */
#include <linux/capability.h>
#include <unistd.h>

#include "actor.h"
#include "faults.h"
#include "firewall.h"
#include "snapshot.h"
#include "step.h"
#include "util.h"

static const struct param params[] = {
	{ .name = "hook",
	  .kind = PARAM_CHOICE,
	  .is_positional = true,
	  .is_required = true,
	  .choices = "input output forward",
	  .text = "where packets are looked at" },
	{ .name = "action",
	  .kind = PARAM_CHOICE,
	  .is_positional = true,
	  .is_required = true,
	  .choices = firewall_actions,
	  .text = "what happens to those that match" },
	{ .name = "match",
	  .kind = PARAM_REST,
	  .is_positional = true,
	  .is_required = true,
	  .text = "which packets, in nft's words, such as tcp dport 1234" },
	{ 0 },
};

static void fault_event(struct actor *actor, const struct firewall_spec *spec, const char *proof)
{
	struct event event;

	event_init(&event, "fault");
	event_text(&event, "of", spec->label);
	event_text(&event, "verb", "firewall"); /* "kind" is every event's own */
	event_text(&event, "hook", spec->hook);
	event_text(&event, "action", spec->action);
	event_text(&event, "match", spec->match);
	event_text(&event, "proof", proof);
	actor_event(actor, &event);
}

/* On a stack that others use, a rule is kept to the run's own address and away from the controller,
 * and its table bears the run's name. */
static int is_own(const struct addr *address, struct err *err)
{
	struct sockaddr_storage sa;
	char ip[ADDR_TEXT];
	int fd, status;

	addr_to_sockaddr(address, &sa);
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, "firewall: socket");
	status = bind(fd, (const struct sockaddr *)&sa, sizeof sa);
	if (status < 0)
		err_sys(err, "firewall: %s is not this machine's own address",
			addr_ip_text(address, ip));
	close(fd);
	return status;
}

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	char proof[FIREWALL_PROOF];
	const struct host_facts *host = actor->host;
	const struct firewall_spec spec = {
		.run = host->run,
		.label = actor->now_label,
		.hook = request_text(request, "hook", ""),
		.action = request_text(request, "action", ""),
		.match = request_text(request, "match", ""),
		.address = snapshot_shared_address(actor->agent),
		.spared = host->is_private ? NULL : &host->lifeline,
		.beside = agent_beside(actor->agent),
	};

	if (faults_may_share(actor->agent, "firewall", err) < 0 ||
	    (!host->is_private && is_own(spec.address, err) < 0))
		return -1;
	if (faults_set(actor->agent, &spec, actor->now_step, proof, err) < 0)
		return -1;
	fault_event(actor, &spec, proof);
	return actor_result(actor, "ok", proof);
}

const struct step_kind step_firewall = {
	.name = "firewall",
	.text = "drop or refuse packets that match, until it is healed",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = STEP_FAULT,
	.results = RESULT_OK,
	.needs = NEED_FIREWALL,
	.capabilities = UINT64_C(1) << CAP_NET_ADMIN,
	.run = run,
};
