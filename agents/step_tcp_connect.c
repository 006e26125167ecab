/* tcp.connect: a client in a process of its own resolves the name, connects, exchanges messages. */

#include <errno.h>

#include "clock.h"
#include "resolve.h"
#include "routes.h"
#include "step_tcp.h"
#include "tally.h"

enum {
	PATIENCE_MS = 150000,
	ENDPOINT_NAME = 256,
	TIMES_MOST = 1000
};

static const struct param params[] = {
	{ .name = "to",
	  .kind = PARAM_ENDPOINT,
	  .is_positional = true,
	  .is_required = true,
	  .text = "whom to connect to; a name is resolved on the host at connect time" },
	{ .name = "messages",
	  .kind = PARAM_COUNT,
	  .fallback = "0",
	  .text = "messages to send, each answered before the next" },
	{ .name = "interval",
	  .kind = PARAM_DURATION,
	  .fallback = "0ms",
	  .text = "pause between two messages" },
	{ .name = "keep",
	  .kind = PARAM_YESNO,
	  .fallback = "no",
	  .text = "hold the connection until the peer closes it or the run ends" },
	{ .name = "timeout",
	  .kind = PARAM_DURATION,
	  .text = "own patience with connect(); when it ends the result is TIMEOUT" },
	{ .name = "syn-retries",
	  .kind = PARAM_COUNT,
	  .text = "how often the kernel repeats the SYN (TCP_SYNCNT)" },
	{ .name = "times",
	  .kind = PARAM_COUNT,
	  .fallback = "1",
	  .least = 1,
	  .most = TIMES_MOST,
	  .text = "connections to make, one after the other, each closed before the next" },
	{ 0 },
};

/* The name to an address; -1: the result is named. */
static int find_target(struct actor *actor, const char *endpoint, struct addr *target)
{
	struct resolver resolver = { .hosts = actor->host->names,
				     .hosts_last = actor->host->names_last,
				     .deadline_ns = actor->deadline_ns };
	char name[ENDPOINT_NAME], text[ADDR_TEXT];
	struct resolved resolved;
	struct event event;
	struct err err = { 0 };
	uint16_t port;
	int rc;

	if (resolve_split(endpoint, name, sizeof name, &port) < 0) {
		snprintf(actor->text, sizeof actor->text, "%.200s is no NAME:PORT", endpoint);
		return -1;
	}
	rc = resolve_name(&resolved, name, &resolver, &err);
	event_init(&event, "resolve");
	event_text(&event, "query", name);
	if (rc == 0)
		event_text(&event, "address", addr_ip_text(&resolved.addr, text));
	event_text(&event, "by", resolved.by);
	event_int(&event, "took_ns", resolved.took_ns);
	if (rc < 0)
		event_text(&event, "error", err.text);
	actor_event(actor, &event);
	if (rc < 0)
		actor_result(actor, "error", err.text);
	*target = resolved.addr;
	target->port = port;
	return rc;
}

static void tell_connecting(void *context, const struct client *client)
{
	struct actor *actor = context;
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct event event;

	event_init(&event, "connecting");
	event_text(&event, "local", addr_text(&client->local, local));
	event_text(&event, "peer", addr_text(&client->peer, peer));
	actor_event(actor, &event);
}

static void tell_connect(struct actor *actor, const char *target, const struct outcome *outcome)
{
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct event event;

	event_init(&event, "connect");
	if (actor->local.family != 0)
		event_text(&event, "local", addr_text(&actor->local, local));
	event_text(&event, "peer", addr_text(&actor->peer, peer));
	event_text(&event, "result", outcome_result(outcome));
	event_int(&event, "errno", outcome->number);
	event_text(&event, "text", outcome->text);
	event_int(&event, "took_ns", outcome->took_ns);
	event_int(&event, "start_ns", outcome->start_ns);
	event_text(&event, "target", target);
	actor_event(actor, &event);
}

static void pass_event(void *to, const struct event *event)
{
	struct event copy = *event;

	actor_event(to, &copy);
}

