/* transport_libssh2 against a real sshd. */
#include "sshd_machine.h"

#include "sha256.h"
#include "transport.h"

enum {
	TALK_MS = 30000,
	BIG = 10 << 20
};

static const char *one_key[1], *one_known[1];

/* The machine at an address, with this key and this known_hosts (paths). */
static struct target at(const char *address, const char *key, const char *known)
{
	one_key[0] = key;
	one_known[0] = known;
	return (struct target){ .name = "web",
				.address = address,
				.port = SSHD_PORT,
				.user = sshd.user,
				.nidentity = 1,
				.identity = one_key,
				.is_identity_only = true,
				.nknown_hosts = 1,
				.known_hosts = one_known };
}

static struct target good(void)
{
	return at("127.0.0.1", sshd.key, sshd.known);
}

static void wait_for(const struct stream *stream, int64_t deadline_ns)
{
	struct pollfd ready = { .fd = stream->fd, .events = stream->events };

	if (stream->deadline_ns && stream->deadline_ns < deadline_ns)
		deadline_ns = stream->deadline_ns;
	if (!stream_is_ready(stream))
		assert_true(poll(&ready, 1, clock_left_ms(deadline_ns)) >= 0);
}

static struct stream *begin(struct jumps *jumps, const struct target *target, const char *command)
{
	struct err err;
	struct stream *stream = transport_libssh2.open(jumps, target, command, &err);

	if (!stream)
		print_error("%s\n", err.text);
	assert_non_null(stream);
	return stream;
}

/* Until it runs, or never will. */
static int bring(struct stream *stream, struct err *err)
{
	int64_t deadline_ns = clock_after_ms(TALK_MS);
	int is_up;

	while ((is_up = transport_libssh2.advance(stream, err)) == 0) {
		assert_true(clock_left_ms(deadline_ns) > 0);
		wait_for(stream, deadline_ns);
	}
	return is_up;
}

static struct stream *run(struct jumps *jumps, const struct target *target, const char *command)
{
	struct stream *stream = begin(jumps, target, command);
	struct err err;

	if (bring(stream, &err) < 0)
		fail_msg("%s", err.text);
	return stream;
}

/* Reads to the end: 0, or the errno of a lost connection. */
static int read_all(struct stream *stream, struct buf *out)
{
	int64_t deadline_ns = clock_after_ms(TALK_MS);
	char bytes[16384];
	ssize_t n;

	while ((n = transport_libssh2.read(stream, bytes, sizeof bytes)) != 0) {
		if (n > 0)
			buf_add(out, bytes, (size_t)n);
		else if (errno != EAGAIN)
			return errno;
		else
			wait_for(stream, deadline_ns);
		assert_true(clock_left_ms(deadline_ns) > 0);
	}
	return 0;
}

static int finish(struct stream *stream, int *status, struct err *err)
{
	int64_t deadline_ns = clock_after_ms(TALK_MS);
	int got;

	while ((got = transport_libssh2.finish(stream, status, err)) == 0)
		wait_for(stream, deadline_ns);
	return got;
}

static int end_of(struct stream *stream)
{
	struct err err;
	int status = -1;

	if (finish(stream, &status, &err) < 0)
		fail_msg("%s", err.text);
	transport_libssh2.close(stream);
	return status;
}

/* What a command says on that machine. */
static void says(struct jumps *jumps, const struct target *target, const char *command,
		 const char *words)
{
	struct stream *stream = run(jumps, target, command);
	struct buf out = { 0 };

	assert_int_equal(read_all(stream, &out), 0);
	assert_non_null(out.data);
	assert_string_equal(out.data, words);
	assert_int_equal(end_of(stream), 0);
	buf_close(&out);
}

