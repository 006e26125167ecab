/* transport_libssh2 against a real sshd, and against what is none: each phase has its own words. */
#include "libssh2_stream.h"

static void refused_no_route_and_no_name_are_told_apart(void **state)
{
	struct target target = good();

	(void)state;
	need_sshd();
	target.port = 2223;
	fails(target, ERR_BROKE, "connect to 127.0.0.1:2223: refused");
	target.address = "192.0.2.1";
	fails(target, ERR_BROKE, "connect to 192.0.2.1:2223: no route");
	target.address = "no-such-name.invalid";
	fails(target, ERR_CANNOT, "there is no such name");
}

static void a_name_is_tried_at_all_its_addresses(void **state)
{
	struct target target = good();

	(void)state;
	need_sshd();
	target.address = "localhost";
	target.host_key_name = "web-alias";
	says(NULL, &target, "echo up", "up\n");
}

/* Two machines at once that only listen: one has no room for connections, one no words. */
static void silence_ends_a_phase_after_ten_seconds(void **state)
{
	struct target full = good(), dumb = good();
	struct stream *stream[2];
	struct err err[2] = { 0 };
	int got[2] = { 0 }, full_fd, dumb_fd, fill[4];
	int64_t deadline_ns = clock_after_ms(TALK_MS), began_ns = clock_mono_ns();

	(void)state;
	need_sshd();
	full_fd = netspace_listen("127.0.0.1", 2230);
	assert_int_equal(listen(full_fd, 0), 0);
	for (size_t i = 0; i < COUNT(fill); i++) {
		struct sockaddr_in to = netspace_in("127.0.0.1", 2230);

		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(fill[i], (struct sockaddr *)&to, sizeof to);
	}
	dumb_fd = netspace_listen("127.0.0.1", 2231);
	full.port = 2230;
	dumb.port = 2231;
	stream[0] = begin(NULL, &full, "echo up");
	stream[1] = begin(NULL, &dumb, "echo up");
	while (got[0] == 0 || got[1] == 0) {
		struct pollfd ready[2] = { { .fd = -1 }, { .fd = -1 } };
		int64_t until = deadline_ns;

		assert_true(clock_left_ms(deadline_ns) > 0);
		for (size_t i = 0; i < 2; i++) {
			if (got[i] == 0)
				got[i] = transport_libssh2.advance(stream[i], &err[i]);
			if (got[i] != 0)
				continue;
			ready[i] =
			    (struct pollfd){ .fd = stream[i]->fd, .events = stream[i]->events };
			assert_true(stream[i]->deadline_ns > 0);
			if (stream[i]->deadline_ns < until)
				until = stream[i]->deadline_ns;
		}
		if (got[0] == 0 || got[1] == 0)
			poll(ready, 2, clock_left_ms(until));
	}
	assert_in_range((clock_mono_ns() - began_ns) / 1000000, 9900, 15000);
	assert_non_null(strstr(err[0].text, "connect to 127.0.0.1:2230: no answer"));
	assert_non_null(strstr(err[1].text, "handshake: no answer in time: something listens"));
	for (size_t i = 0; i < 2; i++)
		transport_libssh2.close(stream[i]);
	for (size_t i = 0; i < COUNT(fill); i++)
		close(fill[i]);
	close(full_fd);
	close(dumb_fd);
}

static void what_is_no_ssh_server_is_told(void **state)
{
	struct target target = good();
	struct stream *stream;
	int fd, taken;
	struct err err;

	(void)state;
	need_sshd();
	fd = netspace_listen("127.0.0.1", 2232);
	target.port = 2232;
	stream = begin(NULL, &target, "echo up");
	assert_int_equal(transport_libssh2.advance(stream, &err), 0);
	taken = accept(fd, NULL, NULL);
	close(taken);
	assert_int_equal(bring(stream, &err), -1);
	assert_non_null(strstr(err.text, "handshake: the connection was closed: sshd there has"));
	transport_libssh2.close(stream);
	close(fd);
}

static void a_key_that_is_not_accepted_is_named(void **state)
{
	(void)state;
	need_sshd();
	fails(at("127.0.0.1", sshd.other_key, sshd.known), ERR_CANNOT, "other: not accepted)");
	fails(at("127.0.0.1", "/nowhere/key", sshd.known), ERR_CANNOT,
	      "/nowhere/key: it cannot be read)");
}

static void an_unknown_host_is_refused_with_what_accepts_it(void **state)
{
	struct target target = at("127.0.0.1", sshd.key, sshd.unknown);
	char command[PATH_MAX + 200];

	(void)state;
	need_sshd();
	snprintf(command, sizeof command,
		 "accept it with: ssh -o StrictHostKeyChecking=ask -o 'UserKnownHostsFile=\"%s\"' "
		 "-p %d %s@127.0.0.1 true",
		 sshd.unknown, SSHD_PORT, sshd.user);
	fails(target, ERR_CANNOT, command);
	fails(target, ERR_CANNOT, "its host key is not known: ssh-ed25519 SHA256:");
}

static void a_changed_or_revoked_host_key_always_refuses(void **state)
{
	const char *changed, *revoked;

	(void)state;
	need_sshd();
	changed = known_as("changed", "[127.0.0.1]:2222", "other");
	fails(at("127.0.0.1", sshd.key, changed), ERR_CANNOT, "its host key has changed");
	fails(at("127.0.0.1", sshd.key, changed), ERR_CANNOT, "/.ssh/changed:1 has another");
	revoked = known_as("revoked", "@revoked *", "host");
	fails(at("127.0.0.1", sshd.key, revoked), ERR_CANNOT, "/.ssh/revoked:1: nothing was sent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_no_route_and_no_name_are_told_apart),
		cmocka_unit_test(a_name_is_tried_at_all_its_addresses),
		cmocka_unit_test(silence_ends_a_phase_after_ten_seconds),
		cmocka_unit_test(what_is_no_ssh_server_is_told),
		cmocka_unit_test(a_key_that_is_not_accepted_is_named),
		cmocka_unit_test(an_unknown_host_is_refused_with_what_accepts_it),
		cmocka_unit_test(a_changed_or_revoked_host_key_always_refuses),
	};

	return cmocka_run_group_tests_name("libssh2_connect", tests, sshd_setup, libssh2_teardown);
}
