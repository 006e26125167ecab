/* Bytes as a scenario file: the whole reader survives them, its complaints have a place, the flat
 * form of a good file reads back as itself, and its plans are made for both backends. */
/* Aims at: orchestrator/scenario_[chimpsvw]*.c */
/* Seeds also: scenarios */
#include "fuzz.h"

#include "plan.h"
#include "scenario.h"

static void same(const struct scenario *a, const struct scenario *b)
{
	LAW(a->nstep == b->nstep && a->nhost == b->nhost && a->nlink == b->nlink);
	LAW(a->ncapture == b->ncapture && a->nname == b->nname && a->nparam == b->nparam);
	LAW(a->time_limit_ns == b->time_limit_ns && a->expect.on == b->expect.on);
	for (size_t i = 0; i < a->nstep; i++) {
		LAW(streq(a->step[i].name, b->step[i].name));
		LAW(a->step[i].kind == b->step[i].kind && a->step[i].host == b->step[i].host);
		LAW(a->step[i].narg == b->step[i].narg);
	}
	LAW(streq(a->source, b->source));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena arena = { 0 };
	struct complaints complaints = { .arena = &arena };
	struct scenario first, again;
	struct plan plan;
	struct err err = { 0 };

	if (scenario_load(&first, fuzz_file(bytes, len), NULL, &arena, &complaints, &err) == 0) {
		int made = plan_make(&plan, &first, "netns", &arena, &err);

		LAW(complaints.count == 0);
		LAW(made < 0 || plan.nhost == first.nhost);
		if (plan_make(&plan, &first, "loopback", &arena, &err) < 0)
			fuzz_terminal(err.text, strlen(err.text), false);
		LAW(scenario_load(&again, fuzz_file(first.source, strlen(first.source)), NULL,
				  &arena, &complaints, &err) == 0);
		same(&first, &again);
	} else {
		LAW(complaints.count > 0 || err.text[0]);
	}
	arena_close(&arena);
	return 0;
}
