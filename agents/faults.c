/* What was changed is written down before anything else is done, and undone at the end in any case.
 */
#include "faults.h"

#include "agent_control.h"
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
		int entry;                   /* of the journal; 0: none */
		const struct change *change; /* by words; NULL: a rule */
		char *words;                 /* owned */
		struct firewall firewall;
	} fault[FAULTS];
};

int faults_may_share(const struct agent *agent, const char *verb, struct err *err)
{
	const struct host_facts *host = agent_host(agent);

	if (host->is_private)
		return 0;
	if (!lifeline_is_known(&host->lifeline))
		return err_set(err, ERR_CANNOT,
			       "%s: this network stack is not the run's own, and the "
			       "controller's connection to it is not known (SSH_CONNECTION)",
			       verb);
	if (host->run[0] == '\0' || host->address.family == 0)
		return err_set(err, ERR_BROKE, "%s: setup named no run or no address", verb);
	return 0;
}

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
	free(fault->words);
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

/* Undone in the order in which they come to mind, two changes of one thing would leave the first.
 */
static int is_first(const struct faults *faults, const struct change *change, const char *words,
		    struct err *err)
{
	size_t len = strcspn(words, "\t");

	for (size_t i = 0; faults != NULL && i < faults->count; i++) {
		const struct fault *fault = &faults->fault[i];

		if (fault->change == change && strcspn(fault->words, "\t") == len &&
		    memcmp(fault->words, words, len) == 0)
			return err_set(err, ERR_BROKE,
				       "%s: %.*s was changed by %s: heal that first", change->what,
				       (int)len, words, fault->label);
	}
	return 0;
}

/* Until it was noted somebody else may have healed what was planned upon. */
static int is_as_planned(const struct change *change, const struct change_place *place,
			 const char *words, const struct event *request, struct err *err)
{
	struct change_plan again = { 0 };
	bool is_same;

	if (change->plan(&again, place, request, err) < 0)
		return -1;
	is_same = change->is_same != NULL ? change->is_same(words, again.words)
					  : streq(again.words, words);
	return is_same ? 0
		       : err_set(err, ERR_BROKE, "%s: it is being changed by somebody else",
				 change->what);
}

int faults_change(struct agent *agent, const struct change *change,
		  const struct change_place *place, const char *words, const struct event *request,
		  char proof[CHANGE_TEXT], struct err *err)
{
	struct err ignored = { 0 };
	char undone[CHANGE_TEXT];
	struct faults *faults;
	struct fault *fault;

	if (is_first(agent_parts(agent)->faults, change, words, err) < 0)
		return -1;
	fault = add(agent, request->label != NULL ? request->label : "", request->step, err);
	if (fault == NULL)
		return -1;
	faults = agent_parts(agent)->faults;
	fault->change = change;
	fault->words = mem_text(words);
	if (place->spared != NULL)
		fault->entry =
		    journal_add(&faults->journal, agent_host(agent)->run, change->what, words, err);
	if (fault->entry < 0 ||
	    (fault->entry > 0 && is_as_planned(change, place, words, request, err) < 0)) {
		drop(faults, fault);
		return -1;
	}
	if (change->make(words, place, proof, err) == 0)
		return 0;
	if (change->undo(words, undone, &ignored) >= 0)
		drop(faults, fault);
	return -1;
}

static bool is_left(const struct fault *fault)
{
	char proof[CHANGE_TEXT];
	struct err ignored = { 0 };

	return fault->change != NULL ? fault->change->undo(fault->words, proof, &ignored) < 0
				     : firewall_is_left(&fault->firewall);
}

/* Somebody else's change since then is theirs, and no undoing of ours. */
static int unset(struct fault *fault, struct event *event, char proof[CHANGE_TEXT], struct err *err)
{
	int64_t packets, bytes;
	int end;

	if (fault->change == NULL) {
		if (firewall_unset(&fault->firewall, &packets, &bytes, err) < 0)
			return -1;
		snprintf(proof, CHANGE_TEXT, "table gone");
		event_int(event, "packets", packets);
		event_int(event, "bytes", bytes);
		return 0;
	}
	end = fault->change->undo(fault->words, proof, err);
	if (end == CHANGE_THEIRS)
		return err_set(err, ERR_BROKE, "%s: %s", fault->change->what, proof);
	return end < 0 ? -1 : 0;
}

static int undo(struct agent *agent, struct fault *fault, int step, const char *label,
		struct err *err)
{
	char proof[CHANGE_TEXT] = "";
	struct event event;

	event_init(&event, "heal");
	event.step = step;
	event.label = label;
	event_text(&event, "of", fault->label);
	if (unset(fault, &event, proof, err) < 0)
		return -1;
	event_text(&event, "proof", proof);
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
		if (!is_left(fault)) {
			drop(parts->faults, fault);
			continue;
		}
		agent_leftover(agent); /* the journal keeps it for the next agent */
		free(fault->words);
		parts->faults->count--;
	}
	journal_close(&parts->faults->journal);
	free(parts->faults);
	parts->faults = NULL;
}
