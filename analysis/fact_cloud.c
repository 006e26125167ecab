/* What the cloud's own rules do to the connection: security groups and network ACLs, as the
 * controller was told them right before and right after. They are read as the cloud reads them: of
 * a group any rule that fits lets in, of an ACL the first that fits decides. Both readings must say
 * the same. */
#include "fact.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdlib.h>

enum {
	PREFIX_MOST = 32,
	EPHEMERAL = 32768 /* a client whose port nobody knows has one of these */
};

struct passing { /* as one host's rules look at it */
	bool is_out;
	uint32_t other; /* the other host, host order */
	int port;       /* it goes to */
};

struct judge {
	const struct view *view;
	enum truth truth; /* YES: it is dropped */
	const char *says;
};

static const char *text_of(const json_t *rule, const char *name)
{
	const char *text = json_string_value(json_object_get(rule, name));

	return text ? text : "";
}

static int number_of(const json_t *rule, const char *name)
{
	return (int)json_integer_value(json_object_get(rule, name));
}

static uint32_t ip_of(const struct addr *addr)
{
	return (uint32_t)addr->ip[0] << 24 | (uint32_t)addr->ip[1] << 16 |
	       (uint32_t)addr->ip[2] << 8 | addr->ip[3];
}

/* UNSEEN: it names no range of IPv4, but another group or a list. */
static enum truth is_in(const char *cidr, uint32_t ip)
{
	const char *slash = strchr(cidr, '/');
	char text[INET_ADDRSTRLEN];
	struct in_addr net;
	long bits;

	if (!slash || (size_t)(slash - cidr) >= sizeof text)
		return UNSEEN;
	snprintf(text, sizeof text, "%.*s", (int)(slash - cidr), cidr);
	bits = strtol(slash + 1, NULL, 10);
	if (inet_pton(AF_INET, text, &net) != 1 || bits < 0 || bits > PREFIX_MOST)
		return UNSEEN;
	return bits == 0 || (ntohl(net.s_addr) ^ ip) >> (PREFIX_MOST - bits) == 0 ? YES : NO;
}

static enum truth fits(const json_t *rule, const struct passing *packet)
{
	const char *protocol = text_of(rule, "protocol");
	int from = number_of(rule, "from_port"), to = number_of(rule, "to_port");

	if (json_is_true(json_object_get(rule, "is_out")) != packet->is_out)
		return NO;
	if (!streq(protocol, "all")) {
		if (!streq(protocol, "tcp"))
			return NO;
		if (from >= 0 && (packet->port < from || packet->port > to))
			return NO;
	}
	return is_in(text_of(rule, "cidr"), packet->other);
}

/* A group has no order: what might let it in leaves it open. */
static enum truth group_drops(const json_t *rules, const struct passing *packet)
{
	enum truth drops = YES;

	for (size_t i = 0; i < json_array_size(rules); i++) {
		enum truth fit = fits(json_array_get(rules, i), packet);
		if (fit == YES)
			return NO;
		if (fit == UNSEEN)
			drops = UNSEEN;
	}
	return drops;
}

/* `entry` gets the one that decides; NULL: none does, and what no entry lets pass is dropped. */
static enum truth acl_drops(const json_t *rules, const struct passing *packet, const json_t **entry)
{
	int least = INT32_MAX;

	*entry = NULL;
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);
		if (fits(rule, packet) == NO || number_of(rule, "number") >= least)
			continue;
		least = number_of(rule, "number");
		*entry = rule;
	}
	if (*entry && fits(*entry, packet) == UNSEEN)
		return UNSEEN;
	return *entry && json_is_true(json_object_get(*entry, "does_allow")) ? NO : YES;
}

/* ---- events ---- */

static const struct event *connecting(const struct view *view)
{
	const struct event *connect = &view->trace->event[view->connection.event - 1];
	const struct event *older = event_older(view->trace, connect);

	while (older && !(event_is(older, "connecting") && older->step == connect->step))
		older = event_older(view->trace, older);
	return older ? older : connect;
}

/* The controller asks between steps, and writes down what it got before it goes on: the order of
 * the file is that of time. The newest before the connect, or the first after it. */
static const struct event *told(const struct view *view, int host, bool is_after)
{
	const struct trace *trace = view->trace;
	uint64_t begin = connecting(view)->seq, end = view->connection.event;
	const struct event *found = NULL;

	for (size_t i = 0; i < trace->nevent; i++) {
		const struct event *event = &trace->event[i];
		if (!event_is(event, "cloud") || trace_host_of(trace, event) != host)
			continue;
		if (is_after && event->seq > end)
			return event;
		if (!is_after && event->seq < begin)
			found = event;
	}
	return is_after ? NULL : found;
}

/* ---- the facts, of one reading ---- */

