/* Sysctls, routes and addresses as faults: set, proven, healed; and on a machine that others use
 * noted first, undone by whoever comes next, and kept away from the controller's own connection.
 * Network, /run and /var/tmp are this program's own. */
#include "change_driver.h"

#include <sys/stat.h>

#include "journal.h"

static int sweep(void)
{
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };

	kept_clear(&kept);
	return journal_sweep(&sink, &err);
}

static const char *state_of(const char *name)
{
	const struct event *event = kept_find(&kept, "leftover", "name", name);

	return event != NULL ? event_get(event, "state") : "not told";
}

static void die(struct driver *driver)
{
	kill(driver->pid, SIGKILL);
	assert_int_equal(driver_close(driver), -1);
	assert_true(has_journal());
}

static void each_is_set_read_back_and_healed(void **state)
{
	struct driver driver;

	(void)state;
	need();
	start_own(&driver);
	char *before = strdup(SYSCTL("ipv4/tcp_rmem")); /* a kernel's default goes by its memory */
	assert_string_equal(set(&driver, 2, "a", "sysctl", NULL,
				"net.ipv4.tcp_rmem=4096 \t9000  "
				"20000"),
			    "ok");
	assert_string_equal(SYSCTL("ipv4/tcp_rmem"), "4096\t9000\t20000");
	assert_true(driver_saw(&driver, "\"proof\":\"net.ipv4.tcp_rmem = 4096 9000 20000\""));
	assert_string_equal(set(&driver, 3, "b", "route", "add", "blackhole 203.0.113.9"), "ok");
	assert_string_equal(IP("route", "show", "203.0.113.9"),
			    "blackhole 203.0.113.9 proto static");
	assert_string_equal(
	    set(&driver, 4, "c", "route", "replace", "203.0.114.7/24 via 203.0.113.8"), "ok");
	assert_string_equal(IP("route", "show", "203.0.114.0/24"),
			    "203.0.114.0/24 via 203.0.113.8 dev d1 proto static metric 50");
	assert_true(driver_saw(&driver, "\"was\":\"via 203.0.113.7 dev d1\""));
	assert_string_equal(set(&driver, 5, "d", "address", "add", "203.0.115.1/32"), "ok");
	assert_non_null(strstr(IP("addr", "show", "d1"), "inet 203.0.115.1/32"));
	assert_string_equal(set(&driver, 6, "e", "route", "del", "203.0.113.0/24"), "ok");
	assert_string_equal(IP("route", "show", "203.0.113.0/24"), "");
	assert_false(has_journal()); /* all this goes with the namespace */
	assert_string_equal(heal(&driver, 7, "e"), "ok");
	assert_string_equal(IP("route", "show", "203.0.113.0/24"),
			    "203.0.113.0/24 dev d1 proto kernel scope link src 203.0.113.1");
	assert_string_equal(heal(&driver, 8, "c"), "ok");
	assert_string_equal(IP("route", "show", "203.0.114.0/24"),
			    "203.0.114.0/24 via 203.0.113.7 dev d1 metric 50 mtu 1400");
	assert_string_equal(heal(&driver, 9, "b"), "ok");
	assert_string_equal(heal(&driver, 10, "a"), "ok");
	assert_string_equal(SYSCTL("ipv4/tcp_rmem"), before);
	free(before);
	assert_int_equal(driver_close(&driver), 0);
	assert_null(strstr(IP("addr", "show", "d1"), "203.0.115.1")); /* the end heals, too */
	assert_string_equal(IP("route", "show", "203.0.113.9"), "");
}

static void an_address_comes_back_with_its_routes(void **state)
{
	struct driver driver;
	char before[2048], after[2048];

	(void)state;
	need();
	snprintf(before, sizeof before, "%s", IP("route", "show"));
	start(&driver);
	assert_string_equal(set(&driver, 2, "a", "address", "del", "203.0.113.1/24"), "ok");
	snprintf(after, sizeof after, "%s", IP("route", "show"));
	assert_null(strstr(after, "203.0.11")); /* the last one takes all routes of its device */
	die(&driver);
	assert_int_equal(sweep(), 0);
	assert_string_equal(state_of("203.0.113.1/24@d1"), "undone");
	assert_string_equal(IP("route", "show"), before);
	assert_false(has_journal());
}

