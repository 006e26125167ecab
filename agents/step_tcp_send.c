/* tcp.send: messages on a connection that an earlier step holds. */
#include <errno.h>

#include "errname.h"
#include "step_tcp.h"

static const struct param params[] = {
	{ .name = "text",
	  .kind = PARAM_TEXT,
	  .is_positional = true,
	  .text = "what to send; absent: the next `Message #i from client STEP`" },
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
	const char *text = event_get(request, "text");
	struct outcome outcome = { .kind = OUTCOME_OK };

	(void)err;
	if (actor->fd < 0)
		return actor_result(actor, errname(ENOTCONN),
				    "the connection was closed after its peer went");
	for (int64_t i = 0; i < count && outcome.kind == OUTCOME_OK; i++)
		tcp_send_one(actor, text, deadline_ns, &outcome);
	return tcp_result(actor, &outcome);
}

const struct step_kind step_tcp_send = {
	.name = "tcp.send",
	.text = "send messages on the connection that an earlier step holds",
	.subject = SUBJECT_STEP,
	.params = params,
	.flags = STEP_ACTOR,
	.results = RESULT_OK | RESULT_ERRNO | RESULT_TIMEOUT,
	.run = run,
};
