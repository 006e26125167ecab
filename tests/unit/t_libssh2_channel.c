/* transport_libssh2 against a real sshd: a program, its bytes and its end. */
#include "libssh2_stream.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_runs_and_its_status_is_told),
		cmocka_unit_test(a_signal_that_ends_the_program_is_told),
		cmocka_unit_test(ten_megabytes_go_both_ways_unchanged),
		cmocka_unit_test(a_program_that_reads_nothing_holds_the_writer),
		cmocka_unit_test(a_slow_reader_holds_the_program),
		cmocka_unit_test(endless_words_neither_block_nor_grow),
		cmocka_unit_test(the_output_that_came_before_a_cut_is_not_lost),
		cmocka_unit_test(a_silent_cut_is_noticed_within_ten_seconds),
	};

	return cmocka_run_group_tests_name("libssh2_channel", tests, sshd_setup, libssh2_teardown);
}
