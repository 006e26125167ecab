/* The proof of a verdict: what each witness says and where it is written, what it was not, and what
 * was not seen. */
#include "cite.h"
#include "judge.h"
#include "record.h"
#include "safe.h"
#include "text.h"

enum {
	KEY = 6,
	SAYS = 19,
	PROOFS_SHOWN = 8,
	RULED_OUT_SHOWN = 2
};

/* Key, words, and the citation at the right: on the same line where it fits. */
void text_claim(FILE *out, const struct style *style, const char *key, const char *says,
		const char *source)
{
	struct line line = line_of(style);

	line_to(&line, KEY);
	line_text(&line, key);
	line_to(&line, SAYS);
	line_words(&line, out, says, SAYS, TEXT_COLUMNS);
	if (*source && line.columns + 1 + utf8_columns(source) > TEXT_COLUMNS &&
	    SAYS + utf8_columns(source) <= TEXT_COLUMNS)
		line_end(&line, out);
	line_paint(&line, PAINT_DIM);
	if (*source)
		line_right(&line, source, TEXT_COLUMNS);
	line_end(&line, out);
	line_close(&line);
}

/* A claim with its proof. Without -v it takes one line where it can: the first clause, and the
 * first of its sources when all of them do not fit. */
static void proven_claim(FILE *out, const struct style *style, const char *key, const char *says,
			 const struct analysis *analysis, const struct source *source,
			 size_t nsource)
{
	char text[256], cited[160];
	char *clause;

	snprintf(text, sizeof text, "%s", says);
	cite(cited, sizeof cited, analysis, source, nsource);
	clause = strstr(text, "; ");
	if (style->verbose <= 0 && clause)
		*clause = '\0';
	if (style->verbose <= 0 && nsource > 1 &&
	    SAYS + utf8_columns(text) + 1 + utf8_columns(cited) > TEXT_COLUMNS)
		cite(cited, sizeof cited, analysis, source, 1);
	text_claim(out, style, key, text, cited);
}

static bool holds_source(const struct evidence *evidence, const struct source *source)
{
	for (size_t i = 0; i < evidence->nsource; i++) {
		const struct source *own = &evidence->source[i];

		if (own->kind == source->kind && own->first <= source->first &&
		    source->last <= own->last &&
		    (own->kind == SOURCE_EVENT || streq(own->file, source->file)))
			return true;
	}
	return false;
}

static bool is_within(const struct evidence *small, const struct evidence *big)
{
	for (size_t i = 0; i < small->nsource; i++)
		if (!holds_source(big, &small->source[i]))
			return false;
	return true;
}

/* Does another claim of the same witness rest on all of its sources and on more? Then that one says
 * it too: "RST answers the SYN" holds "the SYN left". */
static bool is_implied(const struct finding *finding, size_t index)
{
	const struct evidence *evidence = &finding->evidence[index];

	for (size_t i = 0; i < finding->nevidence; i++)
		if (i != index && finding->evidence[i].witness == evidence->witness &&
		    is_within(evidence, &finding->evidence[i]) &&
		    !is_within(&finding->evidence[i], evidence))
			return true;
	return false;
}

/* Was it this look-alike that the scenario wants ruled out? */
static bool is_asked(const struct result *result, const char *code)
{
	const struct event *expect = record_next(result->record, result->nrecord, NULL, "expect");
	const char *at = record_text(expect, "not", "");
	char asked[64];

	for (; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
		snprintf(asked, sizeof asked, "%.*s", (int)strcspn(at, " "), at);
		if (code_matches(asked, code))
			return true;
	}
	return false;
}

static void one_ruled_out(FILE *out, const struct style *style, const struct result *result,
			  const struct ruled_out *ruled_out, bool is_first)
{
	const char *cause = strchr(ruled_out->code, '.');
	char words[64], says[256];

	snprintf(words, sizeof words, "%s", cause ? cause + 1 : ruled_out->code);
	for (char *at = words; *at; at++)
		if (*at == '-')
			*at = ' ';
	snprintf(says, sizeof says, "%s: %s", words, ruled_out->says);
	proven_claim(out, style, is_first ? "ruled out" : "", says, &result->analysis,
		     ruled_out->source, ruled_out->nsource);
}

/* Those that were asked for come first. */
static void add_ruled_out(FILE *out, const struct style *style, const struct result *result,
			  size_t most)
{
	const struct finding *finding = result->finding;
	size_t shown = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < finding->nruled_out && shown < most; i++) {
			const struct ruled_out *ruled_out = &finding->ruled_out[i];

			if (is_asked(result, ruled_out->code) != (pass == 0))
				continue;
			one_ruled_out(out, style, result, ruled_out, shown++ == 0);
		}
	}
}

static void add_missing(FILE *out, const struct style *style, const struct finding *finding)
{
	for (size_t i = 0; i < finding->nmissing; i++) {
		const struct missing *missing = &finding->missing[i];
		char says[320];

		snprintf(says, sizeof says, "%s%s%s", missing->what,
			 missing->fetch ? "; to get it: " : "",
			 missing->fetch ? missing->fetch : "");
		text_claim(out, style, i == 0 ? "missing" : "", says, "");
	}
}

void text_proof(FILE *out, const struct style *style, const struct result *result)
{
	const struct finding *finding = result->finding;
	bool shows_all = style->verbose > 0;
	size_t shown = 0;

	for (size_t i = 0; i < finding->nevidence; i++) {
		const struct evidence *evidence = &finding->evidence[i];

		if (!shows_all && (is_implied(finding, i) || ++shown > PROOFS_SHOWN))
			continue;
		proven_claim(out, style, witness_name(evidence->witness), evidence->says,
			     &result->analysis, evidence->source, evidence->nsource);
	}
	if (shown > PROOFS_SHOWN)
		text_claim(out, style, "", "… more with -v", "");
	add_ruled_out(out, style, result, shows_all ? finding->nruled_out : RULED_OUT_SHOWN);
	add_missing(out, style, finding);
}
