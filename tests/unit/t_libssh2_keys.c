/* transport_libssh2 and keys: of hosts and users, in files and at an agent, and changed meanwhile.
 */
#include "libssh2_stream.h"

#include <sys/un.h>

enum {
	MANY_PORT = 2240 /* an sshd with host keys and user keys of several types */
};

static pid_t many_pid, agent_pid;
static char agent_socket[FOLDER_PATH + 16];

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
	return libssh2_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_key_of_a_known_type_is_asked_for),
		cmocka_unit_test(keys_of_files_are_taken_but_locked_ones),
		cmocka_unit_test(keys_are_changed_while_bytes_go),
		cmocka_unit_test(rsa_needs_a_newer_library_and_the_error_says_so),
		cmocka_unit_test(the_keys_of_an_agent_are_taken),
		cmocka_unit_test(it_can_be_closed_at_any_moment),
		cmocka_unit_test(an_agent_that_hangs_stops_nothing_else),
		cmocka_unit_test(an_agent_that_speaks_nonsense_is_left),
	};

	return cmocka_run_group_tests_name("libssh2_keys", tests, setup, teardown);
}
