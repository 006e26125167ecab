/* addr: text there and back, and what is no address. */
#include "unit.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "addr.h"
#include "util.h"

static void text_comes_back_as_it_was(void **state)
{
	static const char *const texts[] = {
		"10.0.0.1:1234", "0.0.0.0:*",       "255.255.255.255:65535",
		"[::1]:1234",    "[::]:*",          "*:80",
		"*:*",           "[2001:db8::1]:1", "[::ffff:10.0.0.1]:5",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char text[ADDR_TEXT];
		struct addr addr;

		assert_int_equal(addr_parse_text(&addr, texts[i]), 0);
		assert_string_equal(addr_text(&addr, text), texts[i]);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"10.0.0.1",
		"10.0.0.1:",
		"10.0.0.1:0",
		"10.0.0.1:65536",
		"10.0.0.1:x",
		"10.0.0.1:010",
		"10.0.0:1",
		"::1:1234",
		"[::1]",
		"[::1:1",
		"[]:1",
		"[10.0.0.1]:1",
		"[::1]x:1",
		"server:1234",
		":1",
		"256.1.1.1:1",
		"10.0.0.1 :1",
		"[::1%lo]:1",
		"10.0.0.1:-1",
		"[*]:1",
		"010.0.0.1:1",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee]:1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct addr addr;

		if (addr_parse_text(&addr, texts[i]) == 0)
			fail_msg("parsed: %s", texts[i]);
	}
}

static void literals_parse_and_names_do_not(void **state)
{
	char text[ADDR_TEXT];
	struct addr addr;

	(void)state;
	assert_int_equal(addr_parse(&addr, "10.7.0.1", 1234), 0);
	assert_int_equal(addr.family, 4);
	assert_int_equal(addr.port, 1234);
	assert_memory_equal(addr.ip, "\x0a\x07\x00\x01", 4);
	assert_string_equal(addr_ip_text(&addr, text), "10.7.0.1");
	assert_int_equal(addr_parse(&addr, "fe80::1", 0), 0);
	assert_int_equal(addr.family, 6);
	assert_string_equal(addr_ip_text(&addr, text), "fe80::1");
	assert_int_equal(addr_parse(&addr, "server", 1), -1);
	assert_int_equal(addr.family, 0);
	assert_int_equal(addr_parse(&addr, "", 1), -1);
	assert_int_equal(addr_parse(&addr, "1", 1), -1);
}

static void the_longest_text_fits(void **state)
{
	struct addr addr = { .family = 6, .port = 65535 };
	char text[ADDR_TEXT];

	(void)state;
	memset(addr.ip, 0xfe, sizeof(addr.ip));
	assert_string_equal(addr_text(&addr, text),
			    "[fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe]:65535");
}

static void sameness_is_of_family_address_and_port(void **state)
{
	struct addr a, b, six;

	(void)state;
	addr_parse(&a, "10.0.0.1", 1);
	addr_parse(&b, "10.0.0.1", 2);
	addr_parse(&six, "::ffff:10.0.0.1", 1);
	b.ip[15] = 9; /* beyond an IPv4 address: means nothing */
	assert_true(addr_same_ip(&a, &b));
	assert_false(addr_same(&a, &b));
	b.port = 1;
	assert_true(addr_same(&a, &b));
	assert_false(addr_same_ip(&a, &six));
	b.ip[3] = 2;
	assert_false(addr_same_ip(&a, &b));
}

static void any_is_zero_of_either_family(void **state)
{
	struct addr addr, none = { 0 };

	(void)state;
	addr_parse(&addr, "0.0.0.0", 5);
	assert_true(addr_is_any(&addr));
	addr_parse(&addr, "::", 5);
	assert_true(addr_is_any(&addr));
	addr_parse(&addr, "::1", 5);
	assert_false(addr_is_any(&addr));
	assert_false(addr_is_any(&none));
}

static void sockaddr_goes_there_and_back(void **state)
{
	static const char *const texts[] = { "10.7.0.1:1234", "[2001:db8::7]:65535", "0.0.0.0:*" };
	struct sockaddr_storage sa;
	struct addr none = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct addr addr, again;
		socklen_t len;

		addr_parse_text(&addr, texts[i]);
		len = addr_to_sockaddr(&addr, &sa);
		assert_int_equal(len, addr.family == 4 ? sizeof(struct sockaddr_in)
						       : sizeof(struct sockaddr_in6));
		assert_int_equal(addr_from_sockaddr(&again, &sa), 0);
		assert_true(addr_same(&addr, &again));
	}
	assert_int_equal(addr_to_sockaddr(&none, &sa), 0);
	sa = (struct sockaddr_storage){ .ss_family = AF_UNIX };
	assert_int_equal(addr_from_sockaddr(&none, &sa), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_back_as_it_was),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(literals_parse_and_names_do_not),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(sameness_is_of_family_address_and_port),
		cmocka_unit_test(any_is_zero_of_either_family),
		cmocka_unit_test(sockaddr_goes_there_and_back),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
