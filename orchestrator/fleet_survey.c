/* One line on each machine, and what it wrote. */
#include "fleet_survey.h"

#include <errno.h>
#include <stdlib.h>

#include "agents_static.h"
#include "clock.h"
#include "mem.h"
#include "said.h"

enum {
	LOOK_MS = 20000, /* from the program's start on */
	READ_SIZE = 16384
};

struct looking {
	const struct fleet *fleet;
	struct fleet_survey *at;
};

static int look(struct fleet_machine *m, void *context, struct err *err)
{
	const struct looking *looking = context;
	struct survey *survey = &looking->at[m - looking->fleet->at].survey;
	bool has_begun = m->has_begun;
	char bytes[READ_SIZE];
	ssize_t n = 1;

	int begun = fleet_begin(m, err);
	if (begun <= 0)
		return begun;
	if (!has_begun) {
		m->stream->phase = "the look at it";
		m->stream->deadline_ns = clock_after_ms(LOOK_MS);
	}
	while (n > 0 && !survey->is_whole) {
		n = m->stream->transport->read(m->stream, bytes, sizeof bytes);
		if (n > 0 && survey_take(survey, bytes, (size_t)n, err) < 0)
			return err_in(err, "%s", m->target->name);
	}
	return survey->is_whole || n == 0 || (errno != EAGAIN && errno != EINTR);
}

static void conclude(struct fleet_survey *of, const struct fleet_machine *m)
{
	char words[SAID_WORDS];

	of->target = *m->target;
	if (of->survey.is_whole)
		return;
	of->why = m->why;
	if (of->why.kind == ERR_NONE)
		err_set(&of->why, ERR_BROKE, "%s: no sh told of it: %s", m->target->name,
			said_words(m->stream->said.data, words)[0] ? words : "it said nothing");
}

struct fleet_survey *fleet_survey(const struct target *const *target, size_t count,
				  int64_t deadline_ns, struct err *err)
{
	struct agents_static programs = { 0 };
	struct arena arena = { 0 };
	struct buf command = { 0 };
	struct fleet fleet;
	struct fleet_survey *out = mem_zeroed(count, sizeof *out);
	struct looking looking = { .fleet = &fleet, .at = out };
	struct err ignored;

	(void)agents_static_read(&programs, &arena, &ignored); /* none: then none is cached */
	survey_command(&command, programs.agent, programs.count);
	fleet_init(&fleet, target, count);
	fleet.deadline_ns = deadline_ns;
	int status = fleet_open(&fleet, command.data, err);
	if (status == 0)
		status = fleet_play(&fleet, look, &looking, 0, err);
	if (status == 0)
		status = fleet_play(&fleet, fleet_end, NULL, 0, err);
	for (size_t i = 0; i < count; i++)
		conclude(&out[i], &fleet.at[i]);
	fleet_close(&fleet);
	buf_close(&command);
	arena_close(&arena);
	if (status == 0)
		return out;
	fleet_survey_close(out, count);
	return NULL;
}

void fleet_survey_close(struct fleet_survey *at, size_t count)
{
	for (size_t i = 0; at && i < count; i++)
		survey_close(&at[i].survey);
	free(at);
}
