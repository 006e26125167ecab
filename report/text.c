/* The head of a report and the borders of its phases: what runs, on what, and how the hosts hang
 * together. */
#include "record.h"
#include "text.h"

enum {
	HOSTS_SHOWN = 6
};

/* The records of a host follow each other. */
static size_t count_hosts(const struct event *record, size_t nrecord)
{
	const struct event *host = NULL;
	const char *last = NULL;
	size_t count = 0;

	while ((host = record_next(record, nrecord, host, "host"))) {
		const char *name = record_text(host, "name", "");

		count += !last || !streq(name, last);
		last = name;
	}
	return count;
}

static bool has_one_link(const struct event *record, size_t nrecord)
{
	const struct event *first = record_next(record, nrecord, NULL, "host"), *host = first;

	while ((host = record_next(record, nrecord, host, "host")))
		if (!streq(record_text(host, "link", ""), record_text(first, "link", "")))
			return false;
	return true;
}

/* The last of the hosts that are drawn as one: a group, or the host alone. */
static const struct event *last_drawn(const struct event *record, size_t nrecord,
				      const struct event *host)
{
	const char *group = record_text(host, "group", NULL);
	const struct event *next = host;

	while (group && (next = record_next(record, nrecord, next, "host")) &&
	       streq(record_text(next, "group", ""), group))
		host = next;
	return host;
}

static void add_host(struct line *line, const struct event *host, const struct event *last)
{
	line_fit(line, record_text(host, "name", "?"), 16);
	if (last != host) {
		line_text(line, "…");
		line_fit(line, record_text(last, "name", "?"), 16);
	}
	line_text(line, " ");
	line_fit(line, record_text(host, "address", "?"), 15);
	if (last != host)
		line_text(line, " …");
}

static size_t count_drawn(const struct event *record, size_t nrecord, const struct event *first,
			  size_t *width)
{
	const struct event *host = first;
	struct line line = line_of(&(struct style){ .is_ascii = false });
	size_t count = 0;

	*width = 0;
	for (; (host = record_next(record, nrecord, host, "host")); count++) {
		const struct event *last = last_drawn(record, nrecord, host);
		add_host(&line, host, last);
		*width = line.columns > *width ? line.columns : *width;
		buf_clear(&line.buf);
		line.columns = 0;
		host = last;
	}
	line_close(&line);
	return count;
}

/* One link: the file's first host on the right, the others on the left; a group is one line. */
static void draw_star(FILE *out, const struct style *style, const struct event *record,
		      size_t nrecord)
{
	const struct event *first = record_next(record, nrecord, NULL, "host"), *host = first;
	struct line line = line_of(style);
	size_t width, nleft = count_drawn(record, nrecord, first, &width);
	size_t shown = nleft > HOSTS_SHOWN ? HOSTS_SHOWN - 1 : nleft;

	for (size_t i = 0; i < nleft; i++) {
		bool is_last = i + 1 == nleft || i == shown;

		host = record_next(record, nrecord, host, "host");
		line_to(&line, 6);
		if (i == shown)
			line_printf(&line, "… %zu more", nleft - shown);
		else
			add_host(&line, host, last_drawn(record, nrecord, host));
		host = last_drawn(record, nrecord, host);
		line_to(&line, 6 + width + 1);
		line_sign(&line, SIGN_DASH);
		if (nleft > 1)
			line_sign(&line, i == 0 ? SIGN_TOP : is_last ? SIGN_BOTTOM : SIGN_MIDDLE);
		if (is_last) {
			line_sign(&line, SIGN_DASH);
			line_text(&line, " ");
			line_fit(&line, record_text(first, "link", "link"), 10);
			line_text(&line, " ");
			line_signs(&line, SIGN_DASH, 3);
			line_text(&line, " ");
			add_host(&line, first, first);
		}
		line_end(&line, out);
		if (is_last)
			break;
	}
	line_close(&line);
}

/* Several links, or one host: a line a link. */
static void draw_links(FILE *out, const struct style *style, const struct event *record,
		       size_t nrecord)
{
	const struct event *host = NULL, *other;
	struct line line = line_of(style);

	while ((host = record_next(record, nrecord, host, "host"))) {
		const char *link = record_text(host, "link", "");
		size_t shown = 0;

		other = NULL;
		while ((other = record_next(record, nrecord, other, "host")) && other < host)
			if (streq(record_text(other, "link", ""), link))
				break;
		if (other != host)
			continue;
		line_to(&line, 6);
		line_fit(&line, link, 12);
		line_to(&line, 14);
		for (other = host; other; other = record_next(record, nrecord, other, "host")) {
			if (!streq(record_text(other, "link", ""), link))
				continue;
			line_to(&line, line.columns + 1);
			if (line.columns + 34 > TEXT_COLUMNS || shown++ == HOSTS_SHOWN) {
				line_text(&line, "…");
				break;
			}
			line_sign(&line, SIGN_DASH);
			line_text(&line, " ");
			add_host(&line, other, other);
		}
		line_end(&line, out);
	}
	line_close(&line);
}

void text_head(FILE *out, const struct style *style, const struct event *record, size_t nrecord)
{
	const struct event *run = record_next(record, nrecord, NULL, "run");
	size_t nhost = count_hosts(record, nrecord);
	struct line line = line_of(style);
	const char *const notes[] = { record_text(run, "note", NULL),
				      record_text(run, "unseen", NULL) };

	if (style->verbose < 0)
		return;
	line_paint(&line, PAINT_BOLD);
	line_fit(&line, record_text(run, "scenario", "?"), 40);
	line_text(&line, ": ");
	line_words(&line, out, record_text(run, "title", ""), 2, COLUMNS);
	line_end(&line, out);
	line_fit(&line, record_text(run, "backend", "?"), 16);
	line_printf(&line, " · %zu host%s · run ", nhost, nhost == 1 ? "" : "s");
	line_fit(&line, record_text(run, "run", "?"), 16);
	line_end(&line, out);
	for (size_t i = 0; i < COUNT(notes); i++) {
		if (!notes[i])
			continue;
		line_to(&line, 2);
		line_words(&line, out, notes[i], 2, TEXT_COLUMNS);
		line_end(&line, out);
	}
	if (!style->is_plain && nhost > 0) {
		line_end(&line, out);
		if (nhost > 1 && has_one_link(record, nrecord))
			draw_star(out, style, record, nrecord);
		else
			draw_links(out, style, record, nrecord);
		line_end(&line, out);
	}
	line_close(&line);
}

void text_phase(FILE *out, const struct style *style, const struct event *phase)
{
	struct line line = line_of(style);

	if (style->verbose < 0 || style->is_plain)
		return; /* plain: each step's line names its phase */
	line_to(&line, 2);
	line_paint(&line, PAINT_BOLD);
	line_fit(&line, record_text(phase, "name", "?"), 40);
	line_end(&line, out);
	line_close(&line);
}

void text_report(FILE *out, const struct style *style, const struct result *result)
{
	text_head(out, style, result->record, result->nrecord);
	for (size_t i = 0; i < result->nrecord; i++) {
		const struct event *event = &result->record[i];

		if (event_is(event, "phase"))
			text_phase(out, style, event);
		if (event_is(event, "step"))
			text_step(out, style, event, result->analysis.event,
				  result->analysis.nevent);
	}
	text_verdict(out, style, result);
}
