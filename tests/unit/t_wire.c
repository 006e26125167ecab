/* wire: the notation of scenarios against folded traces, and what folding keeps of a flow. */
#include "unit.h"

#include "finding.h"
#include "flow.h"
#include "fold.h"

static void a_pattern_is_a_prefix_of_the_folded_trace(void **state)
{
	static const char whole[] = "C>S [S], S>C [S.], C>S [.], C>S [P.] 33, S>C [P.] 54, "
				    "S>C [F.], C>S [F.]";
	static const struct {
		const char *pattern, *folded;
		int fits;
	} rows[] = {
		{ "C>S [S], S>C [R.]", "C>S [S], S>C [R.]", 1 },
		{ "C>S [S]", "C>S [S], S>C [R.]", 1 },
		{ "C>S [S], S>C [R.]", "C>S [S]", 0 },
		{ "C>S [S], S>C [R.]", "C>S [S], S>C [S.], C>S [.]", 0 },
		{ "C>S [S], S>C [R.]", "C>S [S], S>C [R]", 0 },
		{ "S>C [S]", "C>S [S]", 0 },
		{ "C>S [S],S>C [R.]", "C>S [S], S>C [R.]", 1 },
		{ "  C>S [S] ,  S>C [R.] ", "C>S [S], S>C [R.]", 1 },
		{ "C>S [S] 2+", "C>S [S]", 0 },
		{ "C>S [S] 2+", "C>S [S] 2", 1 },
		{ "C>S [S] 2+", "C>S [S] 7", 1 },
		{ "C>S [S] 2", "C>S [S] 3", 0 },
		{ "C>S [S] 1", "C>S [S]", 1 },
		{ "C>S [S]", "C>S [S] 3, S>C [S.]", 1 },
		{ "C>S [S], S>C [S.], C>S [.], C>S [P.] 33", whole, 1 },
		{ "C>S [S], S>C [S.], C>S [.], C>S [P.]", whole, 1 },
		{ "C>S [S], S>C [S.], C>S [.], C>S [P.] 34", whole, 0 },
		{ "C>S [S], S>C [S.], C>S [.], C>S [P.] 30+", whole, 1 },
		{ whole, whole, 1 },
		{ "C>S [S], S>C icmp 3/3", "C>S [S] 2, S>C icmp 3/3 2", 1 },
		{ "C>S [S], X>C icmp 3/1", "C>S [S] 2, S>C icmp 3/1 2", 0 },
		{ "nothing", "", 1 },
		{ "nothing", "C>S [S]", 0 },
		{ "nothing", NULL, 0 }, /* no capture is not an empty one */
		{ "C>S [S]", NULL, 0 },
		{ "C>S [S]", "", 0 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = { 0 };
		if (wire_match(rows[i].pattern, rows[i].folded, &err) != rows[i].fits)
			fail_msg("\"%s\" on \"%s\": not %d %s", rows[i].pattern, rows[i].folded,
				 rows[i].fits, err.text);
	}
}

static void a_pattern_that_cannot_be_read_is_an_error_whatever_was_seen(void **state)
{
	static const char *const patterns[] = {
		"",
		"C>S",
		"C>S S",
		"S [S]",
		"C>C [S]",
		"C>S [Q]",
		"C>S [S] two",
		"C>S [S] 0",
		"C>S [S] -1",
		"C>S [S] 2+ 3",
		"C>S [S],",
		"C>S [S] S>C",
		"C>S icmp",
		"C>S icmp 3",
		"C>S icmp 3/999",
		"nothing else",
		"C>S [S], what",
		"C>S [S] +",
		"C>X [S]",
		"C>S [SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS]",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++) {
		static const char *const seen[] = { "", "C>S [S]", "S>C [R]", NULL };
		for (size_t k = 0; k < COUNT(seen); k++) {
			struct err err = { 0 };
			if (wire_match(patterns[i], seen[k], &err) != -1)
				fail_msg("\"%s\" was read", patterns[i]);
			assert_true(starts_with(err.text, "wire: "));
		}
	}
}

/* One segment a row; the client's first number is 1000, the server's 5000. */
struct row {
	char from;
	uint8_t flags;
	uint32_t seq, ack, len;
};

static struct folded fold(const struct row *row, size_t count, struct arena *arena)
{
	struct flow_table table;
	flow_table_init(&table, arena);
	for (size_t i = 0; i < count; i++) {
		bool is_client = row[i].from == 'C';
		struct addr client = { 4, { 10, 0, 0, 2 }, 40000 },
			    server = { 4, { 10, 0, 0, 1 }, 80 };
		struct packet packet = {
			.kind = PACKET_TCP,
			.src = is_client ? client : server,
			.dst = is_client ? server : client,
			.flags = row[i].flags,
			.seq = row[i].seq,
			.ack = row[i].ack,
			.payload_len = row[i].len,
		};
		assert_true(flow_add(&table, &packet, (int64_t)i, (uint32_t)i + 1));
	}
	assert_int_equal(table.nflow, 1);
	return fold_flow(table.flow[0], INT64_MAX, arena);
}

enum {
	S = 2,
	SA = 18,
	A = 16,
	PA = 24,
	FA = 17,
	FPA = 25,
	R = 4,
	RA = 20
};

static void acks_borders_and_repetitions_do_not_change_the_trace(void **state)
{
	static const struct row plain[] = {
		{ 'C', S, 1000, 0, 0 },      { 'S', SA, 5000, 1001, 0 },
		{ 'C', A, 1001, 5001, 0 },   { 'C', PA, 1001, 5001, 30 },
		{ 'S', PA, 5001, 1031, 50 }, { 'C', FA, 1031, 5051, 0 },
		{ 'S', FA, 5051, 1032, 0 },
	};
	static const struct row torn[] = {
		{ 'C', S, 1000, 0, 0 },      { 'C', S, 1000, 0, 0 },
		{ 'S', SA, 5000, 1001, 0 },  { 'S', SA, 5000, 1001, 0 },
		{ 'C', PA, 1011, 5001, 20 }, /* before its first half */
		{ 'C', PA, 1001, 5001, 10 }, { 'C', A, 1001, 5001, 10 },
		{ 'S', A, 5001, 1031, 0 },   { 'S', PA, 5001, 1031, 49 },
		{ 'S', PA, 5001, 1031, 50 }, { 'C', A, 1031, 5051, 0 },
		{ 'C', A, 1030, 5051, 0 }, /* keepalive */
		{ 'C', FA, 1031, 5051, 0 },  { 'C', FA, 1031, 5051, 0 },
		{ 'S', FA, 5051, 1032, 0 },
	};
	static const struct row joined[] = {
		{ 'C', S, 1000, 0, 0 },      { 'S', SA, 5000, 1001, 0 },
		{ 'C', PA, 1001, 5001, 30 }, { 'S', PA, 5001, 1031, 50 },
		{ 'C', FA, 1031, 5051, 0 },  { 'S', FA, 5051, 1032, 0 },
	};
	struct arena arena = { 0 };
	struct folded one = fold(plain, COUNT(plain), &arena);
	(void)state;
	assert_string_equal(one.canonical, "C>S [S], S>C [S.], C>S [.], C>S [P.] 30, S>C [P.] 50, "
					   "C>S [F.], S>C [F.]");
	assert_string_equal(one.text, one.canonical);
	struct folded two = fold(torn, COUNT(torn), &arena);
	assert_string_equal(two.canonical, one.canonical);
	assert_true(starts_with(two.text, "C>S [S] 2, S>C [S.] 2, C>S [.], "));
	assert_string_equal(fold(joined, COUNT(joined), &arena).canonical, one.canonical);
	arena_close(&arena);
}

static void another_flag_turn_or_end_changes_the_trace(void **state)
{
	static const struct {
		struct row rows[8];
		size_t count;
		const char *canonical;
	} flows[] = {
		{ { { 'C', S, 1000, 0, 0 } }, 1, "C>S [S]" },
		{ { { 'C', S, 1000, 0, 0 }, { 'S', RA, 0, 1001, 0 } }, 2, "C>S [S], S>C [R.]" },
		{ { { 'C', S, 1000, 0, 0 }, { 'S', SA, 9, 1001, 0 }, { 'C', A, 1001, 10, 0 } },
		  3,
		  "C>S [S], S>C [S.], C>S [.], open" },
		{ { { 'C', S, 1000, 0, 0 },
		    { 'S', SA, 9, 1001, 0 },
		    { 'C', A, 1001, 10, 0 },
		    { 'S', FPA, 10, 1001, 4 } },
		  4,
		  "C>S [S], S>C [S.], C>S [.], S>C [P.] 4, S>C [F.]" },
		{ { { 'C', S, 1000, 0, 0 },
		    { 'S', SA, 9, 1001, 0 },
		    { 'C', A, 1001, 10, 0 },
		    { 'C', PA, 1001, 10, 3 },
		    { 'S', R, 10, 0, 0 },
		    { 'S', R, 10, 0, 0 } },
		  6,
		  "C>S [S], S>C [S.], C>S [.], C>S [P.] 3, S>C [R]" },
		{ { { 'C', S, 0xffffffff, 0, 0 },
		    { 'S', SA, 0xfffffffe, 0, 0 },
		    { 'C', A, 0, 0xffffffff, 0 },
		    { 'S', PA, 0xffffffff, 0, 6 },
		    { 'S', PA, 5, 0, 6 } },
		  5,
		  "C>S [S], S>C [S.], C>S [.], S>C [P.] 12, open" },
	};
	struct arena arena = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(flows); i++)
		assert_string_equal(fold(flows[i].rows, flows[i].count, &arena).canonical,
				    flows[i].canonical);
	assert_string_equal(fold_flow(NULL, INT64_MAX, &arena).text, "");
	assert_string_equal(fold_flow(NULL, INT64_MAX, &arena).canonical, "nothing");
	arena_close(&arena);
}

