/* What was changed is written down before anything else is done, and undone at the end in any case.
 */
#include "faults.h"

#include "agent_control.h"
#include "firewall.h"
#include "journal.h"
#include "mem.h"
#include "util.h"

enum {
	FAULTS = 32
};

struct faults {
	struct journal journal;
	size_t count;
	struct fault {
		char label[128];
		int step;
		struct firewall firewall;
		int entry; /* of the journal; 0: none */
	} fault[FAULTS];
};

static struct fault *add(struct agent *agent, const char *label, int step, struct err *err)
{
	struct agent_parts *parts = agent_parts(agent);
	struct faults *faults = parts->faults;
	struct fault *fault;

	if (faults == NULL)
		faults = parts->faults = mem_zeroed(1, sizeof *faults);
	for (size_t i = 0; i < faults->count; i++)
		if (streq(faults->fault[i].label, label)) {
			err_set(err, ERR_BROKE, "%s is set already", label);
			return NULL;
		}
	if (faults->count == FAULTS) {
		err_set(err, ERR_BROKE, "more than %d faults at once", FAULTS);
		return NULL;
	}
	fault = &faults->fault[faults->count++];
	*fault = (struct fault){ .step = step };
	snprintf(fault->label, sizeof fault->label, "%s", label);
	return fault;
}

static void drop(struct faults *faults, struct fault *fault)
{
	size_t index = (size_t)(fault - faults->fault);

	journal_undone(&faults->journal, fault->entry);
	memmove(fault, fault + 1, (faults->count - index - 1) * sizeof *fault);
	faults->count--;
}

int faults_set(struct agent *agent, const struct firewall_spec *spec, int step,
	       char proof[FIREWALL_PROOF], struct err *err)
{
	struct fault *fault = add(agent, spec->label, step, err);
	struct faults *faults = agent_parts(agent)->faults;
	char table[FIREWALL_TABLE];

	if (fault == NULL)
		return -1;
	if (spec->spared != NULL) {
		firewall_table(spec->run, spec->label, table);
		fault->entry = journal_add(&faults->journal, spec->run, "table", table, err);
	}
	if (fault->entry >= 0 && firewall_set(&fault->firewall, spec, proof, err) == 0)
		return 0;
	if (!firewall_is_left(&fault->firewall))
		drop(faults, fault);
	return -1;
}

static int undo(struct agent *agent, struct fault *fault, int step, const char *label,
		struct err *err)
{
	int64_t packets, bytes;
	struct event event;

	if (firewall_unset(&fault->firewall, &packets, &bytes, err) < 0)
		return -1;
	event_init(&event, "heal");
	event.step = step;
	event.label = label;
	event_text(&event, "of", fault->label);
	event_text(&event, "proof", "table gone");
	event_int(&event, "packets", packets);
	event_int(&event, "bytes", bytes);
	agent_event(agent, &event);
	return 0;
}

int faults_heal(struct agent *agent, const char *of, const struct event *request, struct err *err)
{
	struct faults *faults = agent_parts(agent)->faults;

	for (size_t i = 0; faults != NULL && i < faults->count; i++) {
		struct fault *fault = &faults->fault[i];

		if (!streq(fault->label, of))
			continue;
		if (undo(agent, fault, request->step, request->label, err) < 0)
			return -1;
		drop(faults, fault);
		return 0;
	}
	return err_set(err, ERR_BROKE, "heal: no fault %.80s is set", of);
}

void faults_reaped(struct agent *agent, pid_t pid)
{
	struct faults *faults = agent_parts(agent)->faults;

	for (size_t i = 0; faults != NULL && i < faults->count; i++)
		if (faults->fault[i].firewall.owner.pid == pid)
			faults->fault[i].firewall.owner.pid = 0;
}

void faults_end(struct agent *agent)
{
	struct agent_parts *parts = agent_parts(agent);

	if (parts->faults == NULL)
		return;
	/* Last in, first out: the reverse of how they were set. */
	while (parts->faults->count > 0) {
		struct fault *fault = &parts->faults->fault[parts->faults->count - 1];
		struct err err = { 0 };
		struct event event;

		if (undo(agent, fault, 0, NULL, &err) < 0) {
			event_init(&event, "heal");
			event_text(&event, "of", fault->label);
			event_text(&event, "error", err.text);
			agent_event(agent, &event);
		}
		if (!firewall_is_left(&fault->firewall)) {
			drop(parts->faults, fault);
			continue;
		}
		agent_leftover(agent); /* the journal keeps it for the next agent */
		parts->faults->count--;
	}
	journal_close(&parts->faults->journal);
	free(parts->faults);
	parts->faults = NULL;
}
