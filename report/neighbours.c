/* How a failure differs from the one it is mistaken for. Times are predicted from the sysctls that
 * the client's host told in this run: a constant would be wrong on the next machine. */
#include "parse.h"
#include "record.h"
#include "synclock.h"
#include "text.h"

static bool ends_with(const char *text, size_t len, const char *suffix)
{
	size_t own = strlen(suffix);

	return len >= own && strncmp(text + len - own, suffix, own) == 0;
}

/* What the event tells of such a sysctl: a reading, or a step that set it or set it back and read
 * "NAME = VALUE"; -1: nothing. */
static int64_t told_by(const struct event *event, const char *suffix)
{
	const char *name = record_text(event, "name", ""), *equals;
	const char *proof = record_text(event, "proof", "");
	int64_t value;

	if (event_is(event, "sysctl") && ends_with(name, strlen(name), suffix))
		return record_num(event, "value", -1);
	equals = strstr(proof, " = ");
	if ((event_is(event, "fault") || event_is(event, "heal")) && equals &&
	    ends_with(proof, (size_t)(equals - proof), suffix) &&
	    parse_int(equals + strlen(" = "), 0, INT32_MAX, &value) == 0)
		return value;
	return -1;
}

/* As it was at the client's host when the connection ended. */
static int64_t sysctl_of(const struct result *result, const struct connection *connection,
			 const char *suffix)
{
	const struct analysis *analysis = &result->analysis;
	int64_t last = -1;

	for (size_t i = 0; i < analysis->nevent && connection->client_host; i++) {
		const struct event *event = &analysis->event[i];
		int64_t value = told_by(event, suffix);

		if (connection->event && event->seq > connection->event)
			break;
		if (value >= 0 && event->host && streq(event->host, connection->client_host))
			last = value;
	}
	return last;
}

/* TCP_SYNCNT of this connect, as the step asked for it; -1: none. */
static int64_t syncnt_of(const struct result *result, const struct connection *connection)
{
	const struct event *step =
	    connection->label ? record_step(result->record, result->nrecord, connection->label)
			      : NULL;
	const char *at = strstr(record_text(step, "words", ""), "syn-retries=");
	char number[8] = "";
	int64_t count;

	if (!at)
		return -1;
	at += strlen("syn-retries=");
	snprintf(number, sizeof number, "%.*s", (int)strspn(at, "0123456789"), at);
	return parse_int(number, 1, 127, &count) == 0 ? count : -1;
}

static bool predict(struct syn_schedule *out, int64_t *retries, const struct result *result)
{
	const struct connection *connection = result->finding->connection;
	int64_t syncnt = syncnt_of(result, connection);
	int64_t linear;

	*retries = syncnt > 0 ? syncnt : sysctl_of(result, connection, "tcp_syn_retries");
	linear = sysctl_of(result, connection, "tcp_syn_linear_timeouts");
	if (*retries < 1 || *retries > 127)
		return false;
	syn_schedule(out, (int)*retries, linear > 0 && linear < 256 ? (int)linear : 0, 0);
	return true;
}

/* " 1 2 3 4 5 7 11": seconds of the repeated SYNs, the first eight. */
static void repeats(char *out, size_t len, const struct syn_schedule *schedule)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 1; i < schedule->nsyn && i < 9 && used < len; i++)
		used += (size_t)snprintf(out + used, len - used, " %lld",
					 (long long)(schedule->at_ms[i] / 1000));
}

static void words_refused(char *out, size_t len, const struct result *result)
{
	struct syn_schedule schedule;
	int64_t retries;
	char at[64];

	if (!predict(&schedule, &retries, result)) {
		snprintf(out, len, "not a timeout: then nothing answers and the SYN repeats");
		return;
	}
	repeats(at, sizeof at, &schedule);
	snprintf(out, len, "not a timeout: then nothing answers, SYN repeats at%s s", at);
}

static void words_timeout(char *out, size_t len, const struct result *result)
{
	struct syn_schedule schedule;
	int64_t retries;
	char at[64];

	if (!predict(&schedule, &retries, result)) {
		snprintf(out, len, "not a refusal: then a RST answers the first SYN at once");
		return;
	}
	repeats(at, sizeof at, &schedule);
	snprintf(out, len,
		 "not a refusal: then a RST answers at once; with %lld retr%s this kernel repeats "
		 "the SYN at%s s and gives up after %.1f to %.1f s",
		 (long long)retries, retries == 1 ? "y" : "ies", at,
		 (double)schedule.least_ms / 1e3, (double)schedule.most_ms / 1e3);
}

static const struct {
	const char *family;
	void (*words)(char *out, size_t len, const struct result *result);
} families[] = {
	{ "refused", words_refused },
	{ "timeout", words_timeout },
};

void neighbours_words(char *out, size_t len, const struct result *result)
{
	out[0] = '\0';
	for (size_t i = 0; result->finding && i < COUNT(families); i++) {
		size_t family = strlen(families[i].family);

		if (strncmp(result->verdict, families[i].family, family) == 0 &&
		    (result->verdict[family] == '.' || result->verdict[family] == '\0'))
			families[i].words(out, len, result);
	}
}
