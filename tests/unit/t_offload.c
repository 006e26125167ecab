/* What is switched off, asked one by one as `ethtool -k` would. */
#include "unit.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "netlink.h"
#include "offload.h"
#include "own_net.h"

static uint32_t asked(const char *iface, uint32_t command)
{
	struct ethtool_value value = { .cmd = command };
	struct ifreq request = { .ifr_data = (char *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", iface);
	int status = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	assert_int_equal(status, 0);
	return value.data;
}

static void make_cable(void)
{
	const struct nl_veth veth = { .index = 100,
				      .peer_index = 101,
				      .name = "d0",
				      .peer_name = "d1",
				      .bridge = 99,
				      .peer_mac = { 2, 0, 0, 0, 0, 1 },
				      .peer_pid = getpid() };
	struct nl_batch batch;
	struct nl nl;
	struct err err = { 0 };

	assert_int_equal(nl_open(&nl, 0, &err), 0);
	nl_begin(&batch, &nl);
	if (nl_add_bridge(&batch, 99, "b", 0, &err) < 0 || nl_add_veth(&batch, &veth, &err) < 0 ||
	    nl_flush(&batch, &err) < 0)
		fail_msg("%s", err.text);
	nl_close(&nl);
}

static void a_cable_segments_and_sums_nothing_by_itself(void **state)
{
	const uint32_t command[] = { ETHTOOL_GTSO, ETHTOOL_GGSO, ETHTOOL_GGRO, ETHTOOL_GTXCSUM,
				     ETHTOOL_GRXCSUM };
	struct offloads offloads;
	struct err err = { 0 };
	uint32_t before = 0;

	(void)state;
	need_namespace();
	make_cable();
	for (size_t i = 0; i < COUNT(command); i++)
		before += asked("d1", command[i]);
	assert_true(before >= 4); /* but GRO, as made: else nothing is tried here */
	assert_int_equal(offload_find(&offloads, &err), 0);
	assert_int_equal(offload_off(&offloads, "d1", &err), 0);
	for (size_t i = 0; i < COUNT(command); i++)
		assert_int_equal(asked("d1", command[i]), 0);
}

static void an_interface_that_is_not_there_is_named(void **state)
{
	struct offloads offloads;
	struct err err = { 0 };

	(void)state;
	need_namespace();
	assert_int_equal(offload_find(&offloads, &err), 0);
	assert_int_equal(offload_off(&offloads, "nosuch", &err), -1);
	assert_string_equal(err.text, "nosuch: offloads: No such device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cable_segments_and_sums_nothing_by_itself),
		cmocka_unit_test(an_interface_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests_name("offload", tests, own_net_setup, NULL);
}
