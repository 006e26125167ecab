/* resolve: hosts files, DNS replies written by hand, and a name server of our own on loopback. */
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "bound.h"
#include "clock.h"
#include "dns.h"
#include "folder.h"
#include "resolve.h"

#define QUESTION "\x06server\x03lab\x00\x00\x01\x00\x01"
#define HEAD(flags, answers) "\x12\x34" flags "\x00\x01\x00" answers "\x00\x00\x00\x00"
#define A_RECORD "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x07\x00\x01"

static enum dns_reply read_reply(struct addr *out, const char *bytes, size_t len)
{
	/* Exactly as long as it is, so that a read past the end is seen by the sanitizer. */
	char *copy = malloc(len > 0 ? len : 1);
	enum dns_reply rc;

	memcpy(copy, bytes, len);
	rc = dns_reply_read(out, copy, len, 0x1234, "server.lab");
	free(copy);
	return rc;
}

#define READ(out, bytes) read_reply(out, bytes, sizeof(bytes) - 1)

static void hosts_text_is_read_as_hosts_5_says(void **state)
{
	static const char text[] = "# 10.0.0.9 server\n"
				   "fe80::1 both\n"
				   "10.7.0.1\tserver  server.lab # 10.0.0.8 client\r\n"
				   "  10.7.0.2 CLIENT-1\n"
				   "not-an-address client-9\n"
				   "10.7.0.4 both\n"
				   "::1 six\n"
				   "10.7.0.3 last";
	static const struct {
		const char *name, *address;
	} cases[] = {
		{ "server", "10.7.0.1" }, { "server.lab", "10.7.0.1" }, { "client-1", "10.7.0.2" },
		{ "last", "10.7.0.3" },   { "both", "10.7.0.4" },       { "six", "::1" },
		{ "client", NULL },       { "client-9", NULL },         { "serve", NULL },
		{ "10.7.0.1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char shown[ADDR_TEXT];
		struct addr addr;
		int rc = resolve_hosts(&addr, text, cases[i].name);

		assert_int_equal(rc, cases[i].address != NULL ? 0 : -1);
		if (rc == 0)
			assert_string_equal(addr_ip_text(&addr, shown), cases[i].address);
	}
}

static void an_endpoint_is_split_at_its_last_colon(void **state)
{
	static const char *const bad[] = { "server",   "server:",      ":1234",
					   "server:0", "server:70000", "[]:1",
					   "[::1:1",   "server:12x",   "" };
	char name[32];
	uint16_t port;

	(void)state;
	assert_int_equal(resolve_split("server:1234", name, sizeof name, &port), 0);
	assert_string_equal(name, "server");
	assert_int_equal(port, 1234);
	assert_int_equal(resolve_split("[::1]:65535", name, sizeof name, &port), 0);
	assert_string_equal(name, "::1");
	assert_int_equal(port, 65535);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(resolve_split(bad[i], name, sizeof name, &port), -1);
	assert_int_equal(
	    resolve_split("a-name-that-is-longer-than-32-bytes:1", name, sizeof name, &port), -1);
}

static void a_query_is_one_question_for_an_address(void **state)
{
	static const char want[] = HEAD("\x01\x00", "\x00") QUESTION;
	static const char *const bad[] = {
		"",
		".",
		"a..b",
		".a",
		"a123456789a123456789a123456789a123456789a123456789a123456789abcd.x",
	};
	struct buf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(dns_query(&out, 0x1234, "server.lab", &err), 0);
	assert_int_equal(out.len, sizeof want - 1);
	assert_memory_equal(out.data, want, out.len);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(dns_query(&out, 1, bad[i], &err), -1);
	buf_close(&out);
}

static void a_reply_gives_the_address(void **state)
{
	char shown[ADDR_TEXT];
	struct addr addr;

	(void)state;
	assert_int_equal(READ(&addr, HEAD("\x81\x80", "\x01") QUESTION A_RECORD), DNS_ADDRESS);
	assert_string_equal(addr_ip_text(&addr, shown), "10.7.0.1");
}

static void an_alias_is_followed(void **state)
{
	/* server.lab CNAME real.lab (real + pointer to lab), real.lab A 10.7.0.1; in both orders.
	 */
	static const char alias_first[] = HEAD("\x81\x80", "\x02") QUESTION
	    "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x07\x04real\xc0\x13"
	    "\xc0\x28\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x07\x00\x01";
	static const char alias_last[] = HEAD("\x81\x80", "\x02") QUESTION
	    "\x04real\xc0\x13\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x07\x00\x01"
	    "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x1c";
	char shown[ADDR_TEXT];
	struct addr addr;

	(void)state;
	assert_int_equal(READ(&addr, alias_first), DNS_ADDRESS);
	assert_string_equal(addr_ip_text(&addr, shown), "10.7.0.1");
	assert_int_equal(READ(&addr, alias_last), DNS_ADDRESS);
}

static void refusals_are_told_apart(void **state)
{
	struct addr addr;

	(void)state;
	assert_int_equal(READ(&addr, HEAD("\x81\x83", "\x00") QUESTION), DNS_NO_NAME);
	assert_int_equal(READ(&addr, HEAD("\x81\x82", "\x00") QUESTION), DNS_FAILED);
	assert_int_equal(READ(&addr, HEAD("\x81\x80", "\x00") QUESTION), DNS_NO_DATA);
}

static void a_reply_to_another_question_is_not_ours(void **state)
{
	struct addr addr;

	(void)state;
	assert_int_equal(
	    READ(&addr, "\x12\x35\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" QUESTION A_RECORD),
	    DNS_FOREIGN);
	assert_int_equal(READ(&addr, HEAD("\x01\x80", "\x01") QUESTION A_RECORD), DNS_FOREIGN);
	assert_int_equal(
	    READ(&addr, HEAD("\x81\x80", "\x01") "\x06sexver\x03lab\x00\x00\x01\x00\x01" A_RECORD),
	    DNS_FOREIGN);
	assert_int_equal(READ(&addr, ""), DNS_FOREIGN);
}

static void records_of_other_names_are_not_believed(void **state)
{
	struct addr addr;

	(void)state;
	assert_int_equal(READ(&addr, HEAD("\x81\x80", "\x01") QUESTION
			      "\x04"
			      "evil\x00\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x07\x00\x01"),
			 DNS_NO_DATA);
}

static void every_cut_reply_ends_without_an_address(void **state)
{
	static const char whole[] = HEAD("\x81\x80", "\x01") QUESTION A_RECORD;
	struct addr addr;

	(void)state;
	for (size_t len = 0; len < sizeof whole - 1; len++)
		assert_int_not_equal(read_reply(&addr, whole, len), DNS_ADDRESS);
}

static void a_pointer_loop_ends(void **state)
{
	struct addr addr;

	(void)state;
	/* The owner's name points at itself, then forward. */
	assert_int_equal(READ(&addr, HEAD("\x81\x80", "\x01") QUESTION
			      "\xc0\x1c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x07\x00\x01"),
			 DNS_MALFORMED);
	assert_int_equal(READ(&addr, HEAD("\x81\x80", "\x01") QUESTION
			      "\xc0\x2c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x07\x00\x01"),
			 DNS_MALFORMED);
}

/* A name server in a process of its own: first a reply with a wrong id, then the right one. It
 * knows server.lab alone. */
static _Noreturn void serve_names(int fd)
{
	static const char yes[] = "\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" QUESTION A_RECORD;
	uint8_t bytes[512];

	for (;;) {
		struct sockaddr_storage from;
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(fd, bytes, 200, 0, (struct sockaddr *)&from, &len);

		if (n < 12)
			_exit(1);
		if ((size_t)n == 12 + sizeof(QUESTION) - 1 &&
		    memcmp(bytes + 12, QUESTION, sizeof(QUESTION) - 1) == 0) {
			memcpy(bytes + 2, yes, sizeof yes - 1);
			n = (ssize_t)(2 + sizeof yes - 1);
		} else {
			bytes[2] = 0x81;
			bytes[3] = 0x83;
		}
		bytes[0] ^= 0xff;
		(void)sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, len);
		bytes[0] ^= 0xff;
		(void)sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

static void write_file(char path[FOLDER_PATH], const char *folder, const char *text)
{
	int fd;

	snprintf(path, FOLDER_PATH, "%s/XXXXXX", folder);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void a_name_server_is_asked_when_no_file_knows_the_name(void **state)
{
	struct addr addr;
	int fd = bound_socket(SOCK_DGRAM, "127.0.0.1", &addr), status;
	struct resolver resolver = { .deadline_ns = clock_after_ms(5000) };
	struct resolved resolved;
	struct err err = { 0 };
	char hosts[FOLDER_PATH], conf[FOLDER_PATH];
	pid_t pid;

	write_file(hosts, *state, "10.7.0.9 near\n");
	write_file(conf, *state, "# ours\nsearch nowhere lab\nnameserver 127.0.0.1\noptions x\n");
	pid = fork();
	if (pid == 0)
		serve_names(fd);
	resolver.hosts_path = hosts;
	resolver.conf_path = conf;
	resolver.dns_port = addr.port;
	assert_int_equal(resolve_name(&resolved, "10.0.0.1", &resolver, &err), 0);
	assert_string_equal(resolved.by, "literal");
	assert_int_equal(resolve_name(&resolved, "near", &resolver, &err), 0);
	assert_string_equal(resolved.by, "hosts");
	assert_int_equal(resolve_name(&resolved, "server.lab", &resolver, &err), 0);
	assert_string_equal(resolved.by, "dns");
	assert_int_equal(resolved.addr.ip[0], 10);
	assert_int_equal(resolve_name(&resolved, "server", &resolver, &err), 0); /* search */
	assert_string_equal(resolved.by, "dns");
	assert_int_equal(resolve_name(&resolved, "far.lab", &resolver, &err), -1);
	assert_non_null(strstr(err.text, "no such name"));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(fd);
	/* Nobody there: the ICMP answer ends the wait, long before the deadline. */
	assert_int_equal(resolve_name(&resolved, "server.lab", &resolver, &err), -1);
	assert_non_null(strstr(err.text, "127.0.0.1"));
	assert_true(clock_mono_ns() < resolver.deadline_ns);
}

static void a_silent_name_server_ends_at_the_deadline(void **state)
{
	struct addr addr;
	int fd = bound_socket(SOCK_DGRAM, "127.0.0.1", &addr);
	struct resolver resolver = { .hosts = "", .hosts_path = "/dev/null" };
	struct resolved resolved;
	struct err err = { 0 };
	char conf[FOLDER_PATH];
	int64_t start_ns = clock_mono_ns();

	write_file(conf, *state, "nameserver 127.0.0.1\n");
	resolver.conf_path = conf;
	resolver.dns_port = addr.port;
	resolver.deadline_ns = clock_after_ms(50);
	assert_int_equal(resolve_name(&resolved, "server.lab", &resolver, &err), -1);
	assert_non_null(strstr(err.text, "no answer"));
	assert_true(clock_mono_ns() - start_ns >= 50000000);
	assert_true(clock_mono_ns() - start_ns < 4000000000);
	close(fd);
}

static void what_nobody_knows_may_be_said_beforehand(void **state)
{
	struct resolver resolver = { .hosts_last = "192.0.2.7 web-1\n192.0.2.8 known\n",
				     .deadline_ns = clock_after_ms(5000) };
	struct resolved resolved;
	struct err err = { 0 };
	char hosts[FOLDER_PATH];

	write_file(hosts, *state, "192.0.2.1 known\n");
	resolver.hosts_path = hosts;
	resolver.conf_path = "/dev/null";
	assert_int_equal(resolve_name(&resolved, "known", &resolver, &err), 0);
	assert_string_equal(resolved.by, "hosts");
	assert_int_equal(resolved.addr.ip[3], 1);
	assert_int_equal(resolve_name(&resolved, "web-1", &resolver, &err), 0);
	assert_string_equal(resolved.by, "machines");
	assert_int_equal(resolved.addr.ip[3], 7);
	assert_int_equal(resolve_name(&resolved, "web-2", &resolver, &err), -1);
}

static void the_options_of_resolv_conf_are_kept(void **state)
{
	struct addr addr;
	int fd = bound_socket(SOCK_DGRAM | SOCK_NONBLOCK, "127.0.0.1", &addr), queries = 0;
	struct resolver resolver = { .hosts = "",
				     .hosts_path = "/dev/null",
				     .deadline_ns = clock_after_ms(30000) };
	struct resolved resolved;
	struct err err = { 0 };
	char conf[FOLDER_PATH], query[512];

	write_file(conf, *state,
		   "options timeout:0 attempts:x ndots:1 timeout:1 attempts:1 timeout:1x\n"
		   "nameserver 127.0.0.1\n");
	resolver.conf_path = conf;
	resolver.dns_port = addr.port;
	assert_int_equal(resolve_name(&resolved, "server.lab", &resolver, &err), -1);
	assert_true(resolved.took_ns >= 1000000000 && resolved.took_ns < 4000000000);
	while (recv(fd, query, sizeof query, 0) > 0)
		queries++;
	assert_int_equal(queries, 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_text_is_read_as_hosts_5_says),
		cmocka_unit_test(an_endpoint_is_split_at_its_last_colon),
		cmocka_unit_test(a_query_is_one_question_for_an_address),
		cmocka_unit_test(a_reply_gives_the_address),
		cmocka_unit_test(an_alias_is_followed),
		cmocka_unit_test(refusals_are_told_apart),
		cmocka_unit_test(a_reply_to_another_question_is_not_ours),
		cmocka_unit_test(records_of_other_names_are_not_believed),
		cmocka_unit_test(every_cut_reply_ends_without_an_address),
		cmocka_unit_test(a_pointer_loop_ends),
		cmocka_unit_test(a_name_server_is_asked_when_no_file_knows_the_name),
		cmocka_unit_test(a_silent_name_server_ends_at_the_deadline),
		cmocka_unit_test(the_options_of_resolv_conf_are_kept),
		cmocka_unit_test(what_nobody_knows_may_be_said_beforehand),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