static void a_reset_after_both_fins_were_acknowledged_is_no_part(void **state)
{
	/* As captured with both cores busy: the server's ACK came after its FIN. */
	static const struct row overtaken[] = {
		{ 'C', S, 1000, 0, 0 },     { 'S', SA, 5000, 1001, 0 }, { 'C', A, 1001, 5001, 0 },
		{ 'C', FA, 1001, 5001, 0 }, { 'S', FA, 5001, 1002, 0 }, { 'C', A, 1002, 5002, 0 },
		{ 'S', A, 5001, 1002, 0 },  { 'C', A, 1002, 5002, 0 },  { 'S', R, 5002, 0, 0 },
	};
	/* The server's FIN finds nobody: that is how it ended. */
	static const struct row late[] = {
		{ 'C', S, 1000, 0, 0 },     { 'S', SA, 5000, 1001, 0 }, { 'C', A, 1001, 5001, 0 },
		{ 'C', FA, 1001, 5001, 0 }, { 'S', FA, 5001, 1002, 0 }, { 'C', R, 1002, 0, 0 },
	};
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(fold(overtaken, COUNT(overtaken), &arena).canonical,
			    "C>S [S], S>C [S.], C>S [.], C>S [F.], S>C [F.]");
	assert_string_equal(fold(late, COUNT(late), &arena).canonical,
			    "C>S [S], S>C [S.], C>S [.], C>S [F.], S>C [F.], C>S [R]");
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_a_prefix_of_the_folded_trace),
		cmocka_unit_test(a_pattern_that_cannot_be_read_is_an_error_whatever_was_seen),
		cmocka_unit_test(acks_borders_and_repetitions_do_not_change_the_trace),
		cmocka_unit_test(another_flag_turn_or_end_changes_the_trace),
		cmocka_unit_test(a_reset_after_both_fins_were_acknowledged_is_no_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
