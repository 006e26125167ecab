/* HOST counter NAME: one of the kernel's network counters, as nstat names them. */
#include <inttypes.h>

#include "actor.h"
#include "snapshot.h"
#include "step.h"

static const struct param params[] = {
	{ .name = "name",
	  .kind = PARAM_WORD,
	  .is_positional = true,
	  .is_required = true,
	  .text = "the counter as nstat names it, such as TcpOutRsts" },
	{ 0 },
};

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	struct counters *counters = &snapshots_of(actor->agent)->counters;
	const char *name = request_text(request, "name", "");
	const struct counter *counter;
	char value[24], near[200];
	struct event event;

	if (counters_read(counters, err) < 0)
		return -1;
	counter = counters_find(counters, name);
	if (counter == NULL) {
		counters_near(counters, name, near, sizeof near);
		return err_set(err, ERR_BROKE, "no counter is named %.80s%s%s", name,
			       near[0] != '\0' ? "; near: " : "", near);
	}
	event_init(&event, "counter");
	event_int(&event, "snapshot", 0);
	event_text(&event, "name", counter->name);
	event_int(&event, "value", counter->value);
	actor_event(actor, &event);
	snprintf(value, sizeof value, "%" PRId64, counter->value);
	return actor_result(actor, value, NULL);
}

const struct step_kind step_counter = {
	.name = "counter",
	.text = "read one of the kernel's network counters",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = STEP_OBSERVES,
	.results = RESULT_VALUE,
	.needs = NEED_COUNTERS,
	.run = run,
};
