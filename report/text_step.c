/* A step as it passes: sign, name, host, what happened, how long; under it the server's output, the
 * socket table, or what was expected instead. */
#include "record.h"
#include "text.h"

enum {
	NAME = 6,
	HOST = 14,
	WORDS = 24,
	ROWS_SHOWN = 8,
	CLIENTS_SHOWN = 3,
	CLIENTS_TOLD_APART = 64
};

/* The host where it happened: the subject, or where the subject's own step happened. */
static const char *host_of(const struct event *step, const struct event *event, size_t nevent)
{
	for (size_t i = 0; i < nevent; i++)
		if (step->step && event[i].step == step->step && event[i].host)
			return event[i].host;
	return record_text(step, "subject", "");
}

/* Its place among the clients whose messages a server told: the colour of all its lines. All behind
 * the first CLIENTS_TOLD_APART share one: events are many. */
static size_t client_index(const struct event *event, size_t nevent, const char *name)
{
	const char *known[CLIENTS_TOLD_APART];
	size_t nknown = 0;

	for (size_t i = 0; i < nevent && nknown < CLIENTS_TOLD_APART; i++) {
		const char *other;
		size_t k = 0;

		if (!event_is(&event[i], "message"))
			continue;
		other = record_text(&event[i], "name", "");
		if (streq(other, name))
			break;
		while (k < nknown && !streq(known[k], other))
			k++;
		if (k == nknown)
			known[nknown++] = other;
	}
	return nknown;
}

static void add_message(FILE *out, const struct style *style, const struct event *message,
			const char *who, size_t client, size_t nmore)
{
	struct line line = line_of(style);
	char more[32] = "";
	size_t name;

	if (nmore > 0)
		snprintf(more, sizeof more, "… %zu more", nmore);
	line_to(&line, 10);
	line_fit(&line, message->host ? message->host : "server", 16);
	line_text(&line, " ");
	line_sign(&line, SIGN_BAR);
	line_text(&line, " ");
	line_paint(&line, PAINT_CLIENT + (enum paint)(client % CLIENT_PAINTS));
	name = line.columns;
	line_fit(&line, who, 16);
	line_text(&line, ":");
	line_to(&line, name + 7);
	line_fit(&line, record_text(message, "text", ""),
		 TEXT_COLUMNS - (nmore > 0 ? 11 : 0) - line.columns);
	line_paint(&line, PAINT_NONE);
	if (nmore > 0)
		line_right(&line, more, TEXT_COLUMNS);
	line_end(&line, out);
	line_close(&line);
}

/* Did the server print it about this step's client? */
static bool is_message(const struct event *event, const struct event *step)
{
	return event_is(event, "message") && streq(record_text(event, "name", ""), step->label);
}

/* What the server printed about this step's client: its first line; with -v all of them, and what
 * the client received. */
static void add_messages(FILE *out, const struct style *style, const struct event *step,
			 const struct event *event, size_t nevent)
{
	size_t client, count = 0;

	if (!step->label)
		return;
	client = client_index(event, nevent, step->label);
	if (style->verbose <= 0 && client >= CLIENTS_SHOWN)
		return;
	for (size_t i = 0; i < nevent; i++)
		count += is_message(&event[i], step);
	for (size_t i = 0; i < nevent; i++) {
		bool is_received = style->verbose > 0 && event[i].step == step->step &&
				   event_is(&event[i], "recv");

		if (!is_received && !is_message(&event[i], step))
			continue;
		add_message(out, style, &event[i], step->label, client,
			    style->verbose > 0 ? 0 : count - 1);
		if (style->verbose <= 0)
			return;
	}
}

static void add_socket(struct line *line, const struct event *row)
{
	const char *process = record_text(row, "process", NULL);
	char owner[64];

	line_to(line, 14);
	line_fit(line, record_text(row, "state", "?"), 10);
	line_to(line, 25);
	line_fit(line, record_text(row, "local", "?"), 21);
	line_to(line, 43);
	line_fit(line, record_text(row, "peer", "?"), 21);
	line_to(line, 61);
	if (process || record_num(row, "pid", 0))
		snprintf(owner, sizeof owner, "%.16s %lld", process ? process : "pid",
			 (long long)record_num(row, "pid", 0));
	else
		snprintf(owner, sizeof owner, "-");
	line_fit(line, owner, COLUMNS - line->columns);
}

