/* Undone by agents, looked at without them: none vouches for itself. */
#include "fleet_clean.h"

#include "clock.h"

enum {
	ASK_MS = 30000,
	END_MS = 12000,
	LOOKS = 2 /* the first may find the lost agent on its way out */
};

int fleet_undo(struct fleet_agents *all, const struct target *const *target, size_t count,
	       fleet_answer *answer, void *context, int64_t deadline_ns, struct err *err)
{
	struct event request;
	struct buf frame = { 0 };

	event_init(&request, "cleanup");
	event_int(&request, "id", 1);
	frame_put_event(&frame, FRAME_REQUEST, &request);
	fleet_agents_init(all, target, count);
	all->fleet.deadline_ns = deadline_ns;
	int status = fleet_agents_open(all, err);
	if (status == 0)
		status = fleet_agents_up(all, err);
	if (status == 0)
		status = fleet_agents_ask(all, &frame, answer, context,
					  deadline_ns ? deadline_ns : clock_after_ms(ASK_MS), err);
	if (status == 0)
		status =
		    fleet_agents_end(all, deadline_ns ? deadline_ns : clock_after_ms(END_MS), err);
	buf_close(&frame);
	return status;
}

bool survey_is_clean(const struct survey *survey)
{
	return survey->nagent + survey->ntable + survey->njournal == 0;
}

static void take_done(void *context, size_t machine, const struct event *event)
{
	bool *is_undone = context;
	const char *result = event_get(event, "result");

	(void)machine;
	if (event_is(event, "done"))
		*is_undone = result && streq(result, "ok");
}

static bool is_undone(const struct target *target, int64_t deadline_ns)
{
	struct fleet_agents all;
	struct err ignored;
	bool is_done = false;

	int status = fleet_undo(&all, &target, 1, take_done, &is_done, deadline_ns, &ignored);
	is_done = is_done && status == 0 && all.fleet.at[0].why.kind == ERR_NONE;
	fleet_agents_close(&all);
	return is_done;
}

static bool looks_clean(const struct target *target, int64_t deadline_ns)
{
	struct err ignored;
	struct fleet_survey *at = fleet_survey(&target, 1, deadline_ns, &ignored);
	bool is_clean = at && at->why.kind == ERR_NONE && survey_is_clean(&at->survey);

	fleet_survey_close(at, at ? 1 : 0);
	return is_clean;
}

bool fleet_is_clean(const struct target *target, int64_t deadline_ns)
{
	for (int i = 0; i < LOOKS && clock_left_ms(deadline_ns) > 0; i++)
		if (is_undone(target, deadline_ns) && looks_clean(target, deadline_ns))
			return true;
	return false;
}
