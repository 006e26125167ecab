/* What an agent does not change: because it may not, or because it cannot be. */
#include "change_driver.h"

struct refusal {
	const char *verb, *action, *text, *why; /* why: words of the error */
};

/* Each in a step of its own, 2 and on. */
static void all_refused(struct driver *driver, const struct refusal *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(
		    set(driver, (int64_t)i + 2, "a", row[i].verb, row[i].action, row[i].text),
		    "error");
		if (strstr(why(driver), row[i].why) == NULL)
			fail_msg("%s %s: %s", row[i].verb, row[i].text, why(driver));
	}
}

static void nothing_touches_the_controllers_connection(void **state)
{
	static const struct refusal row[] = {
		{ "sysctl", NULL, "net.ipv4.conf.all.rp_filter=1", "cut the controller's" },
		{ "sysctl", NULL, "net.ipv4.conf.d0.arp_ignore=8", "cut the controller's" },
		{ "sysctl", NULL, "net.ipv4.ip_default_ttl=1", "cut the controller's" },
		{ "sysctl", NULL, "net.ipv4.tcp_retries2=0", "cut the controller's" },
		{ "route", "add", "blackhole 192.0.2.9", "the other end of the controller's" },
		{ "route", "replace", "192.0.2.0/24 via 198.51.100.7", "the other end of" },
		{ "route", "del", "192.0.2.0/24", "the other end of" },
		{ "route", "add", "unreachable 128.0.0.0/1", "the other end of" },
		{ "route", "add", "default via 203.0.113.7", "the other end of" },
		{ "route", "add", "prohibit 198.51.100.254", "by which goes the controller's" },
		{ "route", "del", "198.51.100.0/24", "the controller's own connection" },
		{ "address", "del", "198.51.100.1/24", "this end of the controller's" },
		{ "address", "add", "192.0.2.9/32", "the other end of the controller's" },
		{ "address", "add", "198.51.100.254/32", "by which goes" },
	};
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	snprintf(before, sizeof before, "%s", IP("route", "show", "table", "all"));
	start(&driver);
	all_refused(&driver, row, COUNT(row));
	assert_false(has_journal()); /* before anything is touched */
	assert_string_equal(IP("route", "show", "table", "all"), before);
	assert_string_equal(set(&driver, 50, "b", "address", "add", "192.0.2.200/25"), "ok");
	assert_int_equal(driver_close(&driver), 0);
	assert_string_equal(IP("route", "show", "table", "all"), before);
	/* Where the controller's connection is not known, nothing is. */
	driver_start(&driver);
	assert_string_equal(driver_play(&driver, 1, shared), "ok");
	assert_string_equal(set(&driver, 2, "a", "sysctl", NULL, "net.ipv4.tcp_ecn=1"), "error");
	assert_non_null(strstr(why(&driver), "SSH_CONNECTION"));
	assert_int_equal(driver_close(&driver), 0);
}

static void what_cannot_be_says_why_and_changes_nothing(void **state)
{
	static const struct refusal row[] = {
		{ "sysctl", NULL, "kernel.panic=1", "only those of net.*" },
		{ "sysctl", NULL, "net.ipv4/../../kernel.panic=1", "only those of net.*" },
		{ "sysctl", NULL, "net.//.//.kernel.panic=1", "only those of net.*" },
		{ "sysctl", NULL, "net.ipv4.no_such=1", "no such setting" },
		{ "sysctl", NULL, "net.ipv4.tcp_ecn", "is not NAME=VALUE" },
		{ "sysctl", NULL, "net.ipv4.tcp_ecn=x", "Invalid argument" },
		{ "sysctl", NULL, "net.ipv4=1", "" },
		{ "route", "add", "203.0.113.9", "neither PREFIX via" },
		{ "route", "add", "blackhole x", "neither PREFIX via" },
		{ "route", "add", "203.0.116.0/24 via ::1", "neither PREFIX via" },
		{ "route", "add", "203.0.116.0/24 via 203.0.117.1", "unreachable" },
		{ "route", "del", "203.0.116.0/24", "there is none" },
		{ "route", "add", "blackhole 203.0.113.0/24", "one already: dev d1" },
		{ "address", "add", "203.0.113.1/24", "there already" },
		{ "address", "del", "203.0.113.7/24", "not on d1" },
		{ "address", "add", "203.0.113.1", "not ADDRESS/LEN" },
	};
	struct driver driver;
	char before[2048];

	(void)state;
	need();
	snprintf(before, sizeof before, "%s", IP("route", "show", "table", "all"));
	start_own(&driver);
	all_refused(&driver, row, COUNT(row));
	/* The first that changed it knows how it was: it is healed before another changes it. */
	assert_string_equal(set(&driver, 50, "b", "sysctl", NULL, "net.ipv4.tcp_ecn=1"), "ok");
	assert_string_equal(set(&driver, 51, "c", "sysctl", NULL, "net.ipv4.tcp_ecn=0"), "error");
	assert_non_null(strstr(why(&driver), "was changed by b: heal that first"));
	assert_int_equal(driver_close(&driver), 0);
	assert_string_equal(SYSCTL("ipv4/tcp_ecn"), "2");
	assert_string_equal(IP("route", "show", "table", "all"), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_touches_the_controllers_connection),
		cmocka_unit_test(what_cannot_be_says_why_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, own_machine_setup, NULL);
}
