/* One captured frame as headers. Bounds are checked by a cursor, nothing is allocated, and bytes
 * that are not there (a short snaplen) leave the fields behind them at 0. */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

enum packet_kind {
	PACKET_OTHER,
	PACKET_ARP,
	PACKET_TCP,
	PACKET_UDP,
	PACKET_ICMP,
	PACKET_FRAGMENT
};

enum tcp_flags { /* RFC 9293 §3.1 */
	TCP_FLAG_FIN = 0x01,
	TCP_FLAG_SYN = 0x02,
	TCP_FLAG_RST = 0x04,
	TCP_FLAG_PSH = 0x08,
	TCP_FLAG_ACK = 0x10,
};

enum {
	PACKET_OPTIONS = 40,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17
};

struct packet {
	enum packet_kind kind;
	uint8_t ttl;          /* hop limit for IPv6 */
	uint16_t ip_id;       /* 0 for IPv6 */
	uint16_t vlan;        /* id of the outer tag; 0: none */
	struct addr src, dst; /* with ports for TCP and UDP; family 0: no IP header */
	uint32_t payload_len; /* by the IP header: Ethernet padding is no payload */

	uint32_t seq, ack; /* TCP from here */
	uint16_t window;
	uint8_t flags;
	uint8_t noption;
	uint8_t option[PACKET_OPTIONS]; /* kinds in order, end-of-list left out */

	uint8_t icmp_type, icmp_code; /* ICMP and ICMPv6 from here */
	uint8_t quote_protocol;       /* of the quoted packet; 0: none is quoted */
	struct addr quote_src, quote_dst;
	uint32_t quote_seq; /* of a quoted TCP header */
};

/* False: the link type is not ours, or not even the link header is whole. `len` is the length on
 * the wire, `caplen` what is at `bytes`; a capture may claim any two of them. */
bool packet_parse(struct packet *out, int linktype, const void *bytes, size_t caplen, size_t len);
bool packet_has_linktype(int linktype);

#endif