static void a_program_runs_and_its_status_is_told(void **state)
{
	struct target target = good();
	struct stream *stream;
	struct buf out = { 0 };

	(void)state;
	need_sshd();
	stream = run(NULL, &target, "echo out; echo words >&2; exit 7");
	assert_int_equal(read_all(stream, &out), 0);
	assert_string_equal(out.data, "out\n");
	assert_string_equal(stream->said.data, "words\n");
	assert_int_equal(end_of(stream), 7);
	buf_close(&out);
}

static void a_signal_that_ends_the_program_is_told(void **state)
{
	struct target target = good();

	(void)state;
	need_sshd();
	assert_int_equal(end_of(run(NULL, &target, "kill -KILL $$")), 128 + SIGKILL);
	assert_int_equal(end_of(run(NULL, &target, "kill -USR1 $$")), 128 + SIGUSR1);
}

static void digest_of(const void *bytes, size_t len, char hex[SHA256_HEX])
{
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, bytes, len);
	sha256_hex(&sha, hex);
}

/* 10 MB there and back at once, through one program. */
static void echo_big(struct jumps *jumps, const struct target *target)
{
	struct stream *stream = run(jumps, target, "cat");
	struct buf sent = { 0 }, got = { 0 };
	int64_t deadline_ns = clock_after_ms(4 * TALK_MS);
	char bytes[16384], there[SHA256_HEX], back[SHA256_HEX];
	size_t done = 0;

	for (uint32_t i = 0; sent.len < BIG; i++)
		buf_u32(&sent, i * 2654435761U);
	while (got.len < sent.len) {
		ssize_t put = 0, n;

		assert_true(clock_left_ms(deadline_ns) > 0);
		if (done < sent.len)
			put = transport_libssh2.write(stream, sent.data + done, sent.len - done);
		assert_true(put >= 0 || errno == EAGAIN);
		done += put > 0 ? (size_t)put : 0;
		n = transport_libssh2.read(stream, bytes, sizeof bytes);
		assert_true(n > 0 || (n < 0 && errno == EAGAIN));
		if (n > 0)
			buf_add(&got, bytes, (size_t)n);
		else if (put <= 0)
			wait_for(stream, deadline_ns);
	}
	assert_int_equal(end_of(stream), 0);
	digest_of(sent.data, sent.len, there);
	digest_of(got.data, got.len, back);
	assert_string_equal(back, there);
	buf_close(&sent);
	buf_close(&got);
}

static void ten_megabytes_go_both_ways_unchanged(void **state)
{
	struct target target = good();

	(void)state;
	need_sshd();
	echo_big(NULL, &target);
}

static void a_program_that_reads_nothing_holds_the_writer(void **state)
{
	struct target target = good();
	struct stream *stream;
	char bytes[32768] = { 0 };
	size_t put = 0;
	ssize_t n;
	int status;
	struct err err;

	(void)state;
	need_sshd();
	stream = run(NULL, &target, "echo up; exec sleep 1000");
	for (int64_t until = clock_after_ms(2000); clock_left_ms(until) > 0;) {
		struct pollfd ready = { .fd = stream->fd, .events = stream->events };

		n = transport_libssh2.write(stream, bytes, sizeof bytes);
		assert_true(n > 0 || errno == EAGAIN);
		put += n > 0 ? (size_t)n : 0;
		if (n < 0)
			poll(&ready, 1, 50);
	}
	assert_in_range(put, 1 << 20, 8 << 20);
	assert_int_equal(finish(stream, &status, &err), -1);
	assert_non_null(strstr(err.text, "no end 5 s after its input ended"));
	transport_libssh2.close(stream);
}

static void endless_words_neither_block_nor_grow(void **state)
{
	struct target target = good();
	struct buf out = { 0 };
	struct stream *stream;

	(void)state;
	need_sshd();
	stream = run(NULL, &target, "head -c 6000000 /dev/zero | tr '\\0' x >&2; echo done");
	assert_int_equal(read_all(stream, &out), 0);
	assert_string_equal(out.data, "done\n");
	assert_int_equal(stream->said.len, TRANSPORT_SAID_MAX);
	assert_int_equal(end_of(stream), 0);
	buf_close(&out);
}

