/* What a change takes with it beside what it names comes back, too. Network, /run and /var/tmp are
 * this program's own. */
#include "change_driver.h"

static void a_route_comes_back_with_all_that_it_said(void **state)
{
	static const char *const shall[] = { "203.0.114.0/24 via 203.0.113.7",
					     "blackhole 203.0.115.0/24" };
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	IP("route", "add", "blackhole", "203.0.115.0/24", "proto", "77");
	snprintf(before, sizeof before, "%s", IP("route", "show"));
	start_own(&driver);
	for (size_t i = 0; i < COUNT(shall); i++)
		assert_string_equal(
		    set(&driver, (int64_t)i + 2, i ? "b" : "a", "route", "replace", shall[i]),
		    "ok");
	assert_int_equal(driver_close(&driver), 0);
	assert_string_equal(IP("route", "show"), before);
	IP("route", "del", "blackhole", "203.0.115.0/24");
}

static void routes_of_all_tables_come_back_with_an_address(void **state)
{
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	IP("route", "add", "203.0.116.0/24", "via", "203.0.113.7", "table", "100");
	snprintf(before, sizeof before, "%s", IP("route", "show", "table", "all"));
	start_own(&driver);
	assert_string_equal(set(&driver, 2, "a", "address", "del", "203.0.113.1/24"), "ok");
	assert_null(strstr(IP("route", "show", "table", "all"), "203.0.116.0"));
	assert_int_equal(driver_close(&driver), 0);
	assert_string_equal(IP("route", "show", "table", "all"), before);
	IP("route", "flush", "table", "100");
}

/* An address of its own, its gateway beside it: the kernel lists the way to the gateway last. */
static void a_gateway_comes_back_before_what_goes_by_it(void **state)
{
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	IP("addr", "flush", "dev", "d1");
	IP("addr", "add", "203.0.113.1/32", "dev", "d1");
	IP("route", "add", "203.0.113.7", "dev", "d1");
	IP("route", "add", "203.0.110.0/24", "via", "203.0.113.7");
	IP("route", "add", "203.0.123.0/24", "nexthop", "via", "203.0.113.7", "nexthop", "via",
	   "198.51.100.7");
	snprintf(before, sizeof before, "%s", IP("route", "show"));
	start_own(&driver);
	assert_string_equal(set(&driver, 2, "a", "address", "del", "203.0.113.1/32"), "ok");
	assert_null(strstr(IP("route", "show"), "203.0.110"));
	assert_int_equal(driver_close(&driver), 0);
	assert_string_equal(IP("route", "show"), before);
	IP("route", "del", "203.0.123.0/24");
	IP("addr", "flush", "dev", "d1");
	IP("addr", "add", "203.0.113.1/24", "dev", "d1");
}

static void what_the_kernel_would_not_take_back_is_not_taken(void **state)
{
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	IP("nexthop", "add", "id", "5", "via", "203.0.113.7", "dev", "d1");
	IP("route", "add", "203.0.122.0/24", "nhid", "5");
	snprintf(before, sizeof before, "%s", IP("route", "show"));
	start_own(&driver);
	assert_string_equal(set(&driver, 2, "a", "address", "del", "203.0.113.1/24"), "error");
	assert_non_null(strstr(why(&driver), "nexthop object"));
	assert_string_equal(set(&driver, 3, "b", "route", "del", "203.0.122.0/24"), "error");
	assert_non_null(strstr(why(&driver), "nexthop object"));
	assert_string_equal(IP("route", "show"), before);
	assert_int_equal(driver_close(&driver), 0);
	IP("route", "del", "203.0.122.0/24");
	IP("nexthop", "del", "id", "5");
	/* Of what goes with the last address only routes come back. */
	IP("neigh", "add", "203.0.113.50", "lladdr", "02:00:00:00:00:01", "dev", "d1", "nud",
	   "permanent");
	IP("neigh", "add", "proxy", "203.0.113.51", "dev", "d1");
	start_own(&driver);
	assert_string_equal(set(&driver, 2, "a", "address", "del", "203.0.113.1/24"), "error");
	assert_non_null(strstr(why(&driver), "d1 would lose 2 neighbours"));
	IP("addr", "add", "203.0.113.2/32", "dev", "d1");
	assert_string_equal(set(&driver, 3, "b", "address", "del", "203.0.113.1/24"), "ok");
	assert_int_equal(driver_close(&driver), 0);
	assert_non_null(strstr(IP("neigh", "show", "nud", "permanent"), "203.0.113.50"));
	IP("addr", "del", "203.0.113.2/32", "dev", "d1");
	IP("neigh", "flush", "dev", "d1", "nud", "permanent");
	IP("neigh", "del", "proxy", "203.0.113.51", "dev", "d1");
}

