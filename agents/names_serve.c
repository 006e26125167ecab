/* names.serve: the DNS server of a host that others name as their resolver. An actor like those of
 * steps, but asked for by the controller before the first step: no scenario names it. */
#include "names_serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <sys/socket.h>

#include "actor.h"
#include "caps.h"
#include "mem.h"
#include "names.h"

enum {
	PORT_DNS = 53,
	QUERY_MAX = 4096,
	EVENTS = 1000, /* told one by one; behind them each 1000th, with the count of the rest */
};

struct responder {
	struct names names;
	int fd;
	int64_t queries, left_out;
};

static void tell(struct actor *actor, struct responder *r, const struct names_query *query,
		 const struct addr *peer)
{
	char type[NAMES_TYPE_TEXT], ip[INET_ADDRSTRLEN], from[ADDR_TEXT];
	struct event event;

	r->queries++;
	if (r->queries > EVENTS && r->queries % EVENTS != 0) {
		r->left_out++;
		return;
	}
	event_init(&event, "dns");
	event_text(&event, "query", query->name);
	event_text(&event, "type", names_type(query->type, type));
	if (query->answer) {
		event_text(&event, "answer", inet_ntop(AF_INET, query->answer->ip, ip, sizeof ip));
		event_int(&event, "ttl", query->answer->ttl);
	} else {
		event_text(&event, "rcode", names_rcode(query->rcode));
	}
	event_text(&event, "peer", addr_text(peer, from));
	event_int(&event, "number", r->queries);
	if (r->left_out > 0)
		event_int(&event, "left_out", r->left_out);
	actor_event(actor, &event);
}

/* One datagram; what is no query, or longer than one can be, is nobody's. */
static void answer(struct actor *actor, struct responder *r)
{
	uint8_t packet[QUERY_MAX];
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;
	struct names_query query;
	struct buf out = { 0 };
	struct addr peer;
	ssize_t n = recvfrom(r->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC,
			     (struct sockaddr *)&sa, &len);

	if (n < 0 || (size_t)n > sizeof packet || addr_from_sockaddr(&peer, &sa) < 0)
		return;
	if (names_answer(&out, &r->names, packet, (size_t)n, &query) == 0) {
		/* Told first, so that the record never has an effect before its cause. */
		tell(actor, r, &query, &peer);
		/* Lost is lost, as on any network: who asked asks again. */
		(void)sendto(r->fd, out.data, out.len, MSG_DONTWAIT | MSG_NOSIGNAL,
			     (struct sockaddr *)&sa, len);
	}
	buf_close(&out);
}

static int hold(struct actor *actor)
{
	struct responder *r = actor->state;

	for (;;) {
		struct pollfd set[2] = {
			{ .fd = r->fd, .events = POLLIN },
			{ .fd = actor->channel, .events = POLLIN | POLLRDHUP },
		};
		int n = poll(set, 2, -1);

		if (n < 0 && errno != EINTR)
			return 0;
		if (n > 0 && set[1].revents != 0)
			return 1;
		if (n > 0 && set[0].revents != 0)
			answer(actor, r);
	}
}

/* Port 53 needs a right; once it is bound, nothing does. */
static int open_port(const struct actor *actor, const struct addr *addr, struct err *err)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(addr, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[ADDR_TEXT];

	if (fd < 0)
		return err_sys(err, "DNS server: socket");
	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		err_sys(err, "DNS server: bind %s", addr_text(addr, text));
	else if (!actor->host->does_drop || caps_drop(0, err) == 0)
		return fd;
	close(fd);
	return -1;
}

static int run(struct actor *actor, const struct event *request, struct err *err)
{
	uint16_t port = (uint16_t)request_num(request, "port", PORT_DNS);
	const char *address = request_text(request, "address", "");
	struct responder *r = mem_resize(NULL, 1, sizeof *r);
	char text[ADDR_TEXT];
	struct addr addr;
	struct event event;

	*r = (struct responder){ .fd = -1 };
	if (addr_parse(&addr, address, port) < 0)
		err_set(err, ERR_USAGE, "names.serve: address: %.60s is none", address);
	else if (names_parse(&r->names, request_text(request, "names", ""), err) == 0)
		r->fd = open_port(actor, &addr, err);
	if (r->fd < 0) {
		names_close(&r->names);
		free(r);
		return -1;
	}
	event_init(&event, "names");
	event_text(&event, "address", addr_ip_text(&addr, text));
	event_int(&event, "port", port);
	event_int(&event, "count", (int64_t)r->names.count);
	actor_event(actor, &event);
	actor->state = r;
	actor->hold = hold;
	return actor_result(actor, "ok", NULL);
}

const struct step_kind names_serve = {
	.name = "names.serve",
	.text = "answer DNS queries for the names of the plan",
	.subject = SUBJECT_HOST,
	.flags = STEP_ACTOR,
	.results = RESULT_OK,
	.capabilities = UINT64_C(1) << CAP_NET_BIND_SERVICE,
	.run = run,
};
