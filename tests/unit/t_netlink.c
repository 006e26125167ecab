/* netlink: what the kernel refuses is named, batches of any length go through, links become ready.
 */
#include "unit.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "clock.h"
#include "netlink.h"
#include "own_net.h"

static struct nl_veth cable(int number, const char *name, const char *peer)
{
	return (struct nl_veth){
		.index = 100 + number,
		.peer_index = 5000 + number,
		.name = name,
		.peer_name = peer,
		.bridge = 10,
		.peer_mac = { 0x02, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number },
		.peer_pid = getpid(),
	};
}

static void a_refusal_names_the_request_and_the_cause(void **state)
{
	struct nl nl;
	struct nl_batch batch = { .nl = &nl };
	struct err err = { 0 };
	struct addr addr;

	(void)state;
	need_namespace();
	assert_int_equal(nl_open(&nl, 0, &err), 0);
	assert_int_equal(addr_parse(&addr, "10.9.0.1", 0), 0);
	assert_int_equal(nl_add_address(&batch, 1, &addr, 24, &err), 0);
	assert_int_equal(nl_add_address(&batch, 4711, &addr, 24, &err), 0);
	assert_int_equal(nl_add_address(&batch, 1, &addr, 24, &err), 0);
	assert_int_equal(nl_flush(&batch, &err), -1);
	assert_int_equal(err.sys, ENODEV); /* the first one that was refused, not the last */
	assert_non_null(strstr(err.text, "address 10.9.0.1/24"));
	assert_non_null(strstr(err.text, "ENODEV"));
	assert_int_equal(nl_flush(&batch, &err), 0); /* nothing is left in it */
	assert_int_equal(addr_parse(&addr, "192.0.2.1", 0), 0);
	assert_int_equal(nl_add_default_route(&batch, &addr, &err), 0);
	assert_int_equal(nl_flush(&batch, &err), -1);
	assert_non_null(strstr(err.text, "default route via 192.0.2.1"));
	assert_non_null(strstr(err.text, "gateway")); /* the kernel's own words */
	nl_close(&nl);
	nl_close(&nl);
}

static void a_kind_is_known_or_not_and_none_is_made(void **state)
{
	struct nl nl;
	struct err err = { 0 };

	(void)state;
	need_namespace();
	assert_int_equal(nl_open(&nl, 0, &err), 0);
	assert_int_equal(nl_probe_kind(&nl, "bridge", &err), 0);
	assert_int_equal(nl_probe_kind(&nl, "veth", &err), 0);
	assert_int_equal(nl_probe_kind(&nl, "nonesuch", &err), -1);
	assert_int_equal(err.sys, EOPNOTSUPP);
	assert_int_equal(if_nametoindex("bridge0"), 0);
	assert_int_equal(if_nametoindex("veth0"), 0);
	nl_close(&nl);
}

/* More requests than one batch holds, and more notifications than a small buffer does. */
static void many_cables_become_ready(void **state)
{
	enum {
		CABLES = 200
	};
	struct nl nl, events;
	struct nl_batch batch = { .nl = &nl };
	struct err err = { 0 };
	uint8_t seen[CABLES] = { 0 };
	char name[16], peer[16];
	int small = 1;

	(void)state;
	need_namespace();
	assert_int_equal(nl_open(&nl, 0, &err), 0);
	assert_int_equal(nl_open(&events, RTMGRP_LINK, &err), 0);
	/* So small that notifications are lost: then a dump must tell. */
	assert_int_equal(setsockopt(mnl_socket_get_fd(events.socket), SOL_SOCKET, SO_RCVBUF, &small,
				    sizeof small),
			 0);
	assert_int_equal(nl_add_bridge(&batch, 10, "br0", 0, &err), 0);
	for (int i = 0; i < CABLES; i++) {
		snprintf(name, sizeof name, "a%d", i);
		snprintf(peer, sizeof peer, "b%d", i);
		struct nl_veth veth = cable(i, name, peer);
		assert_int_equal(nl_add_veth(&batch, &veth, &err), 0);
	}
	for (int i = 0; i < CABLES; i++)
		assert_int_equal(nl_add_up(&batch, 5000 + i, &err), 0);
	for (int i = 0; i < CABLES; i++)
		assert_int_equal(nl_add_up(&batch, 100 + i, &err), 0);
	if (nl_flush(&batch, &err) < 0)
		fail_msg("%s", err.text);
	struct nl_ready ready = {
		.first = 100, .count = CABLES, .left = CABLES, .is_port = true, .seen = seen
	};
	if (nl_wait_ready(&events, &ready, clock_after_ms(10000), &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(ready.left, 0);
	nl_close(&events);
	nl_close(&nl);
}

static void a_link_without_its_other_end_is_not_ready(void **state)
{
	struct nl nl, events;
	struct nl_batch batch = { .nl = &nl };
	struct err err = { 0 };
	uint8_t seen[1] = { 0 };
	struct nl_veth veth = cable(3000, "lone", "lone-peer");

	(void)state;
	need_namespace();
	assert_int_equal(nl_open(&nl, 0, &err), 0);
	assert_int_equal(nl_open(&events, RTMGRP_LINK, &err), 0);
	veth.bridge = 11;
	assert_int_equal(nl_add_bridge(&batch, 11, "br1", 0, &err), 0);
	assert_int_equal(nl_add_veth(&batch, &veth, &err), 0);
	assert_int_equal(nl_add_up(&batch, veth.index, &err), 0); /* its peer stays down */
	assert_int_equal(nl_flush(&batch, &err), 0);
	struct nl_ready ready = {
		.first = veth.index, .count = 1, .left = 1, .is_port = true, .seen = seen
	};
	assert_int_equal(nl_wait_ready(&events, &ready, clock_after_ms(50), &err), -1);
	assert_non_null(strstr(err.text, "interface 3100: not up"));
	nl_close(&events);
	nl_close(&nl);
}

static void a_name_that_is_too_long_is_refused_before_it_is_cut(void **state)
{
	struct nl nl = { .seq = 1 };
	struct nl_batch batch = { .nl = &nl };
	struct err err = { 0 };
	struct nl_veth veth = cable(1, "a", "sixteen-letters-");

	(void)state;
	assert_int_equal(nl_add_veth(&batch, &veth, &err), -1);
	assert_non_null(strstr(err.text, "15 characters"));
	assert_int_equal(batch.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_names_the_request_and_the_cause),
		cmocka_unit_test(a_kind_is_known_or_not_and_none_is_made),
		cmocka_unit_test(many_cables_become_ready),
		cmocka_unit_test(a_link_without_its_other_end_is_not_ready),
		cmocka_unit_test(a_name_that_is_too_long_is_refused_before_it_is_cut),
	};

	return cmocka_run_group_tests_name("netlink", tests, own_net_setup, NULL);
}
