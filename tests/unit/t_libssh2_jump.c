/* transport_libssh2 through a jump host, a real sshd, to others behind it. */
#include "libssh2_stream.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(through_a_jump_host_all_is_the_same),
		cmocka_unit_test(a_jump_host_is_shared_by_all_behind_it),
		cmocka_unit_test(a_silent_machine_does_not_hold_up_those_behind_it),
		cmocka_unit_test(what_is_wrong_at_or_behind_a_jump_host_is_told),
		cmocka_unit_test(a_jump_host_that_is_cut_ends_what_is_behind_it),
	};

	return cmocka_run_group_tests_name("libssh2_jump", tests, sshd_setup, libssh2_teardown);
}
