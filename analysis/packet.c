/* Frames to headers: Ethernet with VLAN tags, Linux cooked, raw IP, loopback; IPv4, IPv6 with its
 * extension headers; TCP, UDP, ICMP with the packet it quotes. */
#include "packet.h"

#include <pcap/dlt.h>

#include "buf.h"

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	TYPE_IPV6 = 0x86dd,
	PROTOCOL_ICMP = 1,
	PROTOCOL_ICMP6 = 58,
	EXTENSIONS = 8, /* IPv6 headers in a row that we follow */
};

/* What an IP header says about what follows it. */
struct ip {
	struct addr src, dst;
	uint8_t protocol, ttl;
	uint16_t id;
	size_t len; /* of the transport part, by the header */
	bool is_later_fragment;
};

static void address_take(struct cursor *cursor, struct addr *addr, uint8_t family)
{
	size_t len = family == 4 ? 4 : 16;
	const uint8_t *bytes = cursor_take(cursor, len);
	if (!bytes)
		return;
	addr->family = family;
	memcpy(addr->ip, bytes, len);
}

/* `left_len`: bytes on the wire from the IP header on, for segments whose total length is 0 (TSO).
 */
static bool ip4_parse(struct cursor *cursor, struct ip *ip, size_t left_len)
{
	uint8_t first = cursor_u8(cursor);
	size_t header_len = (size_t)(first & 15) * 4;
	cursor_u8(cursor);
	size_t total_len = cursor_u16(cursor);
	ip->id = cursor_u16(cursor);
	uint16_t fragment = cursor_u16(cursor);
	ip->ttl = cursor_u8(cursor);
	ip->protocol = cursor_u8(cursor);
	cursor_u16(cursor);
	address_take(cursor, &ip->src, 4);
	address_take(cursor, &ip->dst, 4);
	if (cursor->is_failed || first >> 4 != 4 || header_len < 20)
		return false;
	if (header_len > 20 && !cursor_take(cursor, header_len - 20))
		return false;
	if (total_len == 0)
		total_len = left_len;
	ip->len = total_len > header_len ? total_len - header_len : 0;
	ip->is_later_fragment = (fragment & 0x1fff) != 0;
	return true;
}

/* Steps over one extension header; false: `protocol` is a transport, or the bytes end. */
static bool extension_skip(struct cursor *cursor, struct ip *ip)
{
	enum {
		HOP_BY_HOP = 0,
		ROUTING = 43,
		FRAGMENT = 44,
		AUTH = 51,
		DESTINATION = 60
	};
	uint8_t kind = ip->protocol;
	if (kind != HOP_BY_HOP && kind != ROUTING && kind != FRAGMENT && kind != AUTH &&
	    kind != DESTINATION)
		return false;
	uint8_t next = cursor_u8(cursor), extra = cursor_u8(cursor);
	size_t len = kind == FRAGMENT ? 8
		     : kind == AUTH   ? ((size_t)extra + 2) * 4
				      : ((size_t)extra + 1) * 8;
	const uint8_t *rest = cursor_take(cursor, len - 2);
	if (!rest)
		return false;
	if (kind == FRAGMENT && (rest[0] << 8 | rest[1]) >> 3)
		ip->is_later_fragment = true;
	ip->protocol = next;
	ip->len = ip->len > len ? ip->len - len : 0;
	return !ip->is_later_fragment;
}

static bool ip6_parse(struct cursor *cursor, struct ip *ip, size_t left_len)
{
	uint32_t first = cursor_u32(cursor);
	ip->len = cursor_u16(cursor);
	ip->protocol = cursor_u8(cursor);
	ip->ttl = cursor_u8(cursor);
	address_take(cursor, &ip->src, 6);
	address_take(cursor, &ip->dst, 6);
	if (cursor->is_failed || first >> 28 != 6)
		return false;
	if (ip->len == 0 && left_len > 40)
		ip->len = left_len - 40;
	for (int i = 0; i < EXTENSIONS && extension_skip(cursor, ip); i++)
		;
	return true;
}

static bool ip_parse(struct cursor *cursor, struct ip *ip, size_t left_len)
{
	*ip = (struct ip){ 0 };
	if (cursor_left(cursor) == 0)
		return false;
	return *cursor->at >> 4 == 6 ? ip6_parse(cursor, ip, left_len)
				     : ip4_parse(cursor, ip, left_len);
}

static void options_parse(struct packet *out, struct cursor cursor)
{
	while (cursor_left(&cursor) && out->noption < PACKET_OPTIONS) {
		uint8_t kind = cursor_u8(&cursor);
		if (kind == 0)
			return;
		if (kind != 1) {
			uint8_t len = cursor_u8(&cursor);
			if (len < 2 || (len > 2 && !cursor_take(&cursor, len - 2u)))
				return;
		}
		out->option[out->noption++] = kind;
	}
}

static void tcp_parse(struct packet *out, struct cursor *cursor, size_t len)
{
	out->src.port = cursor_u16(cursor);
	out->dst.port = cursor_u16(cursor);
	out->seq = cursor_u32(cursor);
	out->ack = cursor_u32(cursor);
	size_t header_len = (size_t)(cursor_u8(cursor) >> 4) * 4;
	out->flags = cursor_u8(cursor);
	out->window = cursor_u16(cursor);
	cursor_u32(cursor); /* checksum, urgent pointer */
	if (cursor->is_failed || header_len < 20)
		return;
	out->kind = PACKET_TCP;
	out->payload_len = len > header_len ? (uint32_t)(len - header_len) : 0;
	size_t options_len = header_len - 20;
	if (options_len > cursor_left(cursor))
		options_len = cursor_left(cursor);
	options_parse(out, cursor_of(cursor->at, options_len));
}