static void the_source_of_a_route_comes_back_with_the_address(void **state)
{
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	if (access("/proc/sys/net/ipv6/conf/d1/disable_ipv6", F_OK) < 0)
		SKIP("no IPv6 here");
	write_sysctl("/proc/sys/net/ipv6/conf/d1/disable_ipv6", "0");
	IP("addr", "add", "fd00::2/64", "dev", "d1", "nodad");
	IP("addr", "add", "fd00::3/64", "dev", "d1", "nodad");
	IP("route", "add", "fd00:4::/64", "via", "fd00::7", "src", "fd00::3");
	snprintf(before, sizeof before, "%s", IP("-6", "route", "show", "fd00:4::/64"));
	start_own(&driver);
	assert_string_equal(set(&driver, 2, "a", "address", "del", "fd00::3/64"), "ok");
	assert_null(strstr(IP("-6", "route", "show", "fd00:4::/64"), "src"));
	assert_int_equal(driver_close(&driver), 0);
	assert_string_equal(IP("-6", "route", "show", "fd00:4::/64"), before);
	/* And how long a route will be. */
	IP("route", "add", "fd00:5::/64", "via", "fd00::7", "expires", "3000");
	IP("route", "add", "fd00:6::/64", "nexthop", "via", "fd00::7", "nexthop", "via", "fd00::8",
	   "weight", "3");
	snprintf(before, sizeof before, "%s", IP("-6", "route", "show", "fd00:6::/64"));
	start_own(&driver);
	assert_string_equal(set(&driver, 2, "a", "route", "replace", "blackhole fd00:5::/64"),
			    "ok");
	assert_string_equal(set(&driver, 3, "b", "route", "replace", "fd00:6::/64 via fd00::8"),
			    "ok");
	assert_int_equal(driver_close(&driver), 0);
	assert_non_null(strstr(IP("-6", "route", "show", "fd00:5::/64"), "expires "));
	assert_string_equal(IP("-6", "route", "show", "fd00:6::/64"), before);
}

/* Noted, looked at again, and made: what passes between the two looks is nobody's change. */
static void time_that_passes_is_no_change(void **state)
{
	struct driver driver;

	(void)state;
	need();
	if (access("/proc/sys/net/ipv6/conf/d1/disable_ipv6", F_OK) < 0)
		SKIP("no IPv6 here");
	write_sysctl("/proc/sys/net/ipv6/conf/d1/disable_ipv6", "0");
	IP("addr", "add", "fd00:b::2/64", "dev", "d1", "nodad", "valid_lft", "3000",
	   "preferred_lft", "2000");
	for (int i = 0; i < 8; i++) { /* routers announce such */
		char prefix[32];

		snprintf(prefix, sizeof prefix, "fd00:7:%x::/64", i);
		IP("route", "add", prefix, "via", "fd00:b::7", "expires", "3000");
	}
	start(&driver);
	for (int i = 0; i < 20; i++) {
		char label[8];

		snprintf(label, sizeof label, "a%d", i);
		assert_string_equal(
		    set(&driver, 2 + 2 * i, label, "route", "replace", "blackhole fd00:7:1::/64"),
		    "ok");
		assert_string_equal(heal(&driver, 3 + 2 * i, label), "ok");
	}
	assert_string_equal(set(&driver, 90, "b", "address", "del", "fd00:b::2/64"), "ok");
	assert_int_equal(driver_close(&driver), 0);
	assert_non_null(strstr(IP("addr", "show", "d1", "to", "fd00:b::2"), "dynamic"));
}

