/* tcp.serve: the server in a process of its own; done when the kernel's table shows it in LISTEN.
 */

#include "actor.h"
#include "clock.h"
#include "errname.h"
#include "mem.h"
#include "server.h"
#include "sockdiag.h"

static const struct param params[] = {
	{ .name = "port",
	  .kind = PARAM_PORT,
	  .is_positional = true,
	  .is_required = true,
	  .text = "the port to listen on" },
	{ .name = "address",
	  .kind = PARAM_ADDRESS,
	  .text = "the address to bind; absent: the host's own" },
	{ .name = "reuseaddr",
	  .kind = PARAM_YESNO,
	  .fallback = "yes",
	  .text = "set SO_REUSEADDR, so that TIME-WAIT does not keep the port" },
	{ .name = "backlog",
	  .kind = PARAM_COUNT,
	  .fallback = "16",
	  .text = "connections that the kernel keeps until they are accepted" },
	{ .name = "delay",
	  .kind = PARAM_DURATION,
	  .fallback = "0ms",
	  .text = "wait before each answer" },
	{ 0 },
};

static void put_connection(struct event *event, const struct server_connection *connection,
			   char local[ADDR_TEXT], char peer[ADDR_TEXT])
{
	event_text(event, "local", addr_text(&connection->local, local));
	event_text(event, "peer", addr_text(&connection->peer, peer));
	event_int(event, "connection", connection->number);
	if (connection->name[0] != '\0')
		event_text(event, "name", connection->name);
}

static void accepted(void *context, const struct server_connection *connection)
{
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct event event;

	event_init(&event, "accept");
	put_connection(&event, connection, local, peer);
	actor_event(context, &event);
}

static void message_came(void *context, const struct server_connection *connection,
			 const struct message *message)
{
	char local[ADDR_TEXT], peer[ADDR_TEXT], text[MESSAGE_SHORT + 4];
	struct event event;

	event_init(&event, "message");
	put_connection(&event, connection, local, peer);
	event_text(&event, "text", message_short(message, text));
	event_int(&event, "bytes", (int64_t)message->len);
	actor_event(context, &event);
}

static void closed(void *context, const struct server_connection *connection, const char *how,
		   int number, const char *text)
{
	char local[ADDR_TEXT], peer[ADDR_TEXT];
	struct event event;

	event_init(&event, streq(how, "error") ? "close" : "peer-closed");
	put_connection(&event, connection, local, peer);
	if (streq(how, "error")) {
		event_text(&event, "by", "local");
		event_text(&event, "text", text);
	} else {
		event_text(&event, "how", how);
		event_int(&event, "errno", number);
	}
	actor_event(context, &event);
}

static const struct server_events server_events = {
	.accepted = accepted,
	.message = message_came,
	.closed = closed,
};

static int hold(struct actor *actor)
{
	int rc;

	do
		rc = server_poll(actor->state, actor->channel, INT64_MAX);
	while (rc == 0 || rc == 1);
	return rc == 2;
}

static bool drain(struct actor *actor, int64_t deadline_ns)
{
	return server_drain(actor->state, deadline_ns);
}

static void tell_listen(struct actor *actor, const struct server *server,
			const struct server_options *options)
{
	char address[ADDR_TEXT];
	struct event event;

	event_init(&event, "listen");
	event_text(&event, "address", addr_ip_text(&server->address, address));
	event_int(&event, "port", server->address.port);
	event_int(&event, "pid", getpid());
	event_text(&event, "process", "lab-agent");
	event_int(&event, "backlog", options->backlog);
	event_text(&event, "options", options->does_reuse_address ? "SO_REUSEADDR" : "");
	actor_event(actor, &event);
}

/* The host's own address: hosts that share a stack would clash on a wildcard. */
static int choose_address(struct actor *actor, const struct event *request, struct addr *out,
			  struct err *err)
{
	const char *address = event_get(request, "address");
	int64_t port = request_num(request, "port", -1);

	if (port < 0 || port > 65535)
		return err_set(err, ERR_USAGE, "port: not a port");
	*out = actor->host->address;
	if (address != NULL && addr_parse(out, address, 0) < 0)
		return err_set(err, ERR_USAGE, "address: %.60s is none", address);
	if (out->family == 0)
		return err_set(err, ERR_USAGE, "no address: neither address= nor setup named one");
	out->port = (uint16_t)port;
	return 0;
}

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	struct server *server = mem_resize(NULL, 1, sizeof *server);
	struct server_options options = {
		.does_reuse_address = request_is_yes(request, "reuseaddr", true),
		.backlog = (int)request_num(request, "backlog", 16),
		.delay_ns = request_num(request, "delay", 0),
	};
	const char *call;
	char text[128];
	int number, listens;

	if (choose_address(actor, request, &options.address, err) < 0)
		return -1;
	number = server_open(server, &options, &server_events, actor, &call);
	if (number != 0) {
		snprintf(text, sizeof text, "%s: %s", call, strerror(number));
		return actor_result(actor, errname(number), text);
	}
	listens = sockdiag_listening(&server->address, err);
	if (listens < 0)
		return -1;
	if (listens == 0)
		return err_set(err, ERR_BROKE, "the kernel's table shows no LISTEN after listen()");
	actor->state = server;
	actor->hold = hold;
	actor->drain = drain;
	tell_listen(actor, server, &options);
	return actor_result(actor, "ok", NULL);
}

const struct step_kind step_tcp_serve = {
	.name = "tcp.serve",
	.text = "start a server that answers messages, in a process of its own",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = STEP_ACTOR | STEP_SERVES,
	.results = RESULT_OK | RESULT_ERRNO,
	.run = run,
};
