/* heal STEP: undoes the fault that STEP set, and sees that it is gone. As a step and as a request.
 */
#include <linux/capability.h>

#include "actor.h"
#include "agent_control.h"
#include "faults.h"
#include "step.h"

static const struct param params[] = {
	{ .name = "step",
	  .kind = PARAM_STEP,
	  .is_positional = true,
	  .is_required = true,
	  .text = "the step that set the fault" },
	{ 0 },
};

int heal(struct agent *agent, const struct event *request, struct err *err)
{
	const char *of = request_text(request, "of", NULL);

	if (of == NULL)
		of = request_text(request, "step", "");
	return faults_heal(agent, of, request, err);
}

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	if (heal(actor->agent, request, err) < 0)
		return -1;
	return actor_result(actor, "ok", NULL);
}

const struct step_kind step_heal = {
	.name = "heal",
	.text = "undo a fault and see that it is gone",
	.subject = SUBJECT_NONE,
	.params = params,
	.results = RESULT_OK,
	.capabilities = UINT64_C(1) << CAP_NET_ADMIN,
	.run = run,
};
