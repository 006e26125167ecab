/* Words (ok, errno names), socket tables and counter values against the expectation of a step. */
#include "expect.h"

#include "addr.h"
#include "parse.h"

struct check {
	const struct plan *plan;
	const struct expectation *expect;
	const struct step_outcome *outcome;
	char *why;
	size_t len;
};

static int no(const struct check *check, const char *fmt, ...) PRINTF(2, 3);
static int no(const struct check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(check->why, check->len, fmt, args);
	va_end(args);
	return 0;
}

static int holds_word(const struct check *check)
{
	const struct expectation *e = check->expect;

	if (e->nword == 0)
		return streq(check->outcome->result, "ok")
			   ? 1
			   : no(check, "got %s, not ok", check->outcome->result);
	for (size_t i = 0; i < e->nword; i++)
		if (streq(e->word[i], check->outcome->result))
			return 1;
	return no(check, "got %s", check->outcome->result);
}

/* The next "WORD N" of a tally; false: none is left, or it is no tally. */
static bool next_count(const char **at, char word[32], int64_t *count)
{
	size_t len = strcspn(*at, " "), digits;
	char number[16];

	if (len == 0 || len >= 32 || (*at)[len] != ' ')
		return false;
	memcpy(word, *at, len);
	word[len] = 0;
	*at += len + 1;
	digits = strcspn(*at, ",");
	if (digits >= sizeof(number))
		return false;
	memcpy(number, *at, digits);
	number[digits] = 0;
	*at += digits;
	if (starts_with(*at, ", "))
		*at += 2;
	return parse_int(number, 1, INT32_MAX, count) == 0;
}

static bool is_word_asked(const struct expectation *e, const char *word)
{
	for (size_t i = 0; i < e->nword; i++)
		if (streq(e->word[i], word))
			return true;
	return e->nword == 0 && streq(word, "ok");
}

/* Of times=N connections, counted as "ok 12, ETIMEDOUT 8". */
static int holds_counts(const struct check *check)
{
	const struct expectation *e = check->expect;
	const char *result = check->outcome->result, *at = result;
	int64_t have[COUNT(e->count)] = { 0 }, count, sum = 0;
	char word[32];

	while (next_count(&at, word, &count)) {
		sum += count;
		if (e->ncount == 0 && !is_word_asked(e, word))
			return no(check, "got %s", result);
		for (size_t i = 0; i < e->ncount; i++)
			if (streq(e->count[i].word, word))
				have[i] += count;
	}
	if (*at || sum != e->times)
		return no(check, "got %s, no count of %lld connections", result,
			  (long long)e->times);
	for (size_t i = 0; i < e->ncount; i++) {
		const struct word_count *asked = &e->count[i];
		if (have[i] >= asked->min && have[i] <= asked->max)
			continue;
		if (asked->min == asked->max)
			return no(check, "got %s: %s %lld is not %lld", result, asked->word,
				  (long long)have[i], (long long)asked->min);
		return no(check, "got %s: %s %lld is not %lld..%lld", result, asked->word,
			  (long long)have[i], (long long)asked->min, (long long)asked->max);
	}
	return 1;
}

static int holds_time(const struct check *check)
{
	const struct expectation *e = check->expect;
	int64_t took = check->outcome->took_ns;

	if (e->within_max_ns == 0)
		return 1;
	if (took > e->within_max_ns)
		return no(check, "took %.3f s, longer than %.3f s", (double)took / 1e9,
			  (double)e->within_max_ns / 1e9);
	if (took < e->within_min_ns)
		return no(check, "took %.3f s, less than %.3f s", (double)took / 1e9,
			  (double)e->within_min_ns / 1e9);
	return 1;
}

static bool is_row(const struct event *event, const char *state)
{
	const char *have = event_is(event, "socket") ? event_get(event, "state") : NULL;

	return have && event_num(event, "snapshot", 0) == 0 && (!state || streq(have, state));
}

static size_t host_of(const struct plan *plan, const char *peer)
{
	struct addr addr, own;

	if (!peer || addr_parse_text(&addr, peer) < 0)
		return SIZE_MAX;
	for (size_t h = 0; h < plan->nhost; h++)
		for (size_t p = 0; p < plan->host[h].nport; p++)
			if (addr_parse(&own, plan->host[h].port[p].address, 0) == 0 &&
			    addr_same_ip(&own, &addr))
				return h;
	return SIZE_MAX;
}