/* Right now the kernel still knows what was in the way. */
static void tell_way(struct actor *actor, const struct outcome *outcome)
{
	const struct sink sink = { .event = pass_event, .to = actor };

	if (outcome->kind == OUTCOME_ERRNO &&
	    (outcome->number == EHOSTUNREACH || outcome->number == ENETUNREACH))
		routes_lost_emit(&actor->peer, &sink);
}

/* Hosts that share a stack are told apart by their address alone, so a client there binds its own.
 */
static bool shares_stack(const struct host_facts *host)
{
	return host->address.family == 4 && host->address.ip[0] == 127;
}

/* One connection with its messages, left open when they went well; -1: the step's result is named
 * already. */
static int connect_once(struct actor *actor, const struct event *request, struct outcome *outcome)
{
	const char *endpoint = request_text(request, "to", "");
	struct client *client = &tcp_held(actor)->client;
	struct connect_options options = {
		.syn_retries = (int)request_num(request, "syn-retries", -1),
		.connecting = tell_connecting,
	};
	int64_t messages = request_num(request, "messages", 0);

	if (find_target(actor, endpoint, &options.target) < 0)
		return -1;
	if (shares_stack(actor->host))
		options.from = actor->host->address;
	options.from.port = 0;
	options.deadline_ns = tcp_deadline(actor, request, "timeout");
	client_connect(client, &options, outcome);
	actor->local = client->local;
	actor->peer = client->peer;
	actor->fd = client->fd;
	tell_way(actor, outcome);
	tell_connect(actor, endpoint, outcome);
	if (outcome->kind != OUTCOME_OK || messages == 0)
		actor->took_ns = outcome->took_ns;
	tcp_exchange(actor, messages, request_num(request, "interval", 0), outcome);
	return 0;
}

/* Several, in order, each as a client of its own; the result counts how they ended. */
static int connect_times(struct actor *actor, const struct event *request, int64_t times)
{
	struct tally tally = { 0 };
	char text[TALLY_TEXT];

	for (int64_t i = 0; i < times; i++) {
		struct outcome outcome = { .kind = OUTCOME_STOPPED, .text = "stopped" };

		if (actor_wait(actor, -1, 0, 0) < 0) /* told to end */
			return tcp_result(actor, &outcome);
		actor->sent = 0;
		if (connect_once(actor, request, &outcome) < 0)
			return 0;
		tcp_close_held(actor);
		if (outcome.kind == OUTCOME_STOPPED)
			return tcp_result(actor, &outcome);
		if (!tally_add(&tally, outcome_result(&outcome)))
			return actor_result(actor, "error", "too many different results to count");
	}
	actor->took_ns = -1; /* of the whole step */
	return actor_result(actor, tally_text(&tally, text), NULL);
}

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	int64_t times = request_num(request, "times", 1);
	bool is_kept = request_is_yes(request, "keep", false);
	struct outcome outcome;

	if (times < 1 || times > TIMES_MOST)
		return err_set(err, ERR_BROKE, "times is 1 to %d", TIMES_MOST);
	if (times > 1 && is_kept)
		return err_set(err, ERR_BROKE, "of several connections none is kept");
	if (actor->deadline_ns == INT64_MAX)
		actor->deadline_ns = clock_after_ms(PATIENCE_MS);
	if (times > 1)
		return connect_times(actor, request, times);
	if (connect_once(actor, request, &outcome) < 0)
		return 0;
	if (outcome.kind == OUTCOME_OK && is_kept)
		actor->hold = tcp_hold;
	else
		tcp_close_held(actor);
	return tcp_result(actor, &outcome);
}

const struct step_kind step_tcp_connect = {
	.name = "tcp.connect",
	.text = "connect to a server by name or address, as a client in a process of its own",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = STEP_ACTOR | STEP_CONNECTS,
	.results = RESULT_OK | RESULT_ERRNO | RESULT_TIMEOUT | RESULT_EOF,
	.run = run,
};
