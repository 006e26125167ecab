/* An inventory from text, as machines and as targets; no other program is asked. */
#ifndef INVENTORY_TEXT_H
#define INVENTORY_TEXT_H

#include "scenario_text.h"

#include "inventory.h"
#include "targets.h"

struct fleet {
	struct arena arena;
	struct complaints complaints;
	struct targets targets;
	struct err err;
	int status;
};

static inline const char *fleet_file(const char *text)
{
	write_text("fleet.ini", text, strlen(text));
	return test_file("fleet.ini");
}

/* transport: as --transport has it. */
static inline void fleet_read(struct fleet *out, const char *text, const char *transport)
{
	const struct targets_asked asked = { .inventory = fleet_file(text),
					     .transport = transport };

	*out = (struct fleet){ .status = 0 };
	out->complaints.arena = &out->arena;
	out->status = targets_read(&out->targets, &asked, &out->arena, &out->complaints, &out->err);
}

static inline void fleet_close(struct fleet *fleet)
{
	arena_close(&fleet->arena);
}

static inline const struct target *fleet_target(struct fleet *fleet, const char *name)
{
	const struct target *target = targets_find(&fleet->targets, name, &fleet->err);

	if (!target)
		fail_msg("%s: %s", name, fleet->err.text);
	return target;
}

#endif