/* LISTEN first, then by state and addresses: the kernel's order is that of a hash. */
static int row_order(const struct event *a, const struct event *b)
{
	static const char *const keys[] = { "state", "local", "peer" };
	int order = streq(record_text(b, "state", ""), "LISTEN") -
		    streq(record_text(a, "state", ""), "LISTEN");

	for (size_t k = 0; order == 0 && k < COUNT(keys); k++)
		order = strcmp(record_text(a, keys[k], ""), record_text(b, keys[k], ""));
	return order != 0 ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

/* The row of the step's table that comes after `last` (NULL: the first); NULL: no more. */
static const struct event *next_row(const struct event *event, const struct socket_table *table,
				    int step, const struct event *last)
{
	const struct event *next = NULL;

	for (size_t i = table->first; i < table->end; i++) {
		const struct event *row = &event[i];

		if (row->step == step && event_is(row, "socket") &&
		    (!last || row_order(row, last) > 0) && (!next || row_order(row, next) < 0))
			next = row;
	}
	return next;
}

/* As ss prints it; the head of the table stands on the step's own line. */
static void add_sockets(FILE *out, const struct style *style, const struct event *step,
			const struct event *event, size_t nevent)
{
	struct socket_table table = socket_table(step, event, nevent);
	struct line line = line_of(style);
	const struct event *row = NULL;
	size_t shown = 0;

	while ((row = next_row(event, &table, step->step, row))) {
		if (style->verbose <= 0 && shown++ == ROWS_SHOWN) {
			line_to(&line, 14);
			line_printf(&line, "… %zu more", table.nrow - ROWS_SHOWN);
			line_end(&line, out);
			break;
		}
		add_socket(&line, row);
		line_end(&line, out);
	}
	line_close(&line);
}

/* A probe says what it got, and expects nothing. */
static bool is_as_asked(const struct event *step)
{
	return record_is_ok(step) || streq(record_text(step, "phase", ""), "probe");
}

static void add_complaint(FILE *out, const struct style *style, const struct event *step)
{
	struct line line = line_of(style);
	const char *expected = record_text(step, "expected", "ok");
	const char *result = record_text(step, "result", "nothing");
	const char *why = record_text(step, "why", NULL);

	if (is_as_asked(step))
		return;
	line_to(&line, HOST);
	line_paint(&line, PAINT_BAD);
	line_text(&line, "expected ");
	line_words(&line, out, expected, HOST + 2, TEXT_COLUMNS);
	line_text(&line, ", ");
	if (!why || !starts_with(why, "got ")) { /* else it says so itself */
		line_text(&line, "got ");
		line_words(&line, out, result, HOST + 2, TEXT_COLUMNS);
		line_text(&line, why ? ": " : "");
	}
	if (why)
		line_words(&line, out, why, HOST + 2, TEXT_COLUMNS);
	line_end(&line, out);
	line_close(&line);
}

static void add_sign(struct line *line, const struct event *step)
{
	bool is_ok = record_is_ok(step);

	if (record_num(step, "background", 0) && !event_get(step, "result")) {
		line_sign(line, SIGN_OPEN);
		return;
	}
	line_paint(line, is_ok ? PAINT_GOOD : PAINT_BAD);
	line_sign(line, is_ok ? SIGN_YES : SIGN_NO);
	line_paint(line, PAINT_NONE);
}

/* Piped: phase, outcome, name, host, words, time, on one line. */
static void step_plain(FILE *out, const struct style *style, const struct event *step,
		       const struct step_words *words, const char *host)
{
	struct line line = line_of(style);
	char time[TIME_TEXT];

	line_printf(&line, "%s %s %s ", record_text(step, "phase", "-"),
		    record_is_ok(step) ? "ok" : "FAILED", step->label ? step->label : "-");
	line_text(&line, *host ? host : "-");
	line_text(&line, " ");
	line_text(&line, words->text);
	if (words->took_ns >= 0)
		line_printf(&line, " (%s)", time_text(words->took_ns, time));
	if (!is_as_asked(step)) {
		line_text(&line, ", expected ");
		line_text(&line, record_text(step, "expected", "ok"));
		if (event_get(step, "why")) {
			line_text(&line, ": ");
			line_text(&line, event_get(step, "why"));
		}
	}
	line_end(&line, out);
	line_close(&line);
}

static void step_line(FILE *out, const struct style *style, const struct event *step,
		      const struct step_words *words, const char *host)
{
	struct line line = line_of(style);
	char time[TIME_TEXT];

	line_to(&line, 4);
	add_sign(&line, step);
	line_to(&line, NAME);
	line_fit(&line, step->label ? step->label : "-", 16);
	line_to(&line, HOST);
	line_fit(&line, host, 16);
	line_to(&line, WORDS);
	line_fit(&line, words->text, TEXT_COLUMNS - (words->took_ns >= 0 ? 9 : 0) - line.columns);
	if (words->took_ns >= 0)
		line_right(&line, time_text(words->took_ns, time), TEXT_COLUMNS);
	line_end(&line, out);
	line_close(&line);
}

static void sockets_line(FILE *out, const struct style *style, const struct event *step,
			 const struct step_words *words, bool has_table)
{
	struct line line = line_of(style);

	line_to(&line, 4);
	add_sign(&line, step);
	line_to(&line, NAME);
	line_fit(&line, step->label ? step->label : "-", 16);
	line_to(&line, 14);
	if (has_table && line.columns == 14) {
		line_text(&line, "State");
		line_to(&line, 25);
		line_text(&line, "Local");
		line_to(&line, 43);
		line_text(&line, "Peer");
		line_to(&line, 61);
		line_text(&line, "Process");
	} else {
		line_fit(&line, words->text, TEXT_COLUMNS - line.columns);
	}
	line_end(&line, out);
	line_close(&line);
}

void text_step(FILE *out, const struct style *style, const struct event *step,
	       const struct event *event, size_t nevent)
{
	const char *host = host_of(step, event, nevent);
	struct socket_table table;
	struct step_words words;

	if (style->verbose < 0)
		return;
	step_words(&words, step, event, nevent);
	if (style->is_plain) {
		step_plain(out, style, step, &words, host);
		if (style->verbose > 0)
			add_messages(out, style, step, event, nevent);
		return;
	}
	table = socket_table(step, event, nevent);
	if (table.was_read) {
		bool has_table = table.nlisten > 0 || (style->verbose > 0 && table.nrow > 0);

		sockets_line(out, style, step, &words, has_table);
		if (has_table)
			add_sockets(out, style, step, event, nevent);
	} else {
		step_line(out, style, step, &words, host);
		if (streq(record_text(step, "verb", ""), "tcp.connect"))
			add_messages(out, style, step, event, nevent);
	}
	add_complaint(out, style, step);
}