static void a_dead_agents_changes_are_undone_by_the_next(void **state)
{
	struct driver driver;

	(void)state;
	need();
	start(&driver);
	assert_string_equal(set(&driver, 2, "a", "sysctl", NULL, "net.ipv4.tcp_ecn=1"), "ok");
	assert_string_equal(set(&driver, 3, "b", "route", "add", "unreachable 203.0.113.9/32"),
			    "ok");
	assert_string_equal(
	    set(&driver, 4, "c", "route", "replace", "203.0.114.0/24 via 203.0.113.8"), "ok");
	assert_string_equal(set(&driver, 5, "d", "address", "add", "203.0.115.1/32"), "ok");
	die(&driver);
	assert_string_equal(SYSCTL("ipv4/tcp_ecn"), "1");
	start(&driver);
	assert_true(driver_saw(&driver, "\"name\":\"net.ipv4.tcp_ecn\",\"state\":\"undone\""));
	assert_true(driver_saw(&driver, "\"name\":\"203.0.113.9/32\",\"state\":\"undone\""));
	assert_true(driver_saw(&driver, "\"name\":\"203.0.114.0/24\",\"state\":\"undone\""));
	assert_true(driver_saw(&driver, "\"name\":\"203.0.115.1/32@d1\",\"state\":\"undone\""));
	assert_string_equal(SYSCTL("ipv4/tcp_ecn"), "2");
	assert_string_equal(IP("route", "show", "203.0.113.9"), "");
	assert_string_equal(IP("route", "show", "203.0.114.0/24"),
			    "203.0.114.0/24 via 203.0.113.7 dev d1 metric 50 mtu 1400");
	assert_null(strstr(IP("addr", "show", "d1"), "203.0.115.1"));
	assert_int_equal(driver_close(&driver), 0);
	assert_false(has_journal());
}

/* Each line of a journal again, and again: it says what is, and does nothing more. */
static void replaying_twice_does_no_harm(void **state)
{
	struct driver driver;
	struct proc_result result;
	struct err err = { 0 };

	(void)state;
	need();
	start(&driver);
	assert_string_equal(set(&driver, 2, "a", "sysctl", NULL, "net.ipv4.tcp_ecn=1"), "ok");
	assert_string_equal(set(&driver, 3, "b", "route", "del", "203.0.114.0/24"), "ok");
	assert_string_equal(set(&driver, 4, "c", "address", "del", "203.0.113.1/24"), "ok");
	kill(driver.pid, SIGKILL);
	assert_int_equal(driver_close(&driver), -1);
	const char *const copy[] = { "sh", "-c", "cp /run/lab-$(id -u)/ab12* /run/kept", NULL };
	const char *const back[] = { "sh", "-c",
				     "mkdir -m 700 /run/lab-$(id -u) && cp /run/kept "
				     "/run/lab-$(id -u)/again",
				     NULL };
	assert_int_equal(proc_run(copy, NULL, 5000, &result, &err), 0);
	proc_result_close(&result);
	assert_int_equal(sweep(), 0);
	assert_string_equal(state_of("203.0.114.0/24"), "undone");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(proc_run(back, NULL, 5000, &result, &err), 0);
		assert_int_equal(result.status, 0);
		proc_result_close(&result);
		assert_int_equal(sweep(), 0);
		assert_string_equal(state_of("net.ipv4.tcp_ecn"), "gone");
		assert_string_equal(state_of("203.0.114.0/24"), "gone");
		assert_string_equal(state_of("203.0.113.1/24@d1"), "gone");
		assert_string_equal(IP("route", "show", "203.0.114.0/24"),
				    "203.0.114.0/24 via 203.0.113.7 dev d1 metric 50 mtu 1400");
	}
}

static void what_somebody_else_has_changed_since_stays_theirs(void **state)
{
	struct driver driver;

	(void)state;
	need();
	start(&driver);
	assert_string_equal(set(&driver, 2, "a", "sysctl", NULL, "net.ipv4.tcp_ecn=1"), "ok");
	assert_string_equal(set(&driver, 3, "b", "route", "add", "blackhole 203.0.113.9/32"), "ok");
	write_sysctl("/proc/sys/net/ipv4/tcp_ecn", "0");
	IP("route", "replace", "prohibit", "203.0.113.9");
	assert_string_equal(heal(&driver, 4, "a"), "error");
	assert_non_null(strstr(why(&driver), "net.ipv4.tcp_ecn is 0 by now: left so"));
	die(&driver);
	assert_int_equal(sweep(), 0);
	assert_string_equal(state_of("net.ipv4.tcp_ecn"), "theirs");
	assert_string_equal(state_of("203.0.113.9/32"), "theirs");
	assert_string_equal(
	    event_get(kept_find(&kept, "leftover", "name", "203.0.113.9/32"), "error"),
	    "203.0.113.9/32 is prohibit by now: left so");
	assert_string_equal(SYSCTL("ipv4/tcp_ecn"), "0");
	assert_string_equal(IP("route", "show", "203.0.113.9"), "prohibit 203.0.113.9");
	assert_false(has_journal());
	write_sysctl("/proc/sys/net/ipv4/tcp_ecn", "2");
	IP("route", "del", "prohibit", "203.0.113.9");
}

