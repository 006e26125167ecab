/* The flow table: a hash of four-tuples to the newest flow of each; flows keep their packets. */
#include "flow.h"

#include <assert.h>

enum {
	SLOTS_FIRST = 64
};

void flow_table_init(struct flow_table *table, struct arena *arena)
{
	*table = (struct flow_table){ .arena = arena, .nslot = SLOTS_FIRST };
	table->slot = arena_array(arena, table->nslot, sizeof *table->slot);
}

static uint64_t hash_addr(const struct addr *addr)
{
	uint64_t hash = 0x9e3779b97f4a7c15u + addr->port;
	for (size_t i = 0; i < (addr->family == 4 ? 4u : 16u); i++)
		hash = (hash ^ addr->ip[i]) * 0x100000001b3u;
	return hash ^ hash >> 29;
}

/* The same for both directions. */
static uint64_t hash_pair(const struct addr *a, const struct addr *b)
{
	uint64_t hash = (hash_addr(a) + hash_addr(b)) * 0xbf58476d1ce4e5b9u;
	return hash ^ hash >> 32;
}

static bool is_pair(const struct flow *flow, const struct addr *a, const struct addr *b)
{
	return (addr_same(&flow->client, a) && addr_same(&flow->server, b)) ||
	       (addr_same(&flow->client, b) && addr_same(&flow->server, a));
}

static size_t *slot_of(const struct flow_table *table, const struct addr *a, const struct addr *b)
{
	size_t at = hash_pair(a, b) & (table->nslot - 1);
	while (table->slot[at] && !is_pair(table->flow[table->slot[at] - 1], a, b))
		at = (at + 1) & (table->nslot - 1);
	return &table->slot[at];
}

static void slots_grow(struct flow_table *table)
{
	const size_t *old = table->slot;
	size_t nold = table->nslot;
	table->nslot *= 2;
	table->slot = arena_array(table->arena, table->nslot, sizeof *table->slot);
	for (size_t i = 0; i < nold; i++) {
		if (!old[i])
			continue;
		const struct flow *flow = table->flow[old[i] - 1];
		*slot_of(table, &flow->client, &flow->server) = old[i];
	}
}

static struct flow *flow_new(struct flow_table *table, const struct addr *client,
			     const struct addr *server)
{
	if ((table->nused + 1) * 2 > table->nslot)
		slots_grow(table);
	struct flow *flow = arena_alloc(table->arena, sizeof *flow);
	flow->client = *client;
	flow->server = *server;
	size_t *slot = slot_of(table, client, server);
	if (!*slot)
		table->nused++;
	table->flow = arena_grow(table->arena, table->flow, table->nflow, &table->cap,
				 sizeof(struct flow *)); /* NOLINT(bugprone-sizeof-expression) */
	table->flow[table->nflow++] = flow;
	*slot = table->nflow;
	return flow;
}

static struct flow *flow_newest(const struct flow_table *table, const struct addr *a,
				const struct addr *b)
{
	size_t index = *slot_of(table, a, b);
	return index ? table->flow[index - 1] : NULL;
}

static void segment_add(struct flow_table *table, struct flow *flow, const struct segment *segment)
{
	flow->segment = arena_grow(table->arena, flow->segment, flow->nsegment, &flow->cap,
				   sizeof *flow->segment);
	flow->segment[flow->nsegment++] = *segment;
}

/* A SYN opens a flow, unless it repeats the flow's own or crosses it (simultaneous open). */
static struct flow *flow_of_syn(struct flow_table *table, const struct packet *packet)
{
	struct flow *flow = flow_newest(table, &packet->src, &packet->dst);
	if (flow && flow->has_syn) {
		bool is_client = addr_same(&packet->src, &flow->client);
		if (is_client && packet->seq == flow->isn)
			return flow;
		if (!is_client && flow->nsegment == 1)
			return flow;
	}
	flow = flow_new(table, &packet->src, &packet->dst);
	flow->has_syn = true;
	flow->isn = packet->seq;
	flow->noption = packet->noption;
	memcpy(flow->option, packet->option, sizeof flow->option);
	return flow;
}

static struct flow *flow_of(struct flow_table *table, const struct packet *packet)
{
	bool has_syn = packet->flags & TCP_FLAG_SYN, has_ack = packet->flags & TCP_FLAG_ACK;
	if (has_syn && !has_ack)
		return flow_of_syn(table, packet);
	struct flow *flow = flow_newest(table, &packet->src, &packet->dst);
	if (has_syn) {
		bool is_new = !flow || (flow->has_server_isn && flow->server_isn != packet->seq);
		if (is_new) {
			flow = flow_new(table, &packet->dst, &packet->src);
			flow->isn = packet->ack - 1;
		}
		if (addr_same(&packet->src, &flow->server)) {
			flow->has_server_isn = true;
			flow->server_isn = packet->seq;
		}
		return flow;
	}
	if (flow)
		return flow;
	/* Joined in the middle: servers mostly have the lower port. */
	if (packet->src.port < packet->dst.port)
		return flow_new(table, &packet->dst, &packet->src);
	return flow_new(table, &packet->src, &packet->dst);
}

