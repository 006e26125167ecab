/* transport_openssh: the user's ssh against a real sshd. */
#include "sshd_machine.h"

#include "transport.h"

enum {
	TALK_MS = 30000
};

static const struct target web = { .name = "web-1", .is_alias = true, .address = "127.0.0.1" };

/* What the inventory says of 127.0.0.2. */
static struct target inner_of(const char *const *key, const char *const *known)
{
	return (struct target){ .name = "inner",
				.address = "127.0.0.2",
				.port = SSHD_PORT,
				.user = sshd.user,
				.nidentity = 1,
				.identity = key,
				.is_identity_only = true,
				.nknown_hosts = 1,
				.known_hosts = known };
}

static struct stream *begin(const struct target *target, const char *command)
{
	struct err err;
	struct stream *stream = transport_openssh.open(NULL, target, command, &err);

	if (!stream)
		print_error("%s\n", err.text);
	assert_non_null(stream);
	assert_int_equal(transport_openssh.advance(stream, &err), 1);
	return stream;
}

static void wait_for(const struct stream *stream, int64_t deadline_ns)
{
	struct pollfd ready = { .fd = stream->fd, .events = stream->events };

	if (!stream->is_ready)
		assert_int_equal(poll(&ready, 1, clock_left_ms(deadline_ns)), 1);
}