/* Errors quote the packet they are about: its IP header and at least 8 bytes (RFC 1122 §3.2.2). */
static void quote_parse(struct packet *out, struct cursor *cursor)
{
	struct ip ip;
	cursor_u32(cursor); /* unused, or the next hop's MTU */
	if (!ip_parse(cursor, &ip, cursor_left(cursor)) || ip.is_later_fragment)
		return;
	ip.src.port = cursor_u16(cursor);
	ip.dst.port = cursor_u16(cursor);
	uint32_t seq = cursor_u32(cursor);
	if (cursor->is_failed)
		return;
	out->quote_protocol = ip.protocol;
	out->quote_src = ip.src;
	out->quote_dst = ip.dst;
	out->quote_seq = seq;
}

static bool icmp_is_error(uint8_t family, uint8_t type)
{
	if (family == 6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static void icmp_parse(struct packet *out, struct cursor *cursor, size_t len)
{
	out->icmp_type = cursor_u8(cursor);
	out->icmp_code = cursor_u8(cursor);
	cursor_u16(cursor);
	if (cursor->is_failed)
		return;
	out->kind = PACKET_ICMP;
	out->payload_len = len > 8 ? (uint32_t)(len - 8) : 0;
	if (icmp_is_error(out->src.family, out->icmp_type))
		quote_parse(out, cursor);
}

static void udp_parse(struct packet *out, struct cursor *cursor)
{
	out->src.port = cursor_u16(cursor);
	out->dst.port = cursor_u16(cursor);
	size_t len = cursor_u16(cursor);
	if (cursor->is_failed)
		return;
	out->kind = PACKET_UDP;
	out->payload_len = len > 8 ? (uint32_t)(len - 8) : 0;
}

static void network_parse(struct packet *out, struct cursor *cursor, size_t left_len)
{
	struct ip ip;
	if (!ip_parse(cursor, &ip, left_len))
		return;
	out->src = ip.src;
	out->dst = ip.dst;
	out->ttl = ip.ttl;
	out->ip_id = ip.id;
	if (ip.is_later_fragment)
		out->kind = PACKET_FRAGMENT;
	else if (ip.protocol == PROTOCOL_TCP)
		tcp_parse(out, cursor, ip.len);
	else if (ip.protocol == PROTOCOL_UDP)
		udp_parse(out, cursor);
	else if (ip.protocol == (ip.src.family == 6 ? PROTOCOL_ICMP6 : PROTOCOL_ICMP))
		icmp_parse(out, cursor, ip.len);
}

/* The EtherType behind the link header, VLAN tags taken off; 0: unknown. */
static uint16_t ethertype_take(struct packet *out, struct cursor *cursor)
{
	uint16_t type = cursor_u16(cursor);
	for (int tags = 0; tags < 3 && (type == TYPE_VLAN || type == TYPE_QINQ); tags++) {
		uint16_t tag = cursor_u16(cursor) & 0x0fff;
		if (tags == 0)
			out->vlan = tag;
		type = cursor_u16(cursor);
	}
	return type;
}

/* The address family of BSD loopback, in the byte order of whoever captured. */
static uint16_t null_type(uint32_t family)
{
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	return family == 2                                                    ? TYPE_IPV4
	       : family == 10 || family == 24 || family == 28 || family == 30 ? TYPE_IPV6
									      : 0;
}

static uint16_t link_parse(struct packet *out, struct cursor *cursor, int linktype)
{
	switch (linktype) {
	case DLT_EN10MB:
		cursor_take(cursor, 12);
		return ethertype_take(out, cursor);
	case DLT_LINUX_SLL:
		cursor_take(cursor, 14);
		return ethertype_take(out, cursor);
	case DLT_LINUX_SLL2: {
		uint16_t type = cursor_u16(cursor);
		cursor_take(cursor, 18);
		return type;
	}
	case DLT_NULL:
	case DLT_LOOP:
		return null_type(cursor_u32(cursor));
	default: /* raw: the version says it */
		if (cursor_left(cursor) == 0)
			return 0;
		return *cursor->at >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
	}
}

bool packet_has_linktype(int linktype)
{
	return linktype == DLT_EN10MB || linktype == DLT_LINUX_SLL || linktype == DLT_LINUX_SLL2 ||
	       linktype == DLT_NULL || linktype == DLT_LOOP || linktype == DLT_RAW ||
	       linktype == DLT_IPV4 || linktype == DLT_IPV6 || linktype == 101 /* LINKTYPE_RAW */;
}

bool packet_parse(struct packet *out, int linktype, const void *bytes, size_t caplen, size_t len)
{
	*out = (struct packet){ 0 };
	struct cursor cursor = cursor_of(bytes, caplen);
	if (!packet_has_linktype(linktype))
		return false;
	uint16_t type = link_parse(out, &cursor, linktype);
	if (cursor.is_failed)
		return false;
	size_t link_len = caplen - cursor_left(&cursor);
	if (type == TYPE_ARP)
		out->kind = PACKET_ARP;
	else if (type == TYPE_IPV4 || type == TYPE_IPV6)
		network_parse(out, &cursor, len > link_len ? len - link_len : 0);
	return true;
}
