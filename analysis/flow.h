/* Packets of one capture as TCP conversations: by four-tuple and initial sequence number, so that a
 * port used again is a new flow. ICMP errors belong to the flow that they quote. */
#ifndef FLOW_H
#define FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "packet.h"

struct segment {      /* one packet of a flow */
	int64_t t_ns; /* as the caller of flow_add gave it */
	uint32_t number, seq, ack, len;
	uint16_t window, ip_id;
	uint8_t flags, ttl;
	uint8_t icmp_type, icmp_code;
	bool is_icmp;        /* an error about this flow */
	bool is_from_client; /* sent by the client's address */
	bool is_from_other;  /* ICMP of a third party */
};

struct flow {
	struct addr client, server;
	bool has_syn;             /* its first SYN was seen: client and isn are certain */
	bool has_server_isn;      /* a SYN+ACK was seen */
	uint32_t isn, server_isn; /* initial sequence numbers */
	struct addr teller;       /* of its first ICMP error not of the client; family 0: none */
	uint8_t noption;          /* of the SYN: kinds in order */
	uint8_t option[PACKET_OPTIONS];
	size_t nsegment, cap;
	struct segment *segment;
	bool is_claimed; /* a connection was made of it */
};

struct flow_table {
	size_t nflow, cap;
	struct flow **flow; /* in order of their first packet */
	size_t *slot;       /* open addressing: index + 1 of the newest flow of a four-tuple */
	size_t nslot, nused;
	struct arena *arena;
};

void flow_table_init(struct flow_table *table, struct arena *arena);
/* False: the packet belongs to no TCP conversation. */
bool flow_add(struct flow_table *table, const struct packet *packet, int64_t t_ns, uint32_t number);
/* The flow with this client, server and ISN; NULL: none. */
struct flow *flow_find(const struct flow_table *table, const struct addr *client,
		       const struct addr *server, uint32_t isn);

bool segment_is_syn(const struct segment *segment); /* SYN without ACK */
bool segment_is_syn_ack(const struct segment *segment);
bool segment_is_rst(const struct segment *segment);
/* RST without ACK: it answers a segment that found no socket, or aborts. */
bool segment_is_bare_rst(const struct segment *segment);
/* Behind how many segments the connection is over: both FINs were acknowledged; SIZE_MAX: never. An
 * ACK that was overtaken on its way (two CPUs carry a veth's packets) is then answered by a side
 * that knows nothing any more: a bare RST behind the end is no reset of the connection. */
size_t flow_over(const struct flow *flow);
/* The first segment from that side for which `is` holds; NULL: none. */
const struct segment *flow_first(const struct flow *flow, bool is_from_client,
				 bool (*is)(const struct segment *));
size_t flow_count(const struct flow *flow, bool is_from_client, bool (*is)(const struct segment *));

#endif
