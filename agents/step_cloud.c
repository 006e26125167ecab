/* HOST cloud WHAT HOW: what only the cloud can do to a host. Played by the controller alone: no
 * agent ever has credentials. */
#include "step.h"

static const struct param params[] = {
	{ .name = "what",
	  .kind = PARAM_CHOICE,
	  .is_positional = true,
	  .is_required = true,
	  .choices = "security-group network-acl record",
	  .text = "the host's security group, its subnet's network ACL, or the record `service`" },
	{ .name = "how",
	  .kind = PARAM_WORD,
	  .is_positional = true,
	  .is_required = true,
	  .text = "closed, no-return, or the address that the record gets" },
	{ .name = "port",
	  .kind = PARAM_PORT,
	  .text = "the TCP port that shows whether it acts; absent: the first of the scenario" },
	{ .name = "from",
	  .kind = PARAM_WORD,
	  .text = "the host that tries; absent: the last other one" },
	{ 0 },
};

const struct step_kind step_cloud = {
	.name = "cloud",
	.text = "change what the cloud does to a host, until it is healed",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = STEP_FAULT | STEP_CONTROLLER,
	.results = RESULT_OK,
};