static int holds_peers(const struct check *check)
{
	const struct expectation *e = check->expect;
	size_t rows = 0;

	for (size_t i = 0; i < check->outcome->nevent; i++) {
		const struct event *row = &check->outcome->event[i];
		if (!is_row(row, "ESTAB"))
			continue;
		rows++;
		size_t host = host_of(check->plan, event_get(row, "peer"));
		bool is_named = false;
		for (size_t k = 0; k < e->npeer && host != SIZE_MAX; k++)
			is_named |= streq(e->peer[k], check->plan->host[host].name);
		if (!is_named)
			return no(check, "peer %s is none of those named", event_get(row, "peer"));
	}
	for (size_t k = 0; k < e->npeer; k++) {
		bool is_there = false;
		for (size_t i = 0; i < check->outcome->nevent; i++) {
			const struct event *row = &check->outcome->event[i];
			size_t host = is_row(row, "ESTAB")
					  ? host_of(check->plan, event_get(row, "peer"))
					  : SIZE_MAX;
			is_there |=
			    host != SIZE_MAX && streq(e->peer[k], check->plan->host[host].name);
		}
		if (!is_there)
			return no(check, "%s is not among the %zu peers", e->peer[k], rows);
	}
	return 1;
}

/* Every row of a state that was asked for must belong to the process of the step named. */
static int holds_owner(const struct check *check)
{
	const struct expectation *e = check->expect;

	for (size_t i = 0; i < check->outcome->nevent; i++) {
		const struct event *row = &check->outcome->event[i];
		bool is_asked = false;
		for (size_t k = 0; k < e->nstate; k++)
			is_asked |= is_row(row, e->state[k].state);
		if (!is_asked)
			continue;
		int64_t pid = event_num(row, "pid", 0);
		if (pid == 0)
			return no(check, "the owner of %s is unknown", event_get(row, "local"));
		if (pid != check->outcome->owner_pid)
			return no(check, "%s belongs to pid %lld, not to %s (pid %lld)",
				  event_get(row, "local"), (long long)pid, e->owner,
				  (long long)check->outcome->owner_pid);
	}
	return 1;
}

static int holds_sockets(const struct check *check)
{
	const struct expectation *e = check->expect;

	if (!streq(check->outcome->result, "ok"))
		return no(check, "got %s", check->outcome->result);
	for (size_t k = 0; k < e->nstate; k++) {
		int64_t rows = 0;
		for (size_t i = 0; i < check->outcome->nevent; i++)
			rows += is_row(&check->outcome->event[i], e->state[k].state);
		if (rows < e->state[k].min || rows > e->state[k].max)
			return no(check, "%s %lld", e->state[k].state, (long long)rows);
	}
	if (e->npeer && !holds_peers(check))
		return 0;
	return e->owner ? holds_owner(check) : 1;
}

static int holds_value(const struct check *check)
{
	const struct expectation *e = check->expect;
	int64_t value;

	if (parse_int(check->outcome->result, INT64_MIN, INT64_MAX, &value) < 0)
		return no(check, "got %s, not a number", check->outcome->result);
	if (e->is_change && __builtin_sub_overflow(value, check->outcome->value_before, &value))
		return no(check, "got %s, which no counter reaches", check->outcome->result);
	if (value < e->value_min || value > e->value_max)
		return no(check, "got %s%lld", e->is_change && value >= 0 ? "+" : "",
			  (long long)value);
	return 1;
}

static int holds_host(const struct check *check)
{
	const char *name = check->expect->to_host;
	bool is_made = false;

	if (!name)
		return 1;
	for (size_t i = 0; i < check->outcome->nevent; i++) {
		const struct event *event = &check->outcome->event[i];
		if (!event_is(event, "connect") || event->step != check->outcome->step)
			continue;
		size_t host = host_of(check->plan, event_get(event, "peer"));
		if (host == SIZE_MAX || !streq(check->plan->host[host].name, name))
			return no(check, "it went to %s", event_get(event, "peer"));
		is_made = true; /* with times= each must go there */
	}
	return is_made ? 1 : no(check, "no connection was made");
}

int expect_holds(const struct plan *plan, const struct scenario_step *step,
		 const struct step_outcome *outcome, char *why, size_t len)
{
	const struct expectation *e = &step->expect;
	const struct check check = { plan, e, outcome, why, len };

	why[0] = 0;
	if (e->nstate)
		return holds_sockets(&check);
	if (e->is_value)
		return holds_value(&check);
	if (!(e->times > 1 ? holds_counts(&check) : holds_word(&check)))
		return 0;
	/* For observing verbs `within` is how long to ask again, not how long one answer took. */
	if (!(step->kind->flags & STEP_OBSERVES) && !holds_time(&check))
		return 0;
	return holds_host(&check);
}
