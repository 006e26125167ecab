/* The addresses of this host, with the interfaces that have them. */
#include "unit.h"

#include "device.h"
#include "own_net.h"
#include "proc.h"

static void ip(const char *const *argv)
{
	struct proc_result result;
	struct err err = { 0 };

	assert_int_equal(proc_run(argv, NULL, 5000, &result, &err), 0);
	if (result.status != 0)
		fail_msg("ip %s: %s", argv[1], result.err.len ? result.err.data : "");
	proc_result_close(&result);
}

#define IP(...) ip((const char *const[]){ "ip", __VA_ARGS__, NULL })

static void need(void)
{
	static bool has_link;

	need_namespace();
	need_program("ip");
	if (has_link)
		return;
	has_link = true;
	IP("link", "add", "d0", "type", "veth", "peer", "name", "d1");
	IP("addr", "add", "198.51.100.1/24", "dev", "d0", "label", "d0:old");
	IP("addr", "add", "203.0.113.1", "peer", "203.0.113.2/32", "dev", "d1");
}

struct found {
	char text[256];
};

static void note(void *context, const struct device_address *address)
{
	struct found *found = context;
	size_t len = strlen(found->text);
	char ip[ADDR_TEXT];

	snprintf(found->text + len, sizeof found->text - len, "%s %s/%d, ", address->name,
		 addr_ip_text(&address->addr, ip), address->prefix);
}

static void both_families_are_told_by_the_names_of_interfaces_not_labels(void **state)
{
	struct found found = { 0 };
	struct err err = { 0 };

	(void)state;
	need();
	assert_int_equal(device_addresses(note, &found, &err), 0);
	assert_non_null(strstr(found.text, "d0 198.51.100.1/24, "));
	assert_null(strstr(found.text, "d0:old"));
	if (access("/proc/net/if_inet6", F_OK) < 0)
		SKIP("this kernel has no IPv6");
	IP("addr", "add", "2001:db8::1/64", "dev", "d0", "nodad");
	found = (struct found){ 0 };
	assert_int_equal(device_addresses(note, &found, &err), 0);
	assert_non_null(strstr(found.text, "d0 2001:db8::1/64, "));
	assert_true(strstr(found.text, "2001:") > strstr(found.text, "203."));
}

static void of_a_link_between_two_ours_is_the_own_address(void **state)
{
	struct addr ours, theirs;
	struct err err = { 0 };
	char name[IFNAMSIZ];

	(void)state;
	need();
	assert_int_equal(addr_parse(&ours, "203.0.113.1", 0), 0);
	assert_int_equal(addr_parse(&theirs, "203.0.113.2", 0), 0);
	assert_int_equal(device_of(&ours, name, &err), 0);
	assert_string_equal(name, "d1");
	assert_int_equal(device_of(&theirs, name, &err), -1);
	assert_int_equal(err.kind, ERR_CANNOT);
	assert_string_equal(err.text,
			    "no interface here has 203.0.113.2: the other hosts reach this one by "
			    "an address that it does not have (NAT?)");
}

static void no_interface_has_no_name(void **state)
{
	char name[IFNAMSIZ];

	(void)state;
	need();
	assert_string_equal(device_name(1, name), "lo");
	assert_string_equal(device_name(0, name), "");
	assert_string_equal(device_name(99999, name), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_are_told_by_the_names_of_interfaces_not_labels),
		cmocka_unit_test(of_a_link_between_two_ours_is_the_own_address),
		cmocka_unit_test(no_interface_has_no_name),
	};

	return cmocka_run_group_tests_name("device", tests, own_net_setup, NULL);
}