static void what_is_set_beside_forwarding_comes_back_with_it(void **state)
{
	struct driver driver;

	(void)state;
	need();
	write_sysctl("/proc/sys/net/ipv4/ip_forward", "1");
	write_sysctl("/proc/sys/net/ipv4/conf/all/accept_redirects", "1");
	write_sysctl("/proc/sys/net/ipv4/conf/d1/forwarding", "0");
	start(&driver);
	assert_string_equal(set(&driver, 2, "a", "sysctl", NULL, "net.ipv4.ip_forward=0"), "ok");
	assert_string_equal(SYSCTL("ipv4/conf/d0/forwarding"), "0");
	die(&driver);
	assert_int_equal(sweep(), 0);
	assert_string_equal(SYSCTL("ipv4/ip_forward"), "1");
	assert_string_equal(SYSCTL("ipv4/conf/d0/forwarding"), "1");
	assert_string_equal(SYSCTL("ipv4/conf/d1/forwarding"), "0");
	assert_string_equal(SYSCTL("ipv4/conf/all/accept_redirects"), "1");
	write_sysctl("/proc/sys/net/ipv4/ip_forward", "0");
}

static void ipv6_is_changed_alike(void **state)
{
	struct driver driver;

	(void)state;
	need();
	if (access("/proc/sys/net/ipv6/conf/d1/disable_ipv6", F_OK) < 0)
		SKIP("no IPv6 here");
	write_sysctl("/proc/sys/net/ipv6/conf/d1/disable_ipv6", "0");
	IP("addr", "add", "fd00::2/64", "dev", "d1", "nodad");
	start(&driver);
	assert_string_equal(set(&driver, 2, "a", "address", "add", "fd00::9/128"), "ok");
	assert_string_equal(set(&driver, 3, "b", "route", "add", "unreachable fd00:1::/64"), "ok");
	assert_string_equal(set(&driver, 4, "c", "route", "add", "fd00:2::/64 via fd00::7"), "ok");
	assert_non_null(strstr(IP("-6", "route", "show", "fd00:2::/64"), "via fd00::7 dev d1"));
	assert_string_equal(set(&driver, 5, "d", "address", "del", "fd00::2/64"), "ok");
	die(&driver);
	assert_int_equal(sweep(), 0);
	assert_string_equal(state_of("fd00::2/64@d1"), "undone");
	assert_string_equal(state_of("fd00::9/128@d1"), "undone");
	assert_string_equal(state_of("fd00:1::/64"), "undone");
	assert_non_null(strstr(IP("-6", "addr", "show", "d1"), "fd00::2/64"));
	assert_null(strstr(IP("-6", "addr", "show", "d1"), "fd00::9"));
	assert_string_equal(IP("-6", "route", "show", "fd00:1::/64"), "");
	assert_string_equal(IP("-6", "route", "show", "fd00:2::/64"), "");
	assert_false(has_journal());
	/* What another route was is the same again. */
	IP("route", "add", "fd00:3::/64", "via", "fd00::7", "metric", "77");
	start(&driver);
	assert_string_equal(set(&driver, 2, "a", "route", "replace", "blackhole fd00:3::/64"),
			    "ok");
	assert_non_null(strstr(IP("-6", "route", "show", "fd00:3::/64"), "blackhole"));
	assert_int_equal(driver_close(&driver), 0);
	assert_non_null(strstr(IP("-6", "route", "show", "fd00:3::/64"), "via fd00::7 dev d1"));
	assert_null(strstr(IP("-6", "route", "show", "fd00:3::/64"), "blackhole"));
}

