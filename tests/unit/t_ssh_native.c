/* transport_libssh2 against a real sshd. */
#include "sshd_machine.h"

#include <sys/un.h>

#include "sha256.h"
#include "ssh_link.h"

enum {
	TALK_MS = 30000,
	BIG = 10 << 20,
	MANY_PORT = 2240 /* an sshd with host keys and user keys of several types */
};

void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* libssh2 1.10 itself forgets a number of each ECDSA key that it reads from a file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:CRYPTO_zalloc";
}

static struct arena arena;
static const char *one_key[1], *one_known[1];
static pid_t many_pid, agent_pid;
static char agent_socket[FOLDER_PATH + 16];

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
	stream = run(NULL, &target, "echo up; exec sleep 15");
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

static const char *home_file(const char *name)
{
	return arena_printf(&arena, "%s/.ssh/%s", sshd.home, name);
}

/* What is not read stays with the program: nothing here grows with it. */
static void holds_the_program(struct jumps *jumps, const struct target *target)
{
	const char *path = home_file("all-sent");
	const char *command =
	    arena_printf(&arena, "head -c 40000000 /dev/zero; : >'%s'; exec sleep 60", path);
	struct stream *stream = run(jumps, target, command);
	char bytes[16384];

	unlink(path);
	for (int i = 0; i < 100; i++) {
		ssize_t n = transport_libssh2.read(stream, bytes, sizeof bytes);

		assert_true(n > 0 || (n < 0 && errno == EAGAIN));
		poll(NULL, 0, 10);
	}
	assert_int_equal(access(path, F_OK), -1);
	transport_libssh2.close(stream);
}

