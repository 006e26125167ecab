/* wait STEP: collects a step that went on in the background. Played by the controller alone. */
#include "step.h"

static const struct param params[] = {
	{ .name = "step",
	  .kind = PARAM_STEP,
	  .is_positional = true,
	  .is_required = true,
	  .text = "the step that ended in &" },
	{ 0 },
};

const struct step_kind step_wait = {
	.name = "wait",
	.text = "wait for a step that went on in the background, and take its result",
	.subject = SUBJECT_NONE,
	.params = params,
	.flags = STEP_CONTROLLER,
	.results = RESULT_OK | RESULT_ERRNO | RESULT_TIMEOUT | RESULT_EOF,
};
