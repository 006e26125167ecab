/* What a step's own events say about it, as a sentence; a row for each verb that has one of its
 * own. */
#include "record.h"
#include "text.h"

#include <stdarg.h>

static void say(struct step_words *words, const char *fmt, ...) PRINTF(2, 3);
static void say(struct step_words *words, const char *fmt, ...)
{
	size_t len = strlen(words->text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(words->text + len, sizeof words->text - len, fmt, args);
	va_end(args);
}

struct seen {
	const struct event *step, *event;
	size_t nevent;
};

/* The last event of this kind that the step made. */
static const struct event *own(const struct seen *seen, const char *kind)
{
	for (size_t i = seen->nevent; i-- > 0;)
		if (seen->event[i].step == seen->step->step && event_is(&seen->event[i], kind))
			return &seen->event[i];
	return NULL;
}

static const struct event *labelled(const struct seen *seen, const char *label, const char *kind)
{
	for (size_t i = seen->nevent; label && i-- > 0;)
		if (seen->event[i].label && streq(seen->event[i].label, label) &&
		    event_is(&seen->event[i], kind))
			return &seen->event[i];
	return NULL;
}

static const char *port_of(const char *address)
{
	const char *colon = address ? strrchr(address, ':') : NULL;

	return colon ? colon + 1 : "";
}

enum {
	ROOM = 44 /* columns that a step's line has for its words, beside name, host and time */
};

static bool words_serve(struct step_words *out, const struct seen *seen)
{
	const struct event *listen = own(seen, "listen");
	const char *address = record_text(listen, "address", NULL);
	int64_t port = record_num(listen, "port", 0);
	const char *options = record_text(listen, "options", "");
	char port_text[24], pid[32];

	if (!listen || !address)
		return false;
	snprintf(port_text, sizeof port_text, "%lld", (long long)port);
	say(out, "LISTEN %s", address);
	if (port && !streq(port_of(address), port_text))
		say(out, ":%s", port_text);
	snprintf(pid, sizeof pid, ", pid %lld", (long long)record_num(listen, "pid", 0));
	/* Where both are too long for the line, the socket table below has the pid. */
	if (!*options || strlen(out->text) + strlen(pid) + 2 + strlen(options) <= ROOM)
		say(out, "%s", pid);
	if (*options)
		say(out, ", %s", options);
	return true;
}

/* The first peer-closed after step `after` that is a client of the server on `port`. */
static const struct event *next_closed(const struct seen *seen, const char *subject,
				       const char *port, const char *how, int after)
{
	const struct event *first = NULL;

	for (size_t i = 0; i < seen->nevent; i++) {
		const struct event *event = &seen->event[i];

		if (event_is(event, "peer-closed") && event->label && event->step > after &&
		    event->step < seen->step->step && !streq(event->label, subject) &&
		    streq(record_text(event, "how", ""), how) &&
		    streq(port_of(event_get(event, "peer")), port) &&
		    (!first || event->step < first->step))
			first = event;
	}
	return first;
}

/* Which clients saw the server go, grouped by how, in the order of the file: the order in which
 * they saw it is chance. */
static void say_closed(struct step_words *out, const struct seen *seen, const char *subject)
{
	static const char *const hows[] = { "FIN", "RST" };
	const struct event *listen = labelled(seen, subject, "listen");
	char port[24];

	snprintf(port, sizeof port, "%lld", (long long)record_num(listen, "port", 0));
	for (size_t h = 0; h < COUNT(hows); h++) {
		const struct event *event = NULL;
		size_t count = 0;

		while ((event = next_closed(seen, subject, port, hows[h], event ? event->step : 0)))
			if (count++ < 4)
				say(out, "%s%s", count > 1 ? ", " : "; ", event->label);
		if (count > 4)
			say(out, " and %zu more", count - 4);
		if (count > 0)
			say(out, ": closed by server (%s)", hows[h]);
	}
}

static bool words_stop(struct step_words *out, const struct seen *seen)
{
	const struct event *ended = own(seen, "exit");
	const char *subject = record_text(ended, "of", NULL);

	if (!ended)
		return false;
	say(out, "pid %lld ended", (long long)record_num(ended, "pid", 0));
	if (!subject)
		subject = record_text(seen->step, "subject", "");
	say_closed(out, seen, subject);
	out->took_ns = -1; /* what became of the clients is worth the room */
	return true;
}

/* times=N: how each of several connections ended, counted. */
static bool words_counts(struct step_words *out, const struct seen *seen)
{
	const char *query = record_text(own(seen, "resolve"), "query", NULL);
	const char *result = record_text(seen->step, "result", NULL);
	size_t count = 0;

	for (size_t i = 0; i < seen->nevent; i++)
		count +=
		    seen->event[i].step == seen->step->step && event_is(&seen->event[i], "connect");
	if (count < 2 || !result)
		return false;
	say(out, "%zu connections", count);
	if (query)
		say(out, " to %s", query);
	say(out, ": %s", result);
	return true;
}

static bool words_connect(struct step_words *out, const struct seen *seen)
{
	const struct event *connect = own(seen, "connect"), *resolve = own(seen, "resolve");
	const char *result = record_text(connect, "result", NULL);
	const char *query = record_text(resolve, "query", NULL);
	const char *by = record_text(resolve, "by", NULL);

	if (words_counts(out, seen))
		return true;
	if (!result)
		return false;
	out->took_ns = record_num(connect, "took_ns", -1);
	if (!streq(result, "ok")) {
		say(out, "%s", result);
		if (record_text(connect, "text", NULL))
			say(out, " \"%s\"", record_text(connect, "text", ""));
		return true;
	}
	say(out, "established");
	if (query)
		say(out, " with %s", query);
	if (by && streq(by, "literal"))
		say(out, " (literal address)");
	else if (by)
		say(out, " (by %s)", by);
	if (!streq(record_text(seen->step, "result", "ok"), "ok"))
		say(out, ", then %s", record_text(seen->step, "result", ""));
	return true;
}

static bool words_fault(struct step_words *out, const struct seen *seen)
{
	const struct event *fault = own(seen, "fault");
	const char *match = record_text(fault, "match", "");

	if (!fault)
		return false;
	say(out, "%s %s %s", record_text(fault, "hook", ""), record_text(fault, "action", ""),
	    match);
	say(out, ": read back");
	return true;
}

static bool words_change(struct step_words *out, const struct seen *seen)
{
	const struct event *fault = own(seen, "fault");
	const char *was = record_text(fault, "was", NULL);

	if (!fault)
		return false;
	say(out, "%s: read back", record_text(fault, "change", ""));
	if (was)
		say(out, "; it was %s", was);
	return true;
}

static bool words_heal(struct step_words *out, const struct seen *seen)
{
	const struct event *heal = own(seen, "heal");
	const char *of = record_text(heal, "of", record_text(seen->step, "subject", ""));
	int64_t packets = record_num(heal, "packets", -1);

	if (!heal)
		return false;
	say(out, "%s undone: %s", of, record_text(heal, "proof", "read back"));
	if (packets >= 0)
		say(out, "; it met %lld packet%s", (long long)packets, packets == 1 ? "" : "s");
	return true;
}

static bool words_wait(struct step_words *out, const struct seen *seen)
{
	struct seen awaited = *seen;
	struct event step = *seen->step;
	const char *label = record_text(&step, "waits_for", NULL);
	const struct event *connect = labelled(seen, label, "connect");

	if (!connect)
		return false;
	step.step = connect->step;
	awaited.step = &step;
	say(out, "%s: ", label);
	return words_connect(out, &awaited);
}

/* Did the step ask that there be none in this state ("SYN-RECV 0")? Then its absence is news. */
static bool asks_none(const struct event *step, const char *state)
{
	char words[32];

	snprintf(words, sizeof words, "%s 0", state);
	return strstr(record_text(step, "expected", ""), words) != NULL;
}

static bool words_sockets(struct step_words *out, const struct seen *seen)
{
	struct socket_table table = socket_table(seen->step, seen->event, seen->nevent);
	const struct event *end = table.was_read ? &seen->event[table.end - 1] : NULL;
	const char *const states[] = { "LISTEN",     "ESTAB",      "SYN-SENT",   "SYN-RECV",
				       "CLOSE-WAIT", "FIN-WAIT-1", "FIN-WAIT-2", "LAST-ACK",
				       "CLOSING",    "TIME-WAIT" };
	const char *comma = "";

	if (!table.was_read)
		return false;
	/* A client's table has no LISTEN and nobody asked for one. */
	if (table.nlisten == 0 &&
	    (table.nrow == 0 || strstr(record_text(seen->step, "expected", ""), "LISTEN"))) {
		say(out, "no LISTEN");
		if (record_text(end, "ports", NULL))
			say(out, " on %s", record_text(end, "ports", ""));
		comma = "; ";
	}
	for (size_t s = 0; s < COUNT(states); s++) {
		size_t count = 0;

		for (size_t i = table.first; i < table.end; i++)
			if (seen->event[i].step == seen->step->step &&
			    event_is(&seen->event[i], "socket") &&
			    streq(record_text(&seen->event[i], "state", ""), states[s]))
				count++;
		if (count > 0)
			say(out, "%s%s %zu", comma, states[s], count);
		else if (s > 0 && asks_none(seen->step, states[s]))
			say(out, "%sno %s", comma, states[s]);
		else
			continue;
		comma = ", ";
	}
	return true;
}

struct socket_table socket_table(const struct event *step, const struct event *event, size_t nevent)
{
	struct socket_table table = { 0 };

	/* `within` asks again: the last whole reading counts. */
	for (size_t i = 0; i < nevent; i++) {
		if (event[i].step != step->step || !event_is(&event[i], "sockets"))
			continue;
		table.first = table.end;
		table.end = i + 1;
		table.was_read = true;
	}
	for (size_t i = table.first; i < table.end; i++) {
		if (event[i].step != step->step || !event_is(&event[i], "socket"))
			continue;
		table.nrow++;
		table.nlisten += streq(record_text(&event[i], "state", ""), "LISTEN");
	}
	return table;
}

static const struct {
	const char *verb;
	bool (*words)(struct step_words *out, const struct seen *seen);
} verbs[] = {
	{ "tcp.serve", words_serve }, { "tcp.stop", words_stop }, { "tcp.connect", words_connect },
	{ "firewall", words_fault },  { "sysctl", words_change }, { "route", words_change },
	{ "address", words_change },  { "heal", words_heal },     { "wait", words_wait },
	{ "sockets", words_sockets },
};

/* As written; a host in front stands in a column of its own already. */
static const char *as_written(const struct seen *seen, const char *verb)
{
	const char *subject = record_text(seen->step, "subject", "");
	const char *words = record_text(seen->step, "words", verb);
	size_t len = strlen(subject);

	if (len == 0 || !starts_with(words, subject) || words[len] != ' ')
		return words;
	for (size_t i = 0; i < seen->nevent; i++)
		if (seen->event[i].host && streq(seen->event[i].host, subject))
			return words + len + 1;
	return words;
}

void step_words(struct step_words *out, const struct event *step, const struct event *event,
		size_t nevent)
{
	const struct seen seen = { .step = step, .event = event, .nevent = nevent };
	const char *verb = record_text(step, "verb", "");
	const char *result = record_text(step, "result", NULL);
	const char *text = record_text(step, "text", NULL);

	*out = (struct step_words){ .took_ns = record_num(step, "took_ns", -1) };
	if (record_num(step, "background", 0) && !result) {
		say(out, "goes on: %s", as_written(&seen, verb));
		return;
	}
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (streq(verbs[i].verb, verb) && verbs[i].words(out, &seen))
			return;
	say(out, "%s", as_written(&seen, verb));
	if (result && !streq(result, "ok"))
		say(out, ": %s", result);
	if (result && !streq(result, "ok") && text)
		say(out, " (%s)", text);
}
