/* What stands behind ->: result words, a socket table, or a value; then `to HOST`, `within TIME`.
 */
#include "scenario_load.h"

#include "errname.h"
#include "parse.h"
#include "step_text.h"

enum {
	COUNT_MAX = 1000000
};

struct reader {
	struct loader *loader;
	const struct ini_entry *entry;
	const struct words *words;
	size_t at;
	const struct step_kind *kind;
	struct expectation *out;
	bool is_open; /* a comma stands behind the last count */
};

#define FAIL(r, ...) COMPLAIN_AT((r)->loader, (r)->entry, place(r), __VA_ARGS__)

static int place(const struct reader *r)
{
	if (r->at < r->words->count)
		return r->words->at[r->at].column;
	return r->entry->column + (int)strlen(r->entry->value);
}

static const char *here(const struct reader *r)
{
	return r->at < r->words->count ? r->words->at[r->at].text : NULL;
}

static bool is_at(const struct reader *r, const char *word)
{
	return here(r) && !r->words->at[r->at].is_quoted && streq(here(r), word);
}

static bool parse_range(const char *text, int64_t min, int64_t max, int64_t *from, int64_t *to)
{
	const char *dots = strstr(text, "..");
	char first[32];

	if (!dots) {
		if (parse_int(text, min, max, from) < 0)
			return false;
		*to = *from;
		return true;
	}
	if ((size_t)(dots - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(dots - text));
	first[dots - text] = 0;
	return parse_int(first, min, max, from) == 0 && parse_int(dots + 2, min, max, to) == 0 &&
	       *from <= *to;
}

static void read_within(struct reader *r)
{
	const char *text, *dots;

	r->at++;
	text = here(r);
	if (!text) {
		FAIL(r, "within needs a time: within 50ms, or within 2.9s..3.3s");
		return;
	}
	dots = strstr(text, "..");
	const char *last = dots ? dots + 2 : text;
	const char *first = dots ? arena_ndup(r->loader->arena, text, (size_t)(dots - text)) : "0s";
	if (parse_duration_ns(first, &r->out->within_min_ns) < 0 ||
	    parse_duration_ns(last, &r->out->within_max_ns) < 0 || r->out->within_max_ns <= 0 ||
	    r->out->within_min_ns > r->out->within_max_ns)
		FAIL(r, "within: %s is no time such as 50ms or 2.9s..3.3s", text);
	r->at++;
}

static void read_to(struct reader *r)
{
	r->at++;
	if (!here(r)) {
		FAIL(r, "to needs a host");
		return;
	}
	if (!(r->kind->flags & STEP_CONNECTS))
		FAIL(r, "%s goes nowhere: to HOST is for verbs that connect", r->kind->name);
	else if (host_check(r->loader, r->entry, place(r), here(r)) != SIZE_MAX)
		r->out->to_host = here(r);
	r->at++;
}

static bool is_result(const struct step_kind *kind, const char *word)
{
	if (streq(word, "ok"))
		return kind->results & RESULT_OK;
	if (streq(word, "TIMEOUT"))
		return kind->results & RESULT_TIMEOUT;
	if (streq(word, "EOF"))
		return kind->results & RESULT_EOF;
	return (kind->results & RESULT_ERRNO) && errname_number(word) != 0;
}

static const char *near_errno(struct arena *arena, const char *word)
{
	const char *known[160] = { "ok", "TIMEOUT", "EOF" };
	size_t count = 3;

	for (int i = 1; i < 134 && count < COUNT(known); i++)
		if (errname(i)[1] != '?')
			known[count++] = errname(i);
	return did_you_mean(arena, word, known, count);
}

static bool check_word(struct reader *r, const char *word)
{
	if (is_result(r->kind, word))
		return true;
	FAIL(r, "%s is no result of %s (%s)%s", word, r->kind->name,
	     step_results(r->kind, r->loader->arena), near_errno(r->loader->arena, word));
	return false;
}

/* A|B|C as one word */
static void read_word(struct reader *r)
{
	struct expectation *out = r->out;

	for (const char *at = here(r);;) {
		size_t len = strcspn(at, "|");
		const char *word = arena_ndup(r->loader->arena, at, len);
		if (!check_word(r, word))
			;
		else if (out->nword == COUNT(out->word))
			FAIL(r, "more than %zu results", COUNT(out->word));
		else
			out->word[out->nword++] = word;
		if (!at[len])
			break;
		at += len + 1;
	}
	r->at++;
}

static bool ends_in_comma(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && text[len - 1] == ',';
}

/* `ok 7..13, ETIMEDOUT 7`: a result word and a number, of a verb that has times=. */
static bool is_counted(const struct reader *r)
{
	const char *next = r->at + 1 < r->words->count ? r->words->at[r->at + 1].text : "";

	if (r->out->times > 0 && *next >= '0' && *next <= '9')
		return true;
	return r->out->times > 1 && (r->out->ncount > 0 || ends_in_comma(here(r)));
}

/* Why a count of this word cannot stand here; NULL: it can. */
static const char *count_refused(const struct reader *r, const char *word)
{
	const struct expectation *out = r->out;

	if (out->times == 1)
		return "a count needs times=N in front of ->, above 1";
	if (out->nword)
		return "either one result for all connections, or counts";
	if (out->ncount > 0 && !r->is_open)
		return "a comma stands between two counts";
	if (out->ncount == COUNT(out->count))
		return "one count too many";
	if (ends_in_comma(word))
		return "how many? A number or 7..13 in front of the comma";
	for (size_t i = 0; i < out->ncount; i++)
		if (streq(out->count[i].word, word))
			return "given twice";
	return NULL;
}

static void read_count(struct reader *r)
{
	struct expectation *out = r->out;
	const char *word = here(r), *why = count_refused(r, word), *text;
	struct word_count count = { .word = word };

	if (why)
		FAIL(r, "%s: %s", word, why);
	if (why || !check_word(r, word)) {
		r->at = r->words->count;
		return;
	}
	r->at++;
	text = here(r) ? here(r) : "";
	r->is_open = ends_in_comma(text);
	if (r->is_open)
		text = arena_ndup(r->loader->arena, text, strlen(text) - 1);
	if (!parse_range(text, 0, out->times, &count.min, &count.max)) {
		FAIL(r, "%s: how many? A number or 7..13, at most %lld", word,
		     (long long)out->times);
		r->at = r->words->count;
		return;
	}
	out->count[out->ncount++] = count;
	r->at++;
}

static const char *state_name(const char *text)
{
	static const char *const states[] = {
		"LISTEN",     "ESTAB",     "SYN-SENT",   "SYN-RECV", "FIN-WAIT-1",
		"FIN-WAIT-2", "TIME-WAIT", "CLOSE-WAIT", "LAST-ACK", "CLOSING",
	};

	if (streq(text, "ESTABLISHED"))
		return "ESTAB";
	for (size_t i = 0; i < COUNT(states); i++)
		if (streq(states[i], text))
			return states[i];
	return NULL;
}

/* peers=a,b */
static void read_peers(struct reader *r, const char *list)
{
	for (const char *at = list;;) {
		size_t len = strcspn(at, ",");
		const char *name = arena_ndup(r->loader->arena, at, len);
		if (r->out->npeer == COUNT(r->out->peer))
			FAIL(r, "more than %zu peers", COUNT(r->out->peer));
		else if (host_check(r->loader, r->entry, place(r), name) != SIZE_MAX)
			r->out->peer[r->out->npeer++] = name;
		if (!at[len])
			break;
		at += len + 1;
	}
}

static void read_owner(struct reader *r, const char *name)
{
	size_t step = step_check(r->loader, r->entry, place(r), name);

	if (step != SIZE_MAX && r->loader->step[step].kind &&
	    !(r->loader->step[step].kind->flags & STEP_ACTOR))
		FAIL(r, "%s runs no process that could own a socket", name);
	else if (step != SIZE_MAX)
		r->out->owner = name;
}

/* LISTEN 1, ESTAB 2 peers=a,b owner=serve */
static void read_sockets(struct reader *r)
{
	struct expectation *out = r->out;

	if (starts_with(here(r), "peers=")) {
		read_peers(r, here(r) + 6);
		r->at++;
		return;
	}
	if (starts_with(here(r), "owner=")) {
		read_owner(r, here(r) + 6);
		r->at++;
		return;
	}
	const char *state = state_name(here(r));
	if (!state) {
		FAIL(r, "%s is no socket state as ss prints it (LISTEN 1, ESTAB 2 ...)", here(r));
		r->at = r->words->count;
		return;
	}
	for (size_t i = 0; i < out->nstate; i++)
		if (streq(out->state[i].state, state))
			FAIL(r, "%s is given twice", state);
	if (out->nstate == COUNT(out->state)) {
		FAIL(r, "more than %zu states", COUNT(out->state));
		r->at = r->words->count;
		return;
	}
	struct state_count *count = &out->state[out->nstate++];
	count->state = state;
	r->at++;
	const char *text = here(r);
	size_t len = text ? strlen(text) : 0;
	if (len > 0 && text[len - 1] == ',')
		text = arena_ndup(r->loader->arena, text, len - 1);
	if (!text || !parse_range(text, 0, COUNT_MAX, &count->min, &count->max)) {
		FAIL(r, "%s: how many? A number or 1..3", state);
		r->at = text ? r->at : r->words->count;
	}
	if (r->at < r->words->count)
		r->at++;
}

/* +1 (change since the run began), 0, 3..5 */
static void read_value(struct reader *r)
{
	const char *text = here(r);

	r->out->is_value = true;
	r->out->is_change = *text == '+';
	if (!parse_range(text + (*text == '+'), 0, INT64_MAX, &r->out->value_min,
			 &r->out->value_max))
		FAIL(r, "%s is no number: 0, 3..5, or +1 for a change since the run began", text);
	r->at++;
}

static void finish(struct reader *r)
{
	const struct expectation *out = r->out;
	bool is_measured = out->nword || out->nstate || out->is_value || out->ncount;
	int64_t least = 0;

	for (size_t i = 0; i < out->ncount; i++)
		least += out->count[i].min;
	if (r->is_open)
		FAIL(r, "behind the comma a count is missing");
	if (out->ncount && least > out->times)
		FAIL(r, "the counts come to %lld at least, times= to %lld", (long long)least,
		     (long long)out->times);
	if (out->npeer && out->nstate == 0)
		FAIL(r, "peers= of which sockets? Name a state: ESTAB 2 peers=...");
	else if (out->owner && out->nstate == 0)
		FAIL(r, "owner= of which sockets? Name a state: LISTEN 1 owner=...");
	else if (!is_measured)
		FAIL(r, "a result is missing behind ->");
}

void load_result(struct loader *loader, const struct ini_entry *entry, const struct words *words,
		 size_t from, const struct step_kind *kind, struct expectation *out)
{
	struct reader r = { .loader = loader,
			    .entry = entry,
			    .words = words,
			    .at = from,
			    .kind = kind,
			    .out = out };
	size_t before = loader->complaints->count;
	struct buf text = { 0 };

	for (size_t i = from; i < words->count; i++)
		buf_printf(&text, "%s%s", i > from ? " " : "", words->at[i].text);
	out->text = arena_dup(loader->arena, text.data ? text.data : "");
	buf_close(&text);
	if (kind->results == 0) {
		r.at = from;
		FAIL(&r, "%s has no result to expect", kind->name);
		return;
	}
	while (here(&r)) {
		bool is_errno =
		    kind->results & (RESULT_OK | RESULT_ERRNO) && is_result(kind, here(&r));
		if (is_at(&r, "within"))
			read_within(&r);
		else if (is_at(&r, "to"))
			read_to(&r);
		else if (starts_with(here(&r), "times="))
			return (void)FAIL(&r, "times= stands in front of ->, the counts behind it: "
					      "times=20 -> ok 7..13");
		else if (is_counted(&r))
			read_count(&r);
		else if ((kind->results & RESULT_SOCKETS) && !is_errno)
			read_sockets(&r);
		else if ((kind->results & RESULT_VALUE) && !is_errno)
			read_value(&r);
		else if (out->nword)
			return (void)FAIL(&r, "%s: one result, or A|B for either of them",
					  here(&r));
		else
			read_word(&r);
	}
	if (loader->complaints->count == before)
		finish(&r);
}