/* A connection that never came to be: its error. */
static void fails(struct target target, enum err_kind kind, const char *words)
{
	struct jumps jumps = { 0 };
	struct stream *stream = begin(&jumps, &target, "echo up");
	struct err err = { 0 };

	assert_int_equal(bring(stream, &err), -1);
	if (!strstr(err.text, words))
		print_error("%s\n", err.text);
	assert_non_null(strstr(err.text, words));
	assert_true(starts_with(err.text, target.name));
	assert_int_equal(err.kind, kind);
	transport_libssh2.close(stream);
	assert_null(jumps.first);
}

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
	struct err err[2];
	int got[2] = { 0 }, full_fd, dumb_fd, fill[4];
	int64_t deadline_ns = clock_after_ms(TALK_MS), began_ns = clock_mono_ns();

	(void)state;
	need_sshd();
	full_fd = netspace_listen("127.0.0.1", 2230);
	assert_int_equal(listen(full_fd, 0), 0);
	for (size_t i = 0; i < COUNT(fill); i++) {
		struct sockaddr_in to = netspace_in("127.0.0.1", 2230);

		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(fill[i], (struct sockaddr *)&to, sizeof to);
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
				      ready[i] = (struct pollfd){ .fd = stream[i]->fd,
								  .events = stream[i]->events };
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
	assert_non_null(strstr(err.text, "handshake: the connection was closed"));
	transport_libssh2.close(stream);
	close(fd);
}

static void the_output_that_came_before_a_cut_is_not_lost(void **state)
{
	struct target target = good();
	struct buf out = { 0 };
	struct stream *stream;
	struct err err;
	int status;

	(void)state;
	need_sshd();
	stream =
	    run(NULL, &target, "head -c 300000 /dev/zero; echo last; read line; kill -KILL $PPID");
	while (out.len < 300005) {
		char bytes[4096];
		ssize_t n = transport_libssh2.read(stream, bytes, sizeof bytes);

		assert_true(n > 0 || (n < 0 && errno == EAGAIN));
		if (n > 0)
			buf_add(&out, bytes, (size_t)n);
		else
			wait_for(stream, clock_after_ms(TALK_MS));
	}
	assert_int_equal(transport_libssh2.write(stream, "\n", 1), 1);
	assert_int_not_equal(read_all(stream, &out), 0);
	assert_int_equal(out.len, 300005);
	assert_memory_equal(out.data + 300000, "last\n", 5);
	assert_int_equal(transport_libssh2.write(stream, "x", 1), -1);
	assert_int_not_equal(errno, EAGAIN);
	assert_int_equal(finish(stream, &status, &err), -1);
	assert_non_null(strstr(err.text, "the connection was lost before its program ended"));
	transport_libssh2.close(stream);
	buf_close(&out);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_runs_and_its_status_is_told),
		cmocka_unit_test(a_signal_that_ends_the_program_is_told),
		cmocka_unit_test(ten_megabytes_go_both_ways_unchanged),
		cmocka_unit_test(a_program_that_reads_nothing_holds_the_writer),
		cmocka_unit_test(endless_words_neither_block_nor_grow),
		cmocka_unit_test(refused_no_route_and_no_name_are_told_apart),
		cmocka_unit_test(a_name_is_tried_at_all_its_addresses),
		cmocka_unit_test(silence_ends_a_phase_after_ten_seconds),
		cmocka_unit_test(what_is_no_ssh_server_is_told),
		cmocka_unit_test(the_output_that_came_before_a_cut_is_not_lost),
		cmocka_unit_test(a_key_that_is_not_accepted_is_named),
		cmocka_unit_test(an_unknown_host_is_refused_with_what_accepts_it),
	};

	return cmocka_run_group_tests(tests, sshd_setup, sshd_teardown);
}