static json_t *rules_of(const struct event *event)
{
	const char *text = event_get(event, "json");

	return text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static enum truth worst(enum truth a, enum truth b)
{
	return a == YES || b == YES ? YES : a == UNSEEN || b == UNSEEN ? UNSEEN : NO;
}

/* The SYN, at whoever must let it pass: the server's groups. What they remember needs no rule. */
static enum truth group_at(const struct view *view, const struct event *event, const char **says)
{
	const struct passing syn = { .other = ip_of(&view->client), .port = view->server.port };
	json_t *all = rules_of(event);
	enum truth drops = all ? group_drops(json_object_get(all, "group"), &syn) : UNSEEN;
	const char *group = event_get(event, "group");

	json_decref(all);
	*says = arena_printf(view->trace->arena,
			     drops == YES ? "security group %s has no rule that lets port %d in"
					  : "security group %s lets port %d in",
			     group ? group : "?", view->server.port);
	return drops;
}

/* Both packets of the handshake, at one subnet's ACL. */
static enum truth acl_at(const struct view *view, const struct event *event, bool is_server,
			 const char **says)
{
	const struct addr *other = is_server ? &view->client : &view->server;
	int port = view->has_client && view->client.port ? view->client.port : EPHEMERAL;
	const struct passing packet[] = {
		{ !is_server, ip_of(other), view->server.port },
		{ is_server, ip_of(other), port },
	};
	json_t *all = rules_of(event);
	const char *acl = event_get(event, "acl");
	enum truth drops = all ? NO : UNSEEN;

	for (size_t i = 0; all && i < COUNT(packet); i++) {
		const json_t *entry;
		enum truth one = acl_drops(json_object_get(all, "acl"), &packet[i], &entry);
		if (one == YES && drops != YES)
			*says = arena_printf(view->trace->arena,
					     "network ACL %s drops what goes %s to port %d: %s%d",
					     acl ? acl : "?", packet[i].is_out ? "out" : "in",
					     packet[i].port, entry ? "entry " : "no entry fits, ",
					     entry ? number_of(entry, "number") : 0);
		drops = worst(drops, one);
	}
	json_decref(all);
	return drops;
}

/* Within a subnet no ACL is asked. */
static enum truth acls_at(const struct view *view, const struct event *server,
			  const struct event *client, const char **says)
{
	const char *one = event_get(server, "subnet"), *two = event_get(client, "subnet");

	if (!one || !two)
		return UNSEEN;
	if (streq(one, two))
		return NO;
	return worst(acl_at(view, server, true, says), acl_at(view, client, false, says));
}

/* On a machine a capture is of the run's pairs of hosts, in lab's own words: any one it names is
 * all there. Nobody rewrites addresses within a VPC; elsewhere that proves nothing. */
static bool holds_pair(const struct view *view)
{
	const struct capture_seen *capture = view->server_capture;
	char server[ADDR_TEXT], client[ADDR_TEXT];
	const char *pair;

	if (!capture || !capture->is_whole || view->server_flow || !capture->filter ||
	    !starts_with(capture->filter, "(icmp and dst host ") ||
	    strstr(capture->filter, ") and ") || view->server.port == 22)
		return false;
	pair =
	    arena_printf(view->trace->arena, " or (host %s and host %s and not tcp port 22)",
			 addr_ip_text(&view->server, server), addr_ip_text(&view->client, client));
	return strstr(capture->filter, pair) != NULL;
}

static void nothing_arrived(struct facts *facts, const struct view *view)
{
	if (facts->at[FACT_GROUP_DROPS].truth == YES &&
	    facts->at[FACT_SYN_ARRIVED].truth == UNSEEN && holds_pair(view))
		fact_set(facts, FACT_SYN_ARRIVED, NO, NULL);
}

static void set(struct facts *facts, enum fact fact, const enum truth truth[2], const char *says,
		const struct event *before, const struct event *after)
{
	bool is_same = truth[0] == truth[1] && truth[0] != UNSEEN;
	struct fact_value *value =
	    fact_set(facts, fact, is_same ? truth[0] : UNSEEN, is_same ? says : NULL);

	if (!is_same)
		return;
	fact_event(value, before);
	fact_event(value, after);
}

void facts_of_cloud(struct facts *facts, const struct view *view)
{
	const struct event *server[2], *client[2];
	enum truth group[2], acl[2];
	const char *group_says = NULL, *acl_says = NULL;

	if (!view->trace->is_in_cloud || !view->connection.event || !view->has_server ||
	    !view->has_client || view->server.family != 4 || view->server_host == NO_HOST ||
	    view->client_host == NO_HOST)
		return;
	for (int i = 0; i < 2; i++) {
		server[i] = told(view, view->server_host, i);
		client[i] = told(view, view->client_host, i);
		if (!server[i] || !client[i])
			return;
		group[i] = group_at(view, server[i], &group_says);
		acl[i] = acls_at(view, server[i], client[i], &acl_says);
	}
	set(facts, FACT_GROUP_DROPS, group, group_says, server[0], server[1]);
	set(facts, FACT_ACL_DROPS, acl, acl_says, server[0], server[1]);
	nothing_arrived(facts, view);
}
