/* What `lab analyze` prints: one block a connection, verdict first, each claim with its source. */
#include "cite.h"
#include "paint.h"
#include "record.h"
#include "safe.h"

enum {
	INDENT = 2,
	SAYS_AT = 16
};

static void claim(FILE *out, struct line *line, const char *key, const char *says,
		  const char *source)
{
	line_to(line, INDENT);
	line_text(line, key);
	line_to(line, SAYS_AT);
	line_words(line, out, says, SAYS_AT, TEXT_COLUMNS);
	if (*source) {
		if (line->columns + 2 + utf8_columns(source) > TEXT_COLUMNS)
			line_end(line, out);
		line_paint(line, PAINT_DIM);
		line_right(line, source, TEXT_COLUMNS);
	}
	line_end(line, out);
}

static void head(FILE *out, struct line *line, const struct finding *finding)
{
	const struct connection *c = finding->connection;
	bool is_ok = streq(finding->code, "ok");
	char took[TIME_TEXT];

	line_paint(line, is_ok ? PAINT_GOOD : PAINT_BAD);
	line_sign(line, is_ok ? SIGN_YES : SIGN_NO);
	line_paint(line, PAINT_NONE);
	line_text(line, " ");
	line_paint(line, PAINT_BOLD);
	line_text(line, finding->code);
	line_paint(line, PAINT_NONE);
	line_printf(line, " (%s)", confidence_name(finding->confidence));
	if (c->label)
		line_printf(line, "  %s", c->label);
	if (c->result && c->took_ns >= 0)
		line_printf(line, "  %s after %s", c->result, time_text(c->took_ns, took));
	if (line->style->verbose < 0)
		line_text(line, "  ");
	else {
		line_end(line, out);
		line_to(line, INDENT);
	}
	line_printf(line, "%s%s%s to %s%s%s", c->client_host ? c->client_host : "",
		    c->client_host ? " " : "", c->client ? c->client : "?",
		    c->server_host ? c->server_host : "", c->server_host ? " " : "",
		    c->server ? c->server : "?");
	line_end(line, out);
	if (c->folded && *c->folded && line->style->verbose >= 0)
		claim(out, line, "packets", c->folded, "");
}

static void body(FILE *out, struct line *line, const struct style *style,
		 const struct analysis *analysis, const struct finding *finding)
{
	char source[160];

	claim(out, line, "meaning", finding->says, "");
	for (size_t i = 0; i < finding->nevidence; i++)
		claim(out, line, witness_name(finding->evidence[i].witness),
		      finding->evidence[i].says,
		      cite(source, sizeof source, analysis, finding->evidence[i].source,
			   finding->evidence[i].nsource));
	for (size_t i = 0; style->verbose > 0 && i < finding->nruled_out; i++) {
		char says[320];

		snprintf(says, sizeof says, "%s: %s", finding->ruled_out[i].code,
			 finding->ruled_out[i].says);
		claim(out, line, "ruled out", says,
		      cite(source, sizeof source, analysis, finding->ruled_out[i].source,
			   finding->ruled_out[i].nsource));
	}
	for (size_t i = 0; i < finding->nmissing; i++) {
		const char *fetch = finding->missing[i].fetch;
		char says[320];

		snprintf(says, sizeof says, "%s%s%s", finding->missing[i].what,
			 fetch ? "; to get it: " : "", fetch ? fetch : "");
		claim(out, line, "missing", says, "");
	}
	for (size_t i = 0; i < finding->nnext && !streq(finding->code, "ok"); i++)
		claim(out, line, i == 0 ? "look at" : "", finding->next[i], "");
}

void findings_text(FILE *out, const struct style *style, const struct analysis *analysis)
{
	struct line line = line_of(style);

	for (size_t i = 0; i < analysis->nfinding; i++) {
		const struct finding *finding = &analysis->finding[i];

		head(out, &line, finding);
		/* What works needs no proof unless it is asked for. */
		if (style->verbose > 0 || (style->verbose == 0 && !streq(finding->code, "ok")))
			body(out, &line, style, analysis, finding);
	}
	for (size_t i = 0; i < analysis->ncapture; i++) {
		const struct capture_info *capture = &analysis->capture[i];

		if (capture->dropped <= 0 && !capture->is_cut)
			continue;
		line_printf(&line, "%s: ", capture->file);
		if (capture->dropped > 0)
			line_printf(&line, "%lld packet%s dropped by the kernel%s",
				    (long long)capture->dropped, capture->dropped == 1 ? "" : "s",
				    capture->is_cut ? ", and " : "");
		if (capture->is_cut)
			line_text(&line, "cut: it ends inside a packet, or what follows is none");
		line_end(&line, out);
	}
	line_close(&line);
}

void text_quiet(FILE *out, const struct result *result)
{
	const struct style style = { 0 };
	struct line line = line_of(&style);
	const struct event *run = record_next(result->record, result->nrecord, NULL, "run");

	/* All probes have one name; what was asked tells them apart. */
	line_text(&line, result->is_probe ? record_text(run, "title", "?") : result->scenario);
	line_printf(&line, ": %s (%s)%s", result->verdict, confidence_name(result->confidence),
		    result->exit_status == 0 || (result->is_probe && result->exit_status == 1) ? ""
		    : result->exit_status == 1 ? ", not as expected"
					       : ", undecided");
	line_end(&line, out);
	line_close(&line);
}
