/* HOST firewall HOOK ACTION MATCH: packets that match are dropped or refused. Proven by the rule as
 * the kernel lists it. */
#include <linux/capability.h>

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

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	char proof[FIREWALL_PROOF];
	const struct firewall_spec spec = {
		.label = actor->now_label,
		.hook = request_text(request, "hook", ""),
		.action = request_text(request, "action", ""),
		.match = request_text(request, "match", ""),
		.address = snapshot_shared_address(actor->agent),
	};

	if (!actor->host->is_private)
		return err_set(err, ERR_CANNOT,
			       "firewall: this network stack is not the run's own");
	if (faults_add(actor->agent, spec.label, actor->now_step, err) < 0)
		return -1;
	if (firewall_set(&spec, proof, err) < 0) {
		faults_forget(actor->agent, spec.label);
		return -1;
	}
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
