/* The steps of the three phases, in the file's order, and what they must come to together. */
#include "scenario_load.h"

static enum phase phase_of(const char *section)
{
	for (int i = 0; i < PHASE_COUNT; i++)
		if (streq(phase_name((enum phase)i), section))
			return (enum phase)i;
	return PHASE_COUNT;
}

static void check_name(struct loader *l, const struct ini_entry *e)
{
	if (!name_is_plain(e->key, "") || strlen(e->key) > 32)
		COMPLAIN_AT(l, e, e->key_column,
			    "%s is no step name: a to z, 0 to 9 and -, at most 32", e->key);
	size_t same = scenario_step_find(l->out, e->key);
	if (same != SIZE_MAX)
		COMPLAIN_AT(l, e, e->key_column, "a step %s is in line %d already", e->key,
			    l->step[same].line);
	if (scenario_host_find(l->out, e->key) != SIZE_MAX)
		COMPLAIN_AT(l, e, e->key_column, "%s is a host: a step needs a name of its own",
			    e->key);
}

void load_steps(struct loader *l)
{
	const struct ini_entry *first = NULL; /* of the fault */
	bool asserts = false;

	l->step = arena_array(l->arena, l->flat.nentry + 1, sizeof(*l->step));
	l->is_waited = arena_array(l->arena, l->flat.nentry + 1, sizeof(bool));
	l->is_healed = arena_array(l->arena, l->flat.nentry + 1, sizeof(bool));
	l->out->step = l->step;
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		for (size_t i = 0; i < l->flat.nentry; i++) {
			const struct ini_entry *e = &l->flat.entry[i];
			if (phase_of(e->section) != (enum phase)phase)
				continue;
			struct scenario_step *step = &l->step[l->out->nstep];
			*step = (struct scenario_step){
				.number = (int)l->out->nstep + 1,
				.name = e->key,
				.phase = (enum phase)phase,
				.line = e->line,
				.column = e->column,
				.words = e->value,
				.subject = SIZE_MAX,
			};
			if (phase == PHASE_FAULT && !first)
				first = e;
			check_name(l, e);
			if (!e->is_bad)
				load_step(l, e, step);
			asserts |= phase == PHASE_FAULT &&
				   (e->is_bad || !step->kind || step->expect.text != NULL);
			l->out->nstep++;
		}
	for (size_t i = 0; i < l->out->nstep; i++)
		if (l->step[i].is_background && !l->is_waited[i])
			complaint_add(
			    l->complaints,
			    ini_find(&l->flat, phase_name(l->step[i].phase), l->step[i].name)->path,
			    l->step[i].line, l->step[i].column,
			    "%s goes on in the background and is never waited for: wait %s -> "
			    "...",
			    l->step[i].name, l->step[i].name);
	if (!asserts)
		complaint_add(l->complaints, first ? first->path : l->path, first ? first->line : 1,
			      1, "[fault] asserts nothing: give one of its steps a -> RESULT");
}