/* Else the second would put back what the first has set. */
static void two_agents_do_not_change_the_same(void **state)
{
	struct driver one, two;

	(void)state;
	need();
	start(&one);
	start(&two);
	assert_string_equal(set(&one, 2, "a", "sysctl", NULL, "net.ipv4.tcp_ecn=1"), "ok");
	assert_string_equal(set(&two, 2, "a", "sysctl", NULL, "net.ipv4.tcp_ecn=0"), "error");
	assert_non_null(strstr(why(&two), "sysctl net.ipv4.tcp_ecn is changed by run ab12"));
	assert_string_equal(set(&two, 3, "b", "sysctl", NULL, "net.ipv4.tcp_sack=0"), "ok");
	assert_string_equal(heal(&one, 3, "a"), "ok");
	assert_string_equal(set(&two, 4, "a", "sysctl", NULL, "net.ipv4.tcp_ecn=0"), "ok");
	assert_int_equal(driver_close(&one), 0);
	assert_string_equal(SYSCTL("ipv4/tcp_ecn"), "0");
	assert_int_equal(driver_close(&two), 0);
	assert_string_equal(SYSCTL("ipv4/tcp_ecn"), "2");
	assert_string_equal(SYSCTL("ipv4/tcp_sack"), "1");
	assert_false(has_journal());
}

/* The address would bring back the route as the other had set it. */
static void no_route_goes_with_anothers_address(void **state)
{
	struct driver one, two;

	(void)state;
	need();
	start(&one);
	start(&two);
	assert_string_equal(set(&one, 2, "a", "route", "replace", "203.0.114.0/24 via 203.0.113.8"),
			    "ok");
	assert_string_equal(set(&two, 2, "a", "address", "del", "203.0.113.1/24"), "error");
	assert_non_null(strstr(why(&two), "route 203.0.114.0/24 is changed by run ab12"));
	assert_string_equal(set(&two, 3, "b", "address", "add", "203.0.115.1/32"), "ok");
	assert_string_equal(heal(&one, 3, "a"), "ok");
	assert_string_equal(set(&two, 4, "c", "address", "del", "203.0.113.1/24"), "ok");
	assert_string_equal(set(&one, 4, "b", "route", "add", "blackhole 203.0.116.0/24"), "error");
	assert_non_null(strstr(why(&one), "address 203.0.113.1/24@d1 is changed by run ab12"));
	assert_int_equal(driver_close(&two), 0);
	assert_int_equal(driver_close(&one), 0);
	assert_string_equal(IP("route", "show", "203.0.114.0/24"),
			    "203.0.114.0/24 via 203.0.113.7 dev d1 metric 50 mtu 1400");
	assert_false(has_journal());
}

static void a_damaged_journal_is_told_and_kept(void **state)
{
	static const char *const words[] = {
		"sysctl net.ipv4.tcp_ecn",         "sysctl ../../etc/passwd\t=1\t=2",
		"sysctl kernel.panic\t=1\t=2",     "route 203.0.113.9/32\t0\tblackhole",
		"route x\t0\tblackhole x\t-",      "route 203.0.113.9/32\t0\tblackhole 1.2.3.4\tzz",
		"address 203.0.113.9/32\tnone\t-", "address 203.0.113.9/32@d1\tnone\t0",
	};
	char text[256], place[64], boot[64];
	struct stat net;

	(void)state;
	need();
	assert_int_equal(stat("/proc/self/ns/net", &net), 0);
	snprintf(boot, sizeof boot, "%s",
		 said((const char *const[]){ "cat", "/proc/sys/kernel/random/boot_id", NULL }));
	snprintf(place, sizeof place, "/run/lab-%u", (unsigned)geteuid());
	for (size_t i = 0; i < COUNT(words); i++) {
		assert_int_equal(mkdir(place, 0700), 0);
		snprintf(text, sizeof text, "%s/x", place);
		FILE *file = fopen(text, "w");
		assert_non_null(file);
		fprintf(file, "lab-journal 1 ab12 7 %s %lld\n+ 1 %s\n", boot, (long long)net.st_ino,
			words[i]);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(sweep(), 1);
		assert_string_equal(event_get(&kept.event[0], "state"), "failed");
		assert_int_equal(unlink(text), 0);
		assert_int_equal(rmdir(place), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_set_read_back_and_healed),
		cmocka_unit_test(an_address_comes_back_with_its_routes),
		cmocka_unit_test(a_dead_agents_changes_are_undone_by_the_next),
		cmocka_unit_test(replaying_twice_does_no_harm),
		cmocka_unit_test(what_somebody_else_has_changed_since_stays_theirs),
		cmocka_unit_test(what_is_set_beside_forwarding_comes_back_with_it),
		cmocka_unit_test(ipv6_is_changed_alike),
		cmocka_unit_test(two_agents_do_not_change_the_same),
		cmocka_unit_test(no_route_goes_with_anothers_address),
		cmocka_unit_test(a_damaged_journal_is_told_and_kept),
	};

	return cmocka_run_group_tests(tests, own_machine_setup, NULL);
}