static void a_slow_reader_holds_the_program(void **state)
{
	struct target target = good(), jump = good(), inner = good();
	struct jumps jumps = { 0 };

	(void)state;
	need_sshd();
	holds_the_program(NULL, &target);
	inner.address = "127.0.0.2";
	inner.jump = &jump;
	holds_the_program(&jumps, &inner);
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

/* A known_hosts with one line: the marks and names, then the public key of that name. */
static const char *known_as(const char *file, const char *names, const char *key)
{
	struct buf line = { 0 }, public = { 0 };
	const char *name = arena_printf(&arena, "%s.pub", key);
	struct err err;

	assert_int_equal(file_read(AT_FDCWD, home_file(name), 4096, &public, &err), 0);
	buf_printf(&line, "%s %s", names, public.data);
	assert_int_equal(sshd_file(file, line.data), 0);
	buf_close(&line);
	buf_close(&public);
	return home_file(file);
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

static void through_a_jump_host_all_is_the_same(void **state)
{
	struct target jump = good(), inner = good();
	struct jumps jumps = { 0 };

	(void)state;
	need_sshd();
	jump.name = "bastion";
	inner.address = "127.0.0.2";
	inner.jump = &jump;
	says(&jumps, &inner, "echo $SSH_CONNECTION | cut -d' ' -f3", "127.0.0.2\n");
	assert_null(jumps.first);
	echo_big(&jumps, &inner);
	assert_int_equal(end_of(run(&jumps, &inner, "kill -TERM $$")), 128 + SIGTERM);
	assert_null(jumps.first);
	says(NULL, &inner, "echo up", "up\n");
}

enum {
	CROWD = 6
};

/* Until all of them run; `words` is what the one that may fail says. */
static void bring_all(struct stream **stream, size_t count, size_t bad, struct err *why)
{
	int64_t deadline_ns = clock_after_ms(TALK_MS);
	int up[CROWD] = { 0 };

	for (size_t done = 0; done < count;) {
		struct pollfd fds[CROWD];
		int64_t until = deadline_ns;
		bool is_ready = false;

		assert_true(clock_left_ms(deadline_ns) > 0);
		for (size_t i = 0; i < count; i++) {
			struct err err;

			fds[i] = (struct pollfd){ .fd = -1 };
			if (up[i])
				continue;
			up[i] = transport_libssh2.advance(stream[i], &err);
			if (up[i] < 0 && i != bad)
				fail_msg("%zu: %s", i, err.text);
			if (up[i] < 0)
				*why = err;
			done += up[i] != 0;
		}
		for (size_t i = 0; i < count; i++) {
			if (up[i])
				continue;
			fds[i] =
			    (struct pollfd){ .fd = stream[i]->fd, .events = stream[i]->events };
			is_ready = is_ready || stream_is_ready(stream[i]);
			if (stream[i]->deadline_ns && stream[i]->deadline_ns < until)
				until = stream[i]->deadline_ns;
		}
		if (done < count)
			poll(fds, count, is_ready ? 0 : clock_left_ms(until));
	}
}

static void a_jump_host_is_shared_by_all_behind_it(void **state)
{
	struct target jump = good(), inner[CROWD];
	struct stream *stream[CROWD];
	struct jumps jumps = { 0 };
	struct err none;

	(void)state;
	need_sshd();
	for (size_t i = 0; i < CROWD; i++) {
		inner[i] = good();
		inner[i].address = "127.0.0.2";
		inner[i].jump = &jump;
		stream[i] = begin(&jumps, &inner[i], "cat; exit 3");
	}
	bring_all(stream, CROWD, SIZE_MAX, &none);
	assert_non_null(jumps.first);
	assert_int_equal(jumps.first->users, CROWD);
	assert_null(jumps.first->next);
	/* What one says the others do not hear, in whichever order they are asked. */
	for (size_t i = 0; i < CROWD; i++) {
		char line[32];
		int n = snprintf(line, sizeof line, "to %zu\n", i);

		assert_int_equal(transport_libssh2.write(stream[i], line, (size_t)n), n);
	}
	for (size_t i = CROWD; i-- > 0;) {
		char line[32], got[32];
		size_t len = 0;
		int n = snprintf(line, sizeof line, "to %zu\n", i);

		while (len < (size_t)n) {
			ssize_t more =
			    transport_libssh2.read(stream[i], got + len, sizeof got - len);

			assert_true(more > 0 || errno == EAGAIN);
			if (more > 0)
				len += (size_t)more;
			else
				wait_for(stream[i], clock_after_ms(TALK_MS));
		}
		assert_memory_equal(got, line, (size_t)n);
	}
	/* One that goes leaves the others be. */
	transport_libssh2.close(stream[0]);
	for (size_t i = 1; i < CROWD; i++)
		assert_int_equal(end_of(stream[i]), 3);
	assert_null(jumps.first);
}

static void a_silent_machine_does_not_hold_up_those_behind_it(void **state)
{
	struct target jump = good(), inner[3];
	struct stream *stream[3];
	struct jumps jumps = { 0 };
	struct err err = { 0 };
	int fd, fill[3];
	int64_t began_ns = clock_mono_ns();

	(void)state;
	need_sshd();
	fd = netspace_listen("127.0.0.1", 2233);
	assert_int_equal(listen(fd, 0), 0);
	for (size_t i = 0; i < COUNT(fill); i++) {
		struct sockaddr_in to = netspace_in("127.0.0.1", 2233);

		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(fill[i], (struct sockaddr *)&to, sizeof to);
	}
	for (size_t i = 0; i < 3; i++) {
		inner[i] = good();
		inner[i].address = "127.0.0.2";
		inner[i].jump = &jump;
	}
	inner[0].address = "127.0.0.1";
	inner[0].port = 2233;
	for (size_t i = 0; i < 3; i++)
		stream[i] = begin(&jumps, &inner[i], "echo up");
	for (size_t i = 1; i < 3; i++) { /* while the first still waits */
		while (transport_libssh2.advance(stream[i], &err) == 0) {
			struct err first;

			assert_int_equal(transport_libssh2.advance(stream[0], &first), 0);
			if (!stream_is_ready(stream[0]))
				wait_for(stream[i], clock_after_ms(TALK_MS));
		}
	}
	assert_in_range((clock_mono_ns() - began_ns) / 1000000, 0, 8000);
	assert_int_equal(bring(stream[0], &err), -1);
	assert_non_null(strstr(err.text, "gets no answer from 127.0.0.1:2233"));
	assert_in_range((clock_mono_ns() - began_ns) / 1000000, 9900, 16000);
	for (size_t i = 0; i < 3; i++)
		transport_libssh2.close(stream[i]);
	assert_null(jumps.first);
	for (size_t i = 0; i < COUNT(fill); i++)
		close(fill[i]);
	close(fd);
}

static void what_is_wrong_at_or_behind_a_jump_host_is_told(void **state)
{
	struct target jump = good(), inner = good();
	const char *const bad_key[] = { sshd.other_key }, *const unknown[] = { sshd.unknown };

	(void)state;
	need_sshd();
	jump.name = "bastion";
	inner.jump = &jump;
	inner.address = "127.0.0.2";
	inner.port = 2223;
	fails(inner, ERR_BROKE, "the jump host bastion does not reach 127.0.0.2:2223");
	inner.port = SSHD_PORT;
	inner.known_hosts = unknown;
	fails(inner, ERR_CANNOT, "-J ");
	inner.known_hosts = good().known_hosts;
	inner.identity = bad_key;
	fails(inner, ERR_CANNOT, "web: no key is accepted");
	inner = good();
	inner.jump = &jump;
	jump.identity = bad_key;
	fails(inner, ERR_CANNOT, "web: by its jump host: bastion: no key is accepted");
	jump = good();
	jump.name = "bastion";
	jump.port = 2223;
	fails(inner, ERR_BROKE,
	      "web: by its jump host: bastion: connect to 127.0.0.1:2223: refused");
}

/* The oldest session of an sshd ends, with all that it started. */
static void end_first_session(pid_t pid)
{
	const char *path = arena_printf(&arena, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	struct buf text = { 0 };
	struct err err;

	assert_int_equal(file_read(AT_FDCWD, path, 4096, &text, &err), 0);
	assert_non_null(text.data);
	sshd_end((pid_t)strtol(text.data, NULL, 10));
	buf_close(&text);
}

static void a_jump_host_that_is_cut_ends_what_is_behind_it(void **state)
{
	struct target jump = good(), inner = good();
	struct jumps jumps = { 0 };
	struct stream *stream;
	struct buf out = { 0 };
	struct err err;
	int status;

	(void)state;
	need_sshd();
	inner.address = "127.0.0.2";
	inner.jump = &jump;
	stream = run(&jumps, &inner, "exec cat");
	end_first_session(sshd.pid);
	assert_int_not_equal(read_all(stream, &out), 0);
	assert_int_equal(finish(stream, &status, &err), -1);
	transport_libssh2.close(stream);
	assert_null(jumps.first);
	buf_close(&out);
}

static void a_host_key_of_a_known_type_is_asked_for(void **state)
{
	const char *ecdsa;
	struct target target;

	(void)state;
	need_sshd();
	ecdsa = known_as("known_ecdsa", "[127.0.0.1]:2240", "ecdsa");
	target = at("127.0.0.1", sshd.key, ecdsa);
	target.port = MANY_PORT;
	says(NULL, &target, "echo up", "up\n");
}

/* A user's key of that file at the sshd that takes several types. */
static struct target with_key(const char *key)
{
	struct target target = at("127.0.0.1", home_file(key), sshd.known);

	target.port = MANY_PORT;
	target.host_key_name = "web-alias";
	return target;
}

static void keys_of_files_are_taken_but_locked_ones(void **state)
{
	(void)state;
	need_sshd();
	struct target target = with_key("ecdsa");

	says(NULL, &target, "echo up", "up\n");
	target = with_key("old");
	says(NULL, &target, "echo up", "up\n");
	fails(with_key("locked"), ERR_CANNOT,
	      "it has a passphrase, and nobody is asked: ssh-add it");
}

/* libssh2 1.10 forgets the keys of a handshake that it is in the middle of, and the host's key with
 * each change of keys; leaks of ours the other tests find. */
static void forgive_leaks(bool forgiven)
{
	if (__lsan_disable && forgiven)
		__lsan_disable();
	if (__lsan_enable && !forgiven)
		__lsan_enable();
}

/* Every megabyte, while bytes go both ways. */
static void keys_are_changed_while_bytes_go(void **state)
{
	(void)state;
	need_sshd();
	struct target target = with_key("ecdsa");
	struct buf log = { 0 };
	struct err err;
	int count = 0;

	forgive_leaks(true);
	echo_big(NULL, &target);
	forgive_leaks(false);
	assert_int_equal(file_read(AT_FDCWD, home_file("log"), 4 << 20, &log, &err), 0);
	for (const char *at = log.data; (at = strstr(at, "rekeying out")) != NULL; at++)
		count++;
	assert_in_range(count, 5, 1000);
	buf_close(&log);
}

static void rsa_needs_a_newer_library_and_the_error_says_so(void **state)
{
	struct ssh_lib lib;
	struct err err;

	(void)state;
	need_sshd();
	assert_non_null(ssh_lib_open(&lib, &err));
	struct target target = with_key("rsa");
	if (lib.has_rsa_sha2)
		says(NULL, &target, "echo up", "up\n");
	else
		fails(target, ERR_CANNOT, "rsa: libssh2 1.10 cannot sign RSA with SHA-2");
}

static void the_keys_of_an_agent_are_taken(void **state)
{
	struct target target;

	(void)state;
	need_sshd();
	target = with_key("nothing");
	target.agent_socket = agent_socket;
	target.nidentity = 0;
	target.is_identity_only = false;
	says(NULL, &target, "echo up", "up\n");
	/* A locked file whose key it holds, and nothing but that. */
	target = with_key("locked");
	target.agent_socket = agent_socket;
	says(NULL, &target, "echo up", "up\n");
	target = with_key("other");
	target.agent_socket = agent_socket;
	fails(target, ERR_CANNOT, " of the SSH agent: not accepted)");
	target.agent_socket = "/nowhere/agent";
	fails(target, ERR_CANNOT, "/nowhere/agent: no SSH agent answers there; ");
}

static size_t open_files(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Closed after each number of steps, up to where it runs, and while it ends. */
static void closes_everywhere(const struct target *target)
{
	size_t before = open_files();
	int is_up = 0, status;

	forgive_leaks(true);
	for (int steps = 0; is_up == 0; steps++) {
		struct jumps jumps = { 0 };
		struct stream *stream = begin(&jumps, target, "exec cat");
		struct err err;

		for (int i = 0; i < steps && is_up == 0; i++) {
			is_up = transport_libssh2.advance(stream, &err);
			if (is_up == 0)
				wait_for(stream, clock_after_ms(TALK_MS));
		}
		if (is_up > 0)
			assert_true(transport_libssh2.finish(stream, &status, &err) >= 0);
		transport_libssh2.close(stream);
		assert_null(jumps.first);
		assert_int_equal(open_files(), before);
	}
	forgive_leaks(false);
	assert_int_equal(is_up, 1);
	transport_libssh2.close(NULL);
}

static void it_can_be_closed_at_any_moment(void **state)
{
	struct target named = good(), jump = good(), inner = good(), by_agent;

	(void)state;
	need_sshd();
	named.address = "localhost";
	named.host_key_name = "web-alias";
	closes_everywhere(&named);
	inner.address = "127.0.0.2";
	inner.jump = &jump;
	closes_everywhere(&inner);
	by_agent = with_key("locked");
	by_agent.agent_socket = agent_socket;
	closes_everywhere(&by_agent);
	while (waitpid(-1, &(int){ 0 }, WNOHANG) > 0)
		fail_msg("a child was left");
}

static void an_agent_that_hangs_stops_nothing_else(void **state)
{
	struct sockaddr_un at_path = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), taken;
	struct target target;
	struct stream *stream;
	struct err err;

	(void)state;
	need_sshd();
	target = with_key("ecdsa");
	snprintf(at_path.sun_path, sizeof at_path.sun_path, "%s/hangs", (const char *)*state);
	assert_int_equal(bind(fd, (struct sockaddr *)&at_path, sizeof at_path), 0);
	assert_int_equal(listen(fd, 8), 0);
	target.agent_socket = at_path.sun_path;
	stream = begin(NULL, &target, "echo up");
	while (!streq(stream->phase, "authentication")) {
		assert_int_equal(transport_libssh2.advance(stream, &err), 0);
		if (!streq(stream->phase, "authentication"))
			wait_for(stream, clock_after_ms(TALK_MS));
	}
	taken = accept(fd, NULL, NULL);
	assert_true(taken >= 0);
	for (int i = 0; i < 20; i++) /* each returns at once */
		assert_int_equal(transport_libssh2.advance(stream, &err), 0);
	assert_false(stream_is_ready(stream));
	close(taken);
	assert_int_equal(bring(stream, &err), 1);
	assert_int_equal(end_of(stream), 0);
	close(fd);
}

static void an_agent_that_speaks_nonsense_is_left(void **state)
{
	static const char *const nonsense[] = {
		"\xff\xff\xff\xff\x0c",                 /* an endless answer */
		"\x00\x00\x00\x05\x0c\xff\xff\xff\xff", /* more keys than there can be */
		"\x00\x00\x00\x09\x0c\x00\x00\x00\x01\x00\x00\xff\xff", /* a key past the end */
		"\x00\x00\x00\x01\x05",                                 /* a refusal */
	};
	static const size_t len[] = { 5, 9, 13, 5 };
	struct sockaddr_un at_path = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), taken;
	struct target target;
	struct stream *stream;
	struct err err;

	(void)state;
	need_sshd();
	target = with_key("ecdsa");
	snprintf(at_path.sun_path, sizeof at_path.sun_path, "%s/strange", (const char *)*state);
	assert_int_equal(bind(fd, (struct sockaddr *)&at_path, sizeof at_path), 0);
	assert_int_equal(listen(fd, 8), 0);
	target.agent_socket = at_path.sun_path;
	for (size_t i = 0; i < COUNT(nonsense); i++) {
		stream = begin(NULL, &target, "echo up");
		while (!streq(stream->phase, "authentication")) {
			assert_int_equal(transport_libssh2.advance(stream, &err), 0);
			if (!streq(stream->phase, "authentication"))
				wait_for(stream, clock_after_ms(TALK_MS));
		}
		taken = accept(fd, NULL, NULL);
		assert_int_equal(write(taken, nonsense[i], len[i]), len[i]);
		assert_int_equal(bring(stream, &err), 1); /* by the file */
		assert_int_equal(end_of(stream), 0);
		close(taken);
	}
	close(fd);
}

static void a_silent_cut_is_noticed_within_ten_seconds(void **state)
{
	struct target target = good();
	struct stream *idle, *busy;
	struct buf out = { 0 };
	int64_t began_ns;
	int why;

	(void)state;
	need_sshd();
	idle = run(NULL, &target, "echo up; exec cat");
	busy = run(NULL, &target, "echo up; exec cat");
	began_ns = clock_mono_ns();
	assert_int_equal(netspace_flags("lo", 0), 0);
	assert_int_equal(transport_libssh2.write(busy, "x", 1), 1);
	why = read_all(idle, &out);
	assert_int_not_equal(why, 0);
	assert_int_not_equal(read_all(busy, &out), 0);
	assert_int_equal(netspace_up("lo"), 0);
	assert_in_range((clock_mono_ns() - began_ns) / 1000000, 1, 10500);
	transport_libssh2.close(idle);
	transport_libssh2.close(busy);
	buf_close(&out);
}

static int make_user_key(const char *type, const char *name, const char *passphrase,
			 const char *format)
{
	const char *argv[] = {
		"ssh-keygen",         "-q",   "-t", type, "-N", passphrase, "-f", home_file(name),
		format ? "-m" : NULL, format, NULL
	};

	return sshd_run(argv);
}

static int start_agent(const char *folder)
{
	char socket_word[FOLDER_PATH + 32];
	const char *add[] = { "env", socket_word,        "ssh-add",
			      "-q",  home_file("other"), home_file("unlocked"),
			      NULL };
	int64_t deadline_ns = clock_after_ms(SSHD_MS);

	snprintf(agent_socket, sizeof agent_socket, "%s/agent", folder);
	snprintf(socket_word, sizeof socket_word, "SSH_AUTH_SOCK=%s", agent_socket);
	agent_pid = fork();
	if (agent_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
		execlp("ssh-agent", "ssh-agent", "-D", "-a", agent_socket, (char *)NULL);
		_exit(97);
	}
	while (access(agent_socket, F_OK) < 0 && clock_left_ms(deadline_ns) > 0)
		poll(NULL, 0, 10);
	return sshd_run(add);
}

/* Beside the usual machine one that takes keys of several types. */
static int setup(void **state)
{
	static const char *const keys[] = { "key", "ecdsa", "old", "locked", "rsa" };
	struct buf text = { 0 }, accepted = { 0 };
	int bad = sshd_setup(state);

	if (bad || sshd.why)
		return bad;
	bad = make_user_key("ecdsa", "ecdsa", "", NULL) < 0 ||
	      make_user_key("ecdsa", "old", "", "PEM") < 0 ||
	      make_user_key("rsa", "rsa", "", NULL) < 0 ||
	      make_user_key("ed25519", "locked", "", NULL) < 0;
	if (!bad) { /* its open twin is for the agent */
		struct err err;
		const char *lock[] = { "ssh-keygen", "-q", "-p",
				       "-P",         "",   "-N",
				       "secret",     "-f", home_file("locked"),
				       NULL };
		bad = file_read(AT_FDCWD, home_file("locked"), 8192, &text, &err) < 0 ||
		      sshd_file("unlocked", text.data) < 0 || sshd_run(lock) < 0;
		buf_clear(&text);
	}
	for (size_t i = 0; i < COUNT(keys) && !bad; i++) {
		const char *name = arena_printf(&arena, "%s.pub", keys[i]);
		struct err err;

		bad = file_read(AT_FDCWD, home_file(name), 8192, &accepted, &err) < 0;
	}
	buf_printf(&text,
		   "Port %d\nListenAddress 127.0.0.1\nHostKey %s/.ssh/host\nHostKey %s/.ssh/ecdsa\n"
		   "AuthorizedKeysFile %s/.ssh/accepted\nPidFile none\nUsePAM no\nStrictModes no\n"
		   "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
		   "RekeyLimit 1M\nLogLevel DEBUG1\n",
		   MANY_PORT, sshd.home, sshd.home, sshd.home);
	if (bad || sshd_file("accepted", accepted.data) < 0 || sshd_file("many", text.data) < 0)
		sshd.why = "keys could not be made";
	else
		sshd.why = sshd_start("many", "127.0.0.1", MANY_PORT, &many_pid);
	if (!sshd.why && start_agent(*state) < 0)
		sshd.why = "no ssh-agent";
	buf_close(&text);
	buf_close(&accepted);
	return 0;
}

static int teardown(void **state)
{
	sshd_end(many_pid);
	sshd_end(agent_pid);
	arena_close(&arena);
	return sshd_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_runs_and_its_status_is_told),
		cmocka_unit_test(a_signal_that_ends_the_program_is_told),
		cmocka_unit_test(ten_megabytes_go_both_ways_unchanged),
		cmocka_unit_test(a_program_that_reads_nothing_holds_the_writer),
		cmocka_unit_test(a_slow_reader_holds_the_program),
		cmocka_unit_test(endless_words_neither_block_nor_grow),
		cmocka_unit_test(refused_no_route_and_no_name_are_told_apart),
		cmocka_unit_test(a_name_is_tried_at_all_its_addresses),
		cmocka_unit_test(silence_ends_a_phase_after_ten_seconds),
		cmocka_unit_test(what_is_no_ssh_server_is_told),
		cmocka_unit_test(the_output_that_came_before_a_cut_is_not_lost),
		cmocka_unit_test(a_key_that_is_not_accepted_is_named),
		cmocka_unit_test(an_unknown_host_is_refused_with_what_accepts_it),
		cmocka_unit_test(a_changed_or_revoked_host_key_always_refuses),
		cmocka_unit_test(through_a_jump_host_all_is_the_same),
		cmocka_unit_test(a_jump_host_is_shared_by_all_behind_it),
		cmocka_unit_test(a_silent_machine_does_not_hold_up_those_behind_it),
		cmocka_unit_test(what_is_wrong_at_or_behind_a_jump_host_is_told),
		cmocka_unit_test(a_jump_host_that_is_cut_ends_what_is_behind_it),
		cmocka_unit_test(a_host_key_of_a_known_type_is_asked_for),
		cmocka_unit_test(keys_of_files_are_taken_but_locked_ones),
		cmocka_unit_test(keys_are_changed_while_bytes_go),
		cmocka_unit_test(rsa_needs_a_newer_library_and_the_error_says_so),
		cmocka_unit_test(the_keys_of_an_agent_are_taken),
		cmocka_unit_test(it_can_be_closed_at_any_moment),
		cmocka_unit_test(an_agent_that_hangs_stops_nothing_else),
		cmocka_unit_test(an_agent_that_speaks_nonsense_is_left),
		cmocka_unit_test(a_silent_cut_is_noticed_within_ten_seconds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
