/* What was changed is written down before anything else is done, and undone at the end in any case.
 */
#include "faults.h"

#include "agent_control.h"
#include "firewall.h"
#include "mem.h"
#include "util.h"

enum {
	FAULTS = 32
};

struct faults {
	size_t count;
	struct fault {
		char label[128];
		int step;
		struct firewall firewall;
	} fault[FAULTS];
};

struct firewall *faults_add(struct agent *agent, const char *label, int step, struct err *err)
{
	struct agent_parts *parts = agent_parts(agent);
	struct faults *faults = parts->faults;

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
	struct fault *fault = &faults->fault[faults->count++];
	*fault = (struct fault){ .step = step };
	snprintf(fault->label, sizeof fault->label, "%s", label);
	return &fault->firewall;
}

static void drop(struct faults *faults, size_t index)
{
	memmove(&faults->fault[index], &faults->fault[index + 1],
		(faults->count - index - 1) * sizeof faults->fault[0]);
	faults->count--;
}

void faults_forget(struct agent *agent, const char *label)
{
	struct faults *faults = agent_parts(agent)->faults;

	for (size_t i = 0; faults != NULL && i < faults->count; i++)
		if (streq(faults->fault[i].label, label)) {
			drop(faults, i);
			return;
		}
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
		drop(faults, i);
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
		struct fault *fault = &parts->faults->fault[--parts->faults->count];
		struct err err = { 0 };
		struct event event;

		if (undo(agent, fault, 0, NULL, &err) == 0)
			continue;
		if (firewall_is_left(&fault->firewall))
			agent_leftover(agent);
		event_init(&event, "heal");
		event_text(&event, "of", fault->label);
		event_text(&event, "error", err.text);
		agent_event(agent, &event);
	}
	free(parts->faults);
	parts->faults = NULL;
}