/* Reads to the end: 0, or the errno of a lost connection. */
static int read_all(struct stream *stream, struct buf *out)
{
	int64_t deadline_ns = clock_after_ms(TALK_MS);
	char bytes[8192];
	ssize_t n;

	while ((n = transport_openssh.read(stream, bytes, sizeof bytes)) != 0) {
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

	while ((got = transport_openssh.finish(stream, status, err)) == 0)
		wait_for(stream,
			 deadline_ns < stream->deadline_ns ? deadline_ns : stream->deadline_ns);
	return got;
}

/* Nothing of it is there: no child of ours but sshd, no process group. */
static void close_and_look(struct stream *stream)
{
	pid_t pid;

	transport_openssh.close(stream);
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		fail_msg("process %d was left", (int)pid);
	assert_int_equal(pid, sshd.pid > 0 ? 0 : -1);
}

static void bytes_go_both_ways_unchanged(void **state)
{
	struct stream *stream;
	struct buf sent = { 0 }, got = { 0 };
	int64_t deadline_ns = clock_after_ms(TALK_MS);
	char bytes[8192];
	int status = -1;
	struct err err;
	size_t at = 0;

	(void)state;
	need_sshd();
	for (uint32_t i = 0; i < 300000; i++)
		buf_u32(&sent, i * 2654435761U);
	stream = begin(&web, "cat");
	while (got.len < sent.len) {
		ssize_t put = 0, n;

		if (at < sent.len)
			put = transport_openssh.write(stream, sent.data + at, sent.len - at);
		assert_true(put >= 0 || errno == EAGAIN);
		at += put > 0 ? (size_t)put : 0;
		n = transport_openssh.read(stream, bytes, sizeof bytes);
		assert_true(n > 0 || (n < 0 && errno == EAGAIN));
		if (n > 0)
			buf_add(&got, bytes, (size_t)n);
		else if (put <= 0)
			wait_for(stream, deadline_ns);
	}
	assert_memory_equal(got.data, sent.data, sent.len);
	assert_int_equal(finish(stream, &status, &err), 1);
	assert_int_equal(status, 0);
	close_and_look(stream);
	buf_close(&sent);
	buf_close(&got);
}

static void the_status_and_the_words_of_the_program_are_told(void **state)
{
	struct buf out = { 0 };
	struct stream *stream;
	int status = -1;
	struct err err;

	(void)state;
	need_sshd();
	stream = begin(&web, "echo out; echo words >&2; exit 7");
	assert_int_equal(read_all(stream, &out), 0);
	assert_string_equal(out.data, "out\n");
	assert_int_equal(finish(stream, &status, &err), 1);
	assert_int_equal(status, 7);
	assert_string_equal(stream->said.data, "words\n");
	close_and_look(stream);
	buf_close(&out);
}

static void endless_words_neither_block_nor_grow(void **state)
{
	struct buf out = { 0 };
	struct stream *stream;

	(void)state;
	need_sshd();
	stream = begin(&web, "head -c 2000000 /dev/zero | tr '\\0' x >&2; echo done");
	assert_int_equal(read_all(stream, &out), 0);
	assert_string_equal(out.data, "done\n");
	assert_int_equal(stream->said.len, TRANSPORT_SAID_MAX);
	close_and_look(stream);
	buf_close(&out);
}

/* A connection that never came to be: its error, in ssh's words. */
static void fails(const struct target *target, enum err_kind kind, const char *words)
{
	struct stream *stream = begin(target, "echo up");
	struct buf out = { 0 };
	struct err err = { 0 };
	int status;

	assert_int_equal(read_all(stream, &out), ECONNRESET);
	assert_int_equal(out.len, 0);
	assert_int_equal(finish(stream, &status, &err), -1);
	if (!strstr(err.text, words))
		print_error("%s\n", err.text);
	assert_non_null(strstr(err.text, words));
	assert_true(starts_with(err.text, target->name));
	assert_int_equal(err.kind, kind);
	close_and_look(stream);
}

static void what_ssh_cannot_reach_is_told_in_its_words(void **state)
{
	const struct target closed = { .name = "closed", .is_alias = true };
	const struct target nowhere = { .name = "nowhere", .is_alias = true };

	(void)state;
	need_sshd();
	fails(&closed, ERR_BROKE, "Connection refused");
	fails(&nowhere, ERR_CANNOT, "there is no such name");
}

static void an_unknown_host_and_an_unknown_key_are_refused(void **state)
{
	const char *const key[] = { sshd.key }, *const other[] = { sshd.other_key };
	const char *const known[] = { sshd.known }, *const unknown[] = { sshd.unknown };
	struct target target;

	(void)state;
	need_sshd();
	target = inner_of(key, unknown);
	fails(&target, ERR_CANNOT, "Host key verification failed");
	target = inner_of(other, known);
	fails(&target, ERR_CANNOT, "Permission denied");
}

static void speaks(const struct target *target)
{
	struct stream *stream = begin(target, "echo $SSH_CONNECTION | cut -d\" \" -f3");
	struct buf out = { 0 };
	struct err err;
	int status = -1, lost = read_all(stream, &out), got = finish(stream, &status, &err);

	if (lost || got != 1)
		print_error("%s / %s\n", err.text, stream->said.data);
	assert_int_equal(lost, 0);
	assert_int_equal(got, 1);
	assert_string_equal(out.data, "127.0.0.2\n");
	assert_int_equal(status, 0);
	close_and_look(stream);
	buf_close(&out);
}

static void a_target_of_an_inventory_is_reached_also_behind_a_jump_host(void **state)
{
	const char *const key[] = { sshd.key }, *const known[] = { sshd.known };
	const struct target alias = { .name = "inner", .is_alias = true };
	struct target inner, jump;

	(void)state;
	need_sshd();
	inner = inner_of(key, known);
	speaks(&inner);
	inner.host_key_name = "web-alias";
	speaks(&inner);
	inner.jump = &web; /* by its alias: -J */
	speaks(&inner);
	jump = inner_of(key, known);
	jump.address = "127.0.0.1";
	inner.jump = &jump; /* with keys of its own: a ProxyCommand */
	speaks(&inner);
	speaks(&alias); /* as ~/.ssh/config has it */
}

/* An inventory may name an alias and say something else of it. */
static void what_is_said_of_an_alias_counts_before_the_configuration(void **state)
{
	const char *const key[] = { sshd.key }, *const known[] = { sshd.known };
	const char *const over[] = { "-p", "2222", "-J", "none", NULL };
	struct target half = { .name = "half", .is_alias = true }, jump;

	(void)state;
	need_sshd();
	fails(&half, ERR_BROKE, "Connection refused");
	half.over = over;
	speaks(&half);
	jump = inner_of(key, known);
	jump.address = "127.0.0.1";
	half.jump = &jump;
	half.is_jump_over = true;
	speaks(&half);
	jump = half;
	jump.jump = NULL;
	jump.is_jump_over = false;
	half.jump = &jump; /* an alias again, with its own port */
	speaks(&half);
}

static void a_killed_session_is_a_lost_connection(void **state)
{
	struct buf out = { 0 };
	struct stream *stream;
	int status;
	struct err err;

	(void)state;
	need_sshd();
	stream = begin(&web, "echo up; kill -9 $PPID; cat");
	assert_int_equal(read_all(stream, &out), ECONNRESET);
	assert_int_equal(finish(stream, &status, &err), -1);
	assert_int_equal(err.kind, ERR_BROKE);
	close_and_look(stream);
	buf_close(&out);
}

static void what_does_not_end_is_ended_at_the_deadline(void **state)
{
	struct stream *stream;
	int status;
	struct err err;

	(void)state;
	need_sshd();
	stream = begin(&web, "exec sleep 60");
	assert_int_equal(transport_openssh.finish(stream, &status, &err), 0);
	stream->deadline_ns = clock_after_ms(500);
	for (int got = 0; got == 0;) {
		struct pollfd ready = { .fd = stream->fd, .events = stream->events };

		poll(&ready, 1, clock_left_ms(stream->deadline_ns));
		got = transport_openssh.finish(stream, &status, &err);
		assert_true(got <= 0);
	}
	assert_non_null(strstr(err.text, "no end"));
	close_and_look(stream);
}

static void it_can_be_closed_at_any_moment(void **state)
{
	const char *const key[] = { sshd.key }, *const known[] = { sshd.known };
	struct target inner, jump;
	struct buf out = { 0 };
	char bytes[64];

	(void)state;
	need_sshd();
	transport_openssh.close(NULL);
	close_and_look(begin(&web, "cat"));
	inner = jump = inner_of(key, known);
	inner.jump = &jump;
	for (int ms = 0; ms < 200; ms += 40) {
		struct stream *stream = begin(&inner, "echo up; cat");
		struct pollfd ready = { .fd = stream->fd, .events = stream->events };

		poll(&ready, 1, ms);
		(void)transport_openssh.read(stream, bytes, sizeof bytes);
		close_and_look(stream);
	}
	buf_close(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways_unchanged),
		cmocka_unit_test(the_status_and_the_words_of_the_program_are_told),
		cmocka_unit_test(endless_words_neither_block_nor_grow),
		cmocka_unit_test(what_ssh_cannot_reach_is_told_in_its_words),
		cmocka_unit_test(an_unknown_host_and_an_unknown_key_are_refused),
		cmocka_unit_test(a_target_of_an_inventory_is_reached_also_behind_a_jump_host),
		cmocka_unit_test(what_is_said_of_an_alias_counts_before_the_configuration),
		cmocka_unit_test(a_killed_session_is_a_lost_connection),
		cmocka_unit_test(what_does_not_end_is_ended_at_the_deadline),
		cmocka_unit_test(it_can_be_closed_at_any_moment),
	};

	return cmocka_run_group_tests_name("openssh", tests, sshd_setup, sshd_teardown);
}
