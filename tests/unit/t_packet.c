/* packet: every link type and header, with each length a liar may claim. */
#include "unit.h"

#include <pcap/dlt.h>

#include "golden.h"
#include "packet.h"

static const struct addr client = { 4, { 10, 7, 0, 2 }, 40100 };
static const struct addr server = { 4, { 10, 7, 0, 1 }, 1234 };

/* IPv4 + TCP SYN with options (40 bytes of TCP), or data of `len` bytes. */
static void put_segment(struct buf *out, uint8_t flags, size_t len)
{
	golden_ip4(out, &client, &server, 6, (flags & 2 ? 40u : 20u) + len, 63);
	golden_tcp(out, &client, &server, flags, 1000, 2000, 512, len);
}

static struct packet parse(int linktype, const struct buf *frame, size_t caplen, size_t len)
{
	struct packet packet;
	/* A copy of exactly that size, so that a read behind it is caught by ASan and valgrind. */
	uint8_t *exact = malloc(caplen + 1);
	memcpy(exact, frame->data, caplen);
	uint8_t *shrunk = realloc(exact, caplen ? caplen : 1);
	packet_parse(&packet, linktype, shrunk, caplen, len);
	free(shrunk);
	return packet;
}

static void check_syn(const struct packet *packet)
{
	static const uint8_t kinds[] = { 2, 4, 8, 1, 3 };
	assert_int_equal(packet->kind, PACKET_TCP);
	assert_true(addr_same(&packet->src, &client));
	assert_true(addr_same(&packet->dst, &server));
	assert_int_equal(packet->flags, TCP_FLAG_SYN);
	assert_int_equal(packet->seq, 1000);
	assert_int_equal(packet->ack, 2000);
	assert_int_equal(packet->window, 512);
	assert_int_equal(packet->ttl, 63);
	assert_int_equal(packet->payload_len, 0);
	assert_int_equal(packet->noption, sizeof kinds);
	assert_memory_equal(packet->option, kinds, sizeof kinds);
}