/* Others look for a second whether somebody has it: it was in use a moment ago. */
static void an_address_can_be_used_at_once_again(void **state)
{
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	if (access("/proc/sys/net/ipv6/conf/d1/disable_ipv6", F_OK) < 0)
		SKIP("no IPv6 here");
	write_sysctl("/proc/sys/net/ipv6/conf/d1/disable_ipv6", "0");
	IP("addr", "add", "fd00:c::2/64", "dev", "d1");
	for (int i = 0; i < 800 && IP("addr", "show", "tentative", "to", "fd00:c::2")[0] != '\0';
	     i++)
		(void)poll(NULL, 0, 5);
	snprintf(before, sizeof before, "%s", IP("addr", "show", "d1", "to", "fd00:c::2"));
	assert_null(strstr(before, "tentative"));
	start_own(&driver);
	assert_string_equal(set(&driver, 2, "a", "address", "del", "fd00:c::2/64"), "ok");
	assert_string_equal(heal(&driver, 3, "a"), "ok");
	assert_string_equal(IP("addr", "show", "d1", "to", "fd00:c::2"), before);
	assert_int_equal(driver_close(&driver), 0);
}

static void a_device_without_an_address_keeps_its_routes(void **state)
{
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	IP("addr", "flush", "dev", "d1");
	IP("route", "add", "203.0.117.0/24", "dev", "d1");
	IP("route", "add", "203.0.117.0/24", "dev", "d1", "table", "100");
	snprintf(before, sizeof before, "%s", IP("route", "show"));
	start_own(&driver);
	assert_string_equal(set(&driver, 2, "a", "address", "add", "203.0.118.1/32"), "ok");
	assert_int_equal(driver_close(&driver), 0);
	assert_string_equal(IP("route", "show"), before);
	assert_string_equal(IP("route", "show", "table", "100"),
			    "203.0.117.0/24 dev d1 scope link");
}

static void several_ways_come_back_also_where_one_is_down(void **state)
{
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	IP("addr", "replace", "203.0.113.1/24", "dev", "d1");
	IP("link", "add", "d2", "type", "veth", "peer", "name", "d3");
	IP("link", "set", "d2", "up");
	IP("link", "set", "d3", "up");
	IP("addr", "add", "203.0.119.1/24", "dev", "d2");
	IP("route", "add", "203.0.120.0/24", "nexthop", "via", "203.0.113.7", "nexthop", "via",
	   "203.0.119.7");
	IP("link", "set", "d3", "down");
	for (int i = 0; i < 400 && strstr(IP("route", "show"), "linkdown") == NULL; i++)
		(void)poll(NULL, 0, 5);
	snprintf(before, sizeof before, "%s", IP("route", "show"));
	start_own(&driver);
	assert_string_equal(
	    set(&driver, 2, "a", "route", "replace", "203.0.120.0/24 via 203.0.113.9"), "ok");
	assert_int_equal(driver_close(&driver), 0);
	assert_string_equal(IP("route", "show"), before);
	IP("link", "set", "d2", "down"); /* the kernel takes no way by it from anybody */
	start_own(&driver);
	assert_string_equal(
	    set(&driver, 2, "a", "route", "replace", "203.0.120.0/24 via 203.0.113.9"), "error");
	assert_non_null(strstr(why(&driver), "a device that is down"));
	assert_int_equal(driver_close(&driver), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_route_comes_back_with_all_that_it_said),
		cmocka_unit_test(routes_of_all_tables_come_back_with_an_address),
		cmocka_unit_test(a_gateway_comes_back_before_what_goes_by_it),
		cmocka_unit_test(what_the_kernel_would_not_take_back_is_not_taken),
		cmocka_unit_test(the_source_of_a_route_comes_back_with_the_address),
		cmocka_unit_test(time_that_passes_is_no_change),
		cmocka_unit_test(an_address_can_be_used_at_once_again),
		cmocka_unit_test(a_device_without_an_address_keeps_its_routes),
		cmocka_unit_test(several_ways_come_back_also_where_one_is_down),
	};

	return cmocka_run_group_tests(tests, own_machine_setup, NULL);
}
