/* flow: which packets are one conversation, and who is the client. */
#include "unit.h"

#include "flow.h"

static const struct addr client = { 4, { 10, 0, 0, 2 }, 40000 };
static const struct addr server = { 4, { 10, 0, 0, 1 }, 80 };

static void put(struct flow_table *table, bool is_client, uint8_t flags, uint32_t seq, uint32_t ack)
{
	static uint32_t number;
	struct packet packet = {
		.kind = PACKET_TCP,
		.src = is_client ? client : server,
		.dst = is_client ? server : client,
		.flags = flags,
		.seq = seq,
		.ack = ack,
	};
	number++;
	assert_true(flow_add(table, &packet, number, number));
}

enum {
	S = 2,
	SA = 18,
	A = 16,
	RA = 20
};

static void a_port_used_again_is_a_new_flow_and_a_repeated_syn_is_not(void **state)
{
	struct arena arena = { 0 };
	struct flow_table table;
	(void)state;
	flow_table_init(&table, &arena);
	put(&table, true, S, 1000, 0);
	put(&table, true, S, 1000, 0);
	put(&table, false, RA, 0, 1001);
	put(&table, true, S, 2000, 0);
	put(&table, false, SA, 5000, 2001);
	put(&table, true, A, 2001, 5001);
	assert_int_equal(table.nflow, 2);
	assert_int_equal(table.flow[0]->nsegment, 3);
	assert_int_equal(flow_count(table.flow[0], true, segment_is_syn), 2);
	assert_int_equal(table.flow[1]->nsegment, 3);
	assert_true(table.flow[1]->has_server_isn);
	assert_ptr_equal(flow_find(&table, &client, &server, 1000), table.flow[0]);
	assert_ptr_equal(flow_find(&table, &client, &server, 2000), table.flow[1]);
	assert_null(flow_find(&table, &client, &server, 3000));
	assert_null(flow_find(&table, &server, &client, 2000));
	arena_close(&arena);
}

static void syns_that_cross_are_one_flow(void **state)
{
	struct arena arena = { 0 };
	struct flow_table table;
	(void)state;
	flow_table_init(&table, &arena);
	put(&table, true, S, 1000, 0);
	put(&table, false, S, 5000, 0);
	put(&table, false, SA, 5000, 1001);
	assert_int_equal(table.nflow, 1);
	arena_close(&arena);
}

static void without_a_syn_the_server_is_who_answered_or_has_the_lower_port(void **state)
{
	struct arena arena = { 0 };
	struct flow_table table;
	(void)state;
	flow_table_init(&table, &arena);
	put(&table, false, A, 77, 88);
	assert_true(addr_same(&table.flow[0]->client, &client));
	assert_false(table.flow[0]->has_syn);
	flow_table_init(&table, &arena);
	put(&table, false, SA, 5000, 1001);
	assert_true(addr_same(&table.flow[0]->client, &client));
	assert_int_equal(table.flow[0]->isn, 1000);
	arena_close(&arena);
}

static void an_icmp_error_joins_the_flow_that_it_quotes(void **state)
{
	static const struct addr router = { 4, { 10, 0, 0, 254 }, 0 };
	struct arena arena = { 0 };
	struct flow_table table;
	struct packet icmp = {
		.kind = PACKET_ICMP,
		.src = router,
		.dst = client,
		.icmp_type = 3,
		.icmp_code = 1,
		.quote_protocol = PROTOCOL_TCP,
		.quote_src = client,
		.quote_dst = server,
		.quote_seq = 1000,
	};
	(void)state;
	flow_table_init(&table, &arena);
	assert_false(flow_add(&table, &icmp, 0, 1)); /* about nothing we saw */
	put(&table, true, S, 1000, 0);
	assert_true(flow_add(&table, &icmp, 0, 2));
	assert_int_equal(table.flow[0]->nsegment, 2);
	assert_true(table.flow[0]->segment[1].is_from_other);
	assert_false(table.flow[0]->segment[1].is_from_client);
	icmp.quote_protocol = PROTOCOL_UDP;
	assert_false(flow_add(&table, &icmp, 0, 3));
	arena_close(&arena);
}

static void many_flows_are_all_found_again(void **state)
{
	enum {
		MANY = 20000
	};
	struct arena arena = { 0 };
	struct flow_table table;
	(void)state;
	flow_table_init(&table, &arena);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			struct packet packet = {
				.kind = PACKET_TCP, .src = client, .dst = server, .flags = S
			};
			packet.src.ip[2] = (uint8_t)(i >> 8);
			packet.src.port = (uint16_t)(1 + (i & 255));
			packet.seq = i;
			assert_true(flow_add(&table, &packet, 0, i + 1));
		}
		assert_int_equal(table.nflow, MANY);
	}
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(table.flow[i]->nsegment, 2);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_used_again_is_a_new_flow_and_a_repeated_syn_is_not),
		cmocka_unit_test(syns_that_cross_are_one_flow),
		cmocka_unit_test(without_a_syn_the_server_is_who_answered_or_has_the_lower_port),
		cmocka_unit_test(an_icmp_error_joins_the_flow_that_it_quotes),
		cmocka_unit_test(many_flows_are_all_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
