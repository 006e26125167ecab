/* tcp.close: closes a held connection; its process ends. */
#include "step_tcp.h"

static const struct param params[] = { { 0 } };

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	(void)request;
	(void)err;
	tcp_close_held(actor);
	actor->hold = NULL;
	return actor_result(actor, "ok", NULL);
}

const struct step_kind step_tcp_close = {
	.name = "tcp.close",
	.text = "close the connection that an earlier step holds",
	.subject = SUBJECT_STEP,
	.params = params,
	.flags = STEP_ACTOR,
	.results = RESULT_OK,
	.run = run,
};
