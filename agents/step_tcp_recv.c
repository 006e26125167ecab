/* tcp.recv: waits for messages on a connection that an earlier step holds. */
#include "step_tcp.h"

static const struct param params[] = {
	{ .name = "messages", .kind = PARAM_COUNT, .fallback = "1", .text = "how many messages" },
	{ .name = "timeout",
	  .kind = PARAM_DURATION,
	  .text = "own patience; when it ends the result is TIMEOUT" },
	{ 0 },
};

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	int64_t count = request_num(request, "messages", 1);
	int64_t deadline_ns = tcp_deadline(actor, request, "timeout");
	const struct tcp_held *held = tcp_held(actor);
	struct outcome outcome = { .kind = OUTCOME_OK };

	(void)err;
	if (actor->fd < 0 && held->peer == PEER_RST) /* seen while it was held */
		return actor_result_errno(actor, held->number);
	if (actor->fd < 0)
		return actor_result(actor, "EOF", "the peer closed the connection");
	for (int64_t i = 0; i < count && outcome.kind == OUTCOME_OK; i++)
		tcp_receive_one(actor, deadline_ns, &outcome);
	return tcp_result(actor, &outcome);
}

const struct step_kind step_tcp_recv = {
	.name = "tcp.recv",
	.text = "wait for messages on the connection that an earlier step holds",
	.subject = SUBJECT_STEP,
	.params = params,
	.flags = STEP_ACTOR,
	.results = RESULT_OK | RESULT_ERRNO | RESULT_TIMEOUT | RESULT_EOF,
	.run = run,
};