static bool icmp_add(struct flow_table *table, const struct packet *packet, int64_t t_ns,
		     uint32_t number)
{
	if (packet->quote_protocol != PROTOCOL_TCP)
		return false;
	struct flow *flow = flow_newest(table, &packet->quote_src, &packet->quote_dst);
	if (!flow)
		return false;
	bool is_client = addr_same_ip(&packet->src, &flow->client);
	if (!is_client && !flow->teller.family)
		flow->teller = packet->src;
	segment_add(table, flow,
		    &(struct segment){
			.t_ns = t_ns,
			.number = number,
			.seq = packet->quote_seq,
			.ttl = packet->ttl,
			.is_icmp = true,
			.icmp_type = packet->icmp_type,
			.icmp_code = packet->icmp_code,
			.is_from_client = is_client,
			.is_from_other = !is_client && !addr_same_ip(&packet->src, &flow->server),
		    });
	return true;
}

bool flow_add(struct flow_table *table, const struct packet *packet, int64_t t_ns, uint32_t number)
{
	if (packet->kind == PACKET_ICMP)
		return icmp_add(table, packet, t_ns, number);
	if (packet->kind != PACKET_TCP)
		return false;
	struct flow *flow = flow_of(table, packet);
	segment_add(table, flow,
		    &(struct segment){
			.t_ns = t_ns,
			.number = number,
			.seq = packet->seq,
			.ack = packet->ack,
			.len = packet->payload_len,
			.window = packet->window,
			.ip_id = packet->ip_id,
			.flags = packet->flags,
			.ttl = packet->ttl,
			.is_from_client = addr_same(&packet->src, &flow->client),
		    });
	return true;
}

struct flow *flow_find(const struct flow_table *table, const struct addr *client,
		       const struct addr *server, uint32_t isn)
{
	struct flow *newest = flow_newest(table, client, server);
	if (!newest)
		return NULL;
	if (newest->isn == isn && addr_same(&newest->client, client))
		return newest;
	for (size_t i = 0; i < table->nflow; i++) { /* the port was used again since */
		struct flow *flow = table->flow[i];
		if (flow->isn == isn && addr_same(&flow->client, client) &&
		    addr_same(&flow->server, server))
			return flow;
	}
	return NULL;
}

bool segment_is_syn(const struct segment *segment)
{
	return !segment->is_icmp && (segment->flags & TCP_FLAG_SYN) &&
	       !(segment->flags & TCP_FLAG_ACK);
}

bool segment_is_syn_ack(const struct segment *segment)
{
	return !segment->is_icmp && (segment->flags & TCP_FLAG_SYN) &&
	       (segment->flags & TCP_FLAG_ACK);
}

bool segment_is_rst(const struct segment *segment)
{
	return !segment->is_icmp && (segment->flags & TCP_FLAG_RST);
}

bool segment_is_bare_rst(const struct segment *segment)
{
	return segment_is_rst(segment) && !(segment->flags & TCP_FLAG_ACK);
}

const struct segment *flow_first(const struct flow *flow, bool is_from_client,
				 bool (*is)(const struct segment *))
{
	for (size_t i = 0; i < flow->nsegment; i++)
		if (flow->segment[i].is_from_client == is_from_client && is(&flow->segment[i]))
			return &flow->segment[i];
	return NULL;
}

size_t flow_over(const struct flow *flow)
{
	struct {
		bool is_closed, is_acked;
		uint32_t next; /* behind its FIN */
	} side[2] = { 0 };
	for (size_t i = 0; i < flow->nsegment; i++) {
		const struct segment *segment = &flow->segment[i];
		bool me = segment->is_from_client;
		if (segment->is_icmp)
			continue;
		if (segment->flags & TCP_FLAG_ACK && side[!me].is_closed &&
		    (int32_t)(segment->ack - side[!me].next) >= 0)
			side[!me].is_acked = true;
		if (side[0].is_acked && side[1].is_acked)
			return i + 1;
		if (segment->flags & TCP_FLAG_FIN && !side[me].is_closed) {
			side[me].is_closed = true;
			side[me].next = segment->seq + segment->len + 1;
		}
	}
	return SIZE_MAX;
}

size_t flow_count(const struct flow *flow, bool is_from_client, bool (*is)(const struct segment *))
{
	size_t count = 0;
	for (size_t i = 0; i < flow->nsegment; i++)
		if (flow->segment[i].is_from_client == is_from_client && is(&flow->segment[i]))
			count++;
	return count;
}