static void each_link_type_leads_to_the_same_segment(void **state)
{
	static const struct {
		size_t len;
		const char *head;
		int linktype;
		uint16_t vlan;
	} links[] = {
		{ 14, "aaaaaabbbbbb\x08\0", DLT_EN10MB, 0 },
		{ 18, "aaaaaabbbbbb\x81\0\x20\x07\x08\0", DLT_EN10MB, 7 },
		{ 22, "aaaaaabbbbbb\x88\xa8\0\x09\x81\0\0\x07\x08\0", DLT_EN10MB, 9 },
		{ 16, "\0\0\0\1\0\6aaaaaa\0\0\x08\0", DLT_LINUX_SLL, 0 },
		{ 20, "\x08\0\0\0\0\0\0\1\0\1\0\6aaaaaa\0\0", DLT_LINUX_SLL2, 0 },
		{ 4, "\2\0\0\0", DLT_NULL, 0 },
		{ 4, "\0\0\0\2", DLT_NULL, 0 },
		{ 0, "", DLT_RAW, 0 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		struct buf frame = { 0 };
		buf_add(&frame, links[i].head, links[i].len);
		put_segment(&frame, 2, 0);
		struct packet packet = parse(links[i].linktype, &frame, frame.len, frame.len);
		check_syn(&packet);
		assert_int_equal(packet.vlan, links[i].vlan);
		buf_close(&frame);
	}
}

static void padding_is_no_payload_and_a_short_snaplen_keeps_the_length(void **state)
{
	struct buf frame = { 0 };
	(void)state;
	buf_add(&frame, "aaaaaabbbbbb\x08\0", 14);
	put_segment(&frame, 0x10, 0);
	buf_add(&frame, "\0\0\0\0\0\0", 6); /* Ethernet pads to 60 */
	assert_int_equal(parse(DLT_EN10MB, &frame, frame.len, 60).payload_len, 0);
	buf_close(&frame);

	buf_add(&frame, "aaaaaabbbbbb\x08\0", 14);
	put_segment(&frame, 0x18, 900);
	assert_int_equal(parse(DLT_EN10MB, &frame, 54, frame.len).payload_len, 900);
	assert_int_equal(parse(DLT_EN10MB, &frame, 54, 20).payload_len, 900); /* caplen > len */
	/* A segment put together by the card has no total length: the wire's counts. */
	golden_patch(&frame, 16, 0);
	assert_int_equal(parse(DLT_EN10MB, &frame, 54, frame.len).payload_len, 900);
	buf_close(&frame);
}

static void every_cut_is_read_without_passing_the_end(void **state)
{
	static const int linktypes[] = { DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2,
					 DLT_NULL,   DLT_RAW,       DLT_IPV6,
					 9999 };
	struct buf frame = { 0 };
	(void)state;
	buf_add(&frame, "aaaaaabbbbbb\x81\0\x20\x07\x08\0", 18);
	put_segment(&frame, 2, 0);
	for (size_t t = 0; t < COUNT(linktypes); t++)
		for (size_t caplen = 0; caplen <= frame.len; caplen++)
			parse(linktypes[t], &frame, caplen, frame.len);
	for (size_t caplen = 0; caplen < 18 + 20 + 16; caplen++)
		assert_int_not_equal(parse(DLT_EN10MB, &frame, caplen, frame.len).kind, PACKET_TCP);
	assert_int_equal(parse(DLT_EN10MB, &frame, 18 + 20 + 20, frame.len).kind, PACKET_TCP);
	buf_close(&frame);
}

static void options_that_lie_about_their_length_end_the_list(void **state)
{
	struct buf frame = { 0 };
	(void)state;
	put_segment(&frame, 2, 0);
	for (int len = 0; len < 256; len++) {
		frame.data[20 + 20 + 1] = (char)len; /* of the first option */
		assert_true(parse(DLT_RAW, &frame, frame.len, frame.len).noption <= 20);
	}
	frame.data[20 + 20 + 1] = 0;
	assert_int_equal(parse(DLT_RAW, &frame, frame.len, frame.len).noption, 0);
	buf_close(&frame);
}

static void a_later_fragment_has_no_ports(void **state)
{
	struct buf frame = { 0 };
	(void)state;
	put_segment(&frame, 2, 0);
	golden_patch(&frame, 6, 0x2000); /* first fragment, more follow */
	assert_int_equal(parse(DLT_RAW, &frame, frame.len, frame.len).kind, PACKET_TCP);
	golden_patch(&frame, 6, 0x0010);
	struct packet packet = parse(DLT_RAW, &frame, frame.len, frame.len);
	assert_int_equal(packet.kind, PACKET_FRAGMENT);
	assert_int_equal(packet.src.port, 0);
	buf_close(&frame);
}

static void an_icmp_error_names_the_packet_it_is_about(void **state)
{
	struct golden golden = { .c = client, .s = server };
	struct buf frame = { 0 };
	(void)state;
	golden_frame(&golden, &frame, "S>C icmp 3/13 seq 1000 ttl 61");
	struct packet packet = parse(DLT_EN10MB, &frame, frame.len, frame.len);
	assert_int_equal(packet.kind, PACKET_ICMP);
	assert_int_equal(packet.icmp_type, 3);
	assert_int_equal(packet.icmp_code, 13);
	assert_int_equal(packet.ttl, 61);
	assert_int_equal(packet.quote_protocol, PROTOCOL_TCP);
	assert_true(addr_same(&packet.quote_src, &client));
	assert_true(addr_same(&packet.quote_dst, &server));
	assert_int_equal(packet.quote_seq, 1000);
	frame.data[14 + 20] = 8; /* an echo request quotes nothing */
	assert_int_equal(parse(DLT_EN10MB, &frame, frame.len, frame.len).quote_protocol, 0);
	buf_close(&frame);
}

static void ipv6_is_read_through_its_extension_headers(void **state)
{
	static const uint8_t one[16] = { 0xfd, [15] = 1 }, two[16] = { 0xfd, [15] = 2 };
	struct buf frame = { 0 };
	(void)state;
	buf_u32(&frame, 0x60000000);
	buf_u16(&frame, 8 + 8 + 20 + 5);
	buf_u8(&frame, 0);  /* hop by hop */
	buf_u8(&frame, 58); /* hop limit */
	buf_add(&frame, two, 16);
	buf_add(&frame, one, 16);
	buf_add(&frame, "\x3c\0\1\4\0\0\0\0", 8); /* hop by hop, then destination options */
	buf_add(&frame, "\6\0\1\4\0\0\0\0", 8);   /* then TCP */
	golden_tcp(&frame, &client, &server, 0x18, 7, 8, 9, 5);
	struct packet packet = parse(DLT_RAW, &frame, frame.len, frame.len);
	assert_int_equal(packet.kind, PACKET_TCP);
	assert_int_equal(packet.src.family, 6);
	assert_memory_equal(packet.src.ip, two, 16);
	assert_int_equal(packet.dst.port, 1234);
	assert_int_equal(packet.ttl, 58);
	assert_int_equal(packet.payload_len, 5);
	for (size_t caplen = 0; caplen < frame.len; caplen++)
		parse(DLT_RAW, &frame, caplen, frame.len);
	buf_close(&frame);
}

static void arp_and_udp_are_known_and_the_rest_is_other(void **state)
{
	struct buf frame = { 0 };
	(void)state;
	buf_add(&frame, "aaaaaabbbbbb\x08\x06", 14);
	assert_int_equal(parse(DLT_EN10MB, &frame, frame.len, frame.len).kind, PACKET_ARP);
	buf_close(&frame);
	golden_ip4(&frame, &client, &server, 17, 12, 64);
	buf_add(&frame, "\0\x35\x10\0\0\x0c\0\0abcd", 12);
	struct packet packet = parse(DLT_RAW, &frame, frame.len, frame.len);
	assert_int_equal(packet.kind, PACKET_UDP);
	assert_int_equal(packet.src.port, 53);
	assert_int_equal(packet.payload_len, 4);
	frame.data[9] = 47; /* GRE */
	assert_int_equal(parse(DLT_RAW, &frame, frame.len, frame.len).kind, PACKET_OTHER);
	buf_close(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_link_type_leads_to_the_same_segment),
		cmocka_unit_test(padding_is_no_payload_and_a_short_snaplen_keeps_the_length),
		cmocka_unit_test(every_cut_is_read_without_passing_the_end),
		cmocka_unit_test(options_that_lie_about_their_length_end_the_list),
		cmocka_unit_test(a_later_fragment_has_no_ports),
		cmocka_unit_test(an_icmp_error_names_the_packet_it_is_about),
		cmocka_unit_test(ipv6_is_read_through_its_extension_headers),
		cmocka_unit_test(arp_and_udp_are_known_and_the_rest_is_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
