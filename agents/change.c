/* The kinds of changes, and what their verbs have in common. */
#include "change.h"

#include "faults.h"
#include "firewall.h"
#include "step.h"
#include "util.h"

static int table_undo(const char *words, char proof[CHANGE_TEXT], struct err *err)
{
	snprintf(proof, CHANGE_TEXT, "table gone");
	return firewall_table_delete(words, err);
}

/* A rule is set by firewall.c; only what a dead agent left of it is undone by words. */
static const struct change change_table = { .what = "table", .undo = table_undo };

const struct change *change_find(const char *what)
{
	const struct step_kind *kind = step_kind_find(what);

	if (streq(change_table.what, what))
		return &change_table;
	return kind != NULL ? kind->change : NULL;
}

/* An address that is taken away, which brings back routes (step_address.c). */
static bool has_routes(const char *what, const char *words)
{
	const char *shall = strchr(words, '\t');

	return streq(what, "address") && shall != NULL && starts_with(shall, "\tnone\t");
}

bool change_meets(const char *what, const char *words, const char *other, const char *other_words)
{
	size_t len = strcspn(words, "\t");

	if (streq(what, other) && strcspn(other_words, "\t") == len &&
	    memcmp(words, other_words, len) == 0)
		return true;
	return (has_routes(what, words) &&
		(streq(other, "route") || has_routes(other, other_words))) ||
	       (streq(what, "route") && has_routes(other, other_words));
}

bool change_word(const char **at, char *word, size_t size)
{
	size_t len = strcspn(*at, "\t");

	if (len == 0 || len >= size)
		return false;
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len;
	*at += **at == '\t' ? 1 : 0;
	return true;
}

int change_run(const struct change *change, struct actor *actor, const struct event *request,
	       struct err *err)
{
	const struct host_facts *host = actor->host;
	const struct change_place place = {
		.spared = host->is_private ? NULL : &host->lifeline,
		.address = &host->address,
	};
	struct change_plan plan = { 0 };
	char proof[CHANGE_TEXT] = "";
	struct event event;

	if (faults_may_share(actor->agent, change->what, err) < 0 ||
	    change->plan(&plan, &place, request, err) < 0 ||
	    faults_change(actor->agent, change, &place, plan.words, request, proof, err) < 0)
		return -1;
	event_init(&event, "fault");
	event_text(&event, "of", actor->now_label);
	event_text(&event, "verb", change->what);
	event_text(&event, "change", plan.asked);
	event_text(&event, "was", plan.was[0] != '\0' ? plan.was : NULL);
	event_text(&event, "proof", proof);
	actor_event(actor, &event);
	return actor_result(actor, "ok", proof);
}
