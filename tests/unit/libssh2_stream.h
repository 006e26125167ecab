/* Streams of transport_libssh2 to the machine of sshd_machine.h, and what becomes of them. */
#ifndef LIBSSH2_STREAM_H
#define LIBSSH2_STREAM_H

#include "sshd_machine.h"

#include "sha256.h"
#include "ssh_link.h"

enum {
	TALK_MS = 30000,
	BIG = 10 << 20
};

void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* libssh2 1.10 itself forgets a number of each ECDSA key that it reads from a file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:CRYPTO_zalloc";
}

/* libssh2 1.10 forgets the keys of a handshake that it is in the middle of, and the host's key with
 * each change of keys; leaks of ours the other tests find. */
static inline void forgive_leaks(bool forgiven)
{
	if (__lsan_disable && forgiven)
		__lsan_disable();
	if (__lsan_enable && !forgiven)
		__lsan_enable();
}

static struct arena arena;
static const char *one_key[1], *one_known[1];

/* The machine at an address, with this key and this known_hosts (paths). */
static inline struct target at(const char *address, const char *key, const char *known)
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

static inline struct target good(void)
{
	return at("127.0.0.1", sshd.key, sshd.known);
}

static inline const char *home_file(const char *name)
{
	return arena_printf(&arena, "%s/.ssh/%s", sshd.home, name);
}

/* A known_hosts with one line: the marks and names, then the public key of that name. */
static inline const char *known_as(const char *file, const char *names, const char *key)
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

static inline void wait_for(const struct stream *stream, int64_t deadline_ns)
{
	struct pollfd ready = { .fd = stream->fd, .events = stream->events };

	if (stream->deadline_ns && stream->deadline_ns < deadline_ns)
		deadline_ns = stream->deadline_ns;
	if (!stream_is_ready(stream))
		assert_true(poll(&ready, 1, clock_left_ms(deadline_ns)) >= 0);
}

static inline struct stream *begin(struct jumps *jumps, const struct target *target,
				   const char *command)
{
	struct err err;
	struct stream *stream = transport_libssh2.open(jumps, target, command, &err);

	if (!stream)
		print_error("%s\n", err.text);
	assert_non_null(stream);
	return stream;
}

/* Until it runs, or never will. */
static inline int bring(struct stream *stream, struct err *err)
{
	int64_t deadline_ns = clock_after_ms(TALK_MS);
	int is_up;

	while ((is_up = transport_libssh2.advance(stream, err)) == 0) {
		assert_true(clock_left_ms(deadline_ns) > 0);
		wait_for(stream, deadline_ns);
	}
	return is_up;
}

static inline struct stream *run(struct jumps *jumps, const struct target *target,
				 const char *command)
{
	struct stream *stream = begin(jumps, target, command);
	struct err err;

	if (bring(stream, &err) < 0)
		fail_msg("%s", err.text);
	return stream;
}

/* Reads to the end: 0, or the errno of a lost connection. */
static inline int read_all(struct stream *stream, struct buf *out)
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

static inline int finish(struct stream *stream, int *status, struct err *err)
{
	int64_t deadline_ns = clock_after_ms(TALK_MS);
	int got;

	while ((got = transport_libssh2.finish(stream, status, err)) == 0)
		wait_for(stream, deadline_ns);
	return got;
}

static inline int end_of(struct stream *stream)
{
	struct err err;
	int status = -1;

	if (finish(stream, &status, &err) < 0)
		fail_msg("%s", err.text);
	transport_libssh2.close(stream);
	return status;
}

/* What a command says on that machine. */
static inline void says(struct jumps *jumps, const struct target *target, const char *command,
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

/* A connection that never came to be: its error. */
static inline void fails(struct target target, enum err_kind kind, const char *words)
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

static inline void digest_of(const void *bytes, size_t len, char hex[SHA256_HEX])
{
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, bytes, len);
	sha256_hex(&sha, hex);
}

/* 10 MB there and back at once, through one program. */
static inline void echo_big(struct jumps *jumps, const struct target *target)
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

static inline int libssh2_teardown(void **state)
{
	arena_close(&arena);
	return sshd_teardown(state);
}

#endif
