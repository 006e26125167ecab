/* The socket table and its owners, against real sockets and processes. */
#include "unit.h"

#include "clock.h"
#include "own_net.h"
#include "owner.h"
#include "sockdiag.h"

/* A server in a process of its own: accepts `count` connections and holds them. */
struct server {
	pid_t pid;
	int go;    /* closed: it ends */
	int ready; /* a byte when it listens, and one for each connection it accepted */
};

static void server_wait(const struct server *server, int count)
{
	char byte;

	for (int i = 0; i < count; i++)
		assert_int_equal(read(server->ready, &byte, 1), 1);
}

static struct server server_start(const char *ip, uint16_t port, int count)
{
	int ready[2], go[2];
	char byte;
	struct server server;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	server.pid = fork();
	if (server.pid == 0) {
		int listener = netspace_listen(ip, port);

		close(go[1]);
		prctl(PR_SET_NAME, "test-server");
		if (listener < 0 || write(ready[1], "r", 1) != 1)
			_exit(1);
		for (int i = 0; i < count; i++)
			if (accept(listener, NULL, NULL) < 0 || write(ready[1], "a", 1) != 1)
				_exit(2);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 3);
	}
	close(go[0]);
	close(ready[1]);
	server.go = go[1];
	server.ready = ready[0];
	server_wait(&server, 1);
	return server;
}

static void server_end(struct server *server)
{
	int status;

	close(server->go);
	close(server->ready);
	waitpid(server->pid, &status, 0);
}

static void emit(struct sockdiag_want want, struct owners *owners)
{
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };

	if (sockdiag_emit(&want, owners, &sink, &err) < 0)
		fail_msg("%s", err.text);
}

static size_t states(const char *state)
{
	size_t count = 0;

	for (size_t i = 0; i < kept.count; i++)
		count += event_is(&kept.event[i], "socket") &&
				 streq(event_get(&kept.event[i], "state"), state)
			     ? 1
			     : 0;
	return count;
}

/* The nth `socket` event in this state. */
static const struct event *row(const char *state, size_t n)
{
	for (size_t i = 0; i < kept.count; i++)
		if (event_is(&kept.event[i], "socket") &&
		    streq(event_get(&kept.event[i], "state"), state) && n-- == 0)
			return &kept.event[i];
	return NULL;
}

static void a_server_with_two_clients_is_one_listen_and_two_estab_of_its_pid(void **state)
{
	struct owners owners = { 0 };

	(void)state;
	need_namespace();
	struct server server = server_start("0.0.0.0", 1234, 2);
	int alice = netspace_connect("127.0.0.1", 1234), bob = netspace_connect("127.0.0.1", 1234);
	assert_true(alice >= 0 && bob >= 0);
	server_wait(&server, 2);
	/* Known pids first, all of /proc, then from memory: the same each time. */
	for (int round = 0; round < 3; round++) {
		int64_t before_ns = clock_mono_ns();
		kept_clear(&kept);
		emit((struct sockdiag_want){ .ports = { 1234 },
					     .nport = 1,
					     .is_local_only = true,
					     .first = &server.pid,
					     .nfirst = round == 0 ? 1 : 0 },
		     &owners);
		if (round == 0)
			owners_close(&owners);
		assert_int_equal(states("LISTEN"), 1);
		assert_int_equal(states("ESTAB"), 2);
		assert_int_equal(kept_count(&kept, "socket"), 3);
		assert_string_equal(event_get(row("LISTEN", 0), "local"), "0.0.0.0:1234");
		assert_string_equal(event_get(row("LISTEN", 0), "peer"), "0.0.0.0:*");
		assert_int_equal(event_num(row("LISTEN", 0), "pid", 0), server.pid);
		assert_string_equal(event_get(row("LISTEN", 0), "process"), "test-server");
		assert_int_equal(event_num(row("ESTAB", 0), "pid", 0), server.pid);
		assert_int_equal(event_num(row("ESTAB", 1), "pid", 0), server.pid);
		assert_string_not_equal(event_get(row("ESTAB", 0), "peer"),
					event_get(row("ESTAB", 1), "peer"));
		const struct event *end = kept_find(&kept, "sockets", NULL, NULL);
		assert_int_equal(event_num(end, "rows", -1), 3);
		assert_int_equal(event_num(end, "left_out", -1), 0);
		assert_int_equal(event_num(end, "owners", -1), 1);
		assert_string_equal(event_get(end, "ports"), "1234");
		assert_string_equal(event_get(end, "side"), "local");
		assert_true(event_num(end, "start_ns", 0) >= before_ns);
		assert_true(event_num(end, "start_ns", INT64_MAX) <= row("LISTEN", 0)->t_ns);
	}
	close(alice);
	close(bob);
	server_end(&server);
	owners_close(&owners);
}

static void an_owner_that_ended_is_not_believed_from_memory(void **state)
{
	struct owners owners = { 0 };
	const struct sockdiag_want want = { .ports = { 1235 }, .nport = 1, .is_local_only = true };

	(void)state;
	need_namespace();
	struct server server = server_start("127.0.0.1", 1235, 0);
	emit(want, &owners);
	assert_int_equal(event_num(row("LISTEN", 0), "pid", 0), server.pid);
	server_end(&server);
	kept_clear(&kept);
	emit(want, &owners);
	assert_int_equal(kept_count(&kept, "socket"), 0);
	server = server_start("127.0.0.1", 1235, 0);
	kept_clear(&kept);
	emit(want, &owners);
	assert_int_equal(event_num(row("LISTEN", 0), "pid", 0), server.pid);
	server_end(&server);
	owners_close(&owners);
}

static void a_snapshot_has_every_listener_and_both_ends_of_the_runs_ports(void **state)
{
	struct owners owners = { 0 };

	(void)state;
	need_namespace();
	int ours = netspace_listen("127.0.0.1", 1236), other = netspace_listen("127.0.0.1", 4444);
	int client = netspace_connect("127.0.0.1", 1236);
	int stray = netspace_connect("127.0.0.1", 4444);
	assert_true(client >= 0 && stray >= 0);
	emit((struct sockdiag_want){ .ports = { 1236 }, .nport = 1, .snapshot = 3 }, &owners);
	assert_int_equal(states("LISTEN"), 2);
	assert_int_equal(states("ESTAB"), 2); /* the client's end and the server's, not the stray */
	assert_int_equal(event_num(row("ESTAB", 0), "snapshot", 0), 3);
	/* The client's own end has an owner; the server's was never accepted and has none. */
	size_t owned = 0;
	for (size_t i = 0; i < 2; i++)
		owned += event_num(row("ESTAB", i), "pid", 0) == getpid() ? 1 : 0;
	assert_int_equal(owned, 1);
	close(client);
	close(stray);
	close(ours);
	close(other);
	owners_close(&owners);
}

static void on_a_shared_stack_only_our_address_wildcards_and_localhost_count(void **state)
{
	static const struct {
		const char *ip;
		bool is_ours;
	} cases[] = { { "127.0.0.2", true },
		      { "127.0.0.3", false },
		      { "127.0.0.1", true },
		      { "0.0.0.0", true } };
	struct owners owners = { 0 };
	struct addr address;

	(void)state;
	need_namespace();
	assert_int_equal(addr_parse(&address, "127.0.0.2", 0), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = netspace_listen(cases[i].ip, 1237);

		kept_clear(&kept);
		emit(
		    (struct sockdiag_want){
			.address = &address, .ports = { 1237 }, .nport = 1, .is_local_only = true },
		    &owners);
		assert_int_equal(states("LISTEN"), cases[i].is_ours ? 1 : 0);
		close(fd);
	}
	owners_close(&owners);
}

static void an_ipv6_listener_is_seen(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(1238) };
	struct owners owners = { 0 };

	(void)state;
	need_namespace();
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in6, sizeof in6) < 0 || listen(fd, 1) < 0)
		SKIP("no IPv6 here");
	emit((struct sockdiag_want){ .ports = { 1238 }, .nport = 1, .is_local_only = true },
	     &owners);
	assert_int_equal(states("LISTEN"), 1);
	assert_string_equal(event_get(row("LISTEN", 0), "local"), "[::]:1238");
	assert_string_equal(event_get(row("LISTEN", 0), "peer"), "[::]:*");
	close(fd);
	owners_close(&owners);
}

static int listen_on_any6(uint16_t port, int only)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void a_wildcard_that_takes_no_ipv4_is_told_from_one_that_does(void **state)
{
	struct owners owners = { 0 };
	const struct sockdiag_want want = { .ports = { 1266, 1267 }, .nport = 2 };

	(void)state;
	need_namespace();
	if (access("/proc/net/if_inet6", F_OK) < 0)
		SKIP("no IPv6 here");
	int only = listen_on_any6(1266, 1), both = listen_on_any6(1267, 0);
	emit(want, &owners);
	const struct event *one = kept_find(&kept, "socket", "local", "[::]:1266");
	const struct event *two = kept_find(&kept, "socket", "local", "[::]:1267");
	assert_true(one && two);
	assert_int_equal(event_num(one, "v6only", 0), 1);
	assert_int_equal(event_num(two, "v6only", 0), 0);
	close(only);
	close(both);
	owners_close(&owners);
}

static void rows_beyond_the_cap_are_counted(void **state)
{
	enum {
		MANY = SOCKDIAG_ROWS + 20
	};
	static int fd[MANY];
	struct owners owners = { 0 };

	(void)state;
	need_namespace();
	for (int i = 0; i < MANY; i++) {
		fd[i] = netspace_listen("127.0.0.1", (uint16_t)(20000 + i));
		assert_true(fd[i] >= 0);
	}
	emit((struct sockdiag_want){ .nport = 0 }, &owners);
	const struct event *end = kept_find(&kept, "sockets", NULL, NULL);
	assert_non_null(end);
	assert_int_equal(kept_count(&kept, "socket"), SOCKDIAG_ROWS);
	assert_int_equal(event_num(end, "left_out", -1), 20);
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
	owners_close(&owners);
}

static void listening_means_exactly_this_address_and_port(void **state)
{
	struct err err = { 0 };
	struct addr addr, any, other;

	(void)state;
	need_namespace();
	addr_parse(&addr, "127.0.0.1", 1239);
	addr_parse(&any, "0.0.0.0", 1239);
	addr_parse(&other, "127.0.0.1", 1240);
	assert_int_equal(sockdiag_listening(&addr, &err), 0);
	int fd = netspace_listen("127.0.0.1", 1239);
	assert_int_equal(sockdiag_listening(&addr, &err), 1);
	assert_int_equal(sockdiag_listening(&any, &err), 0);
	assert_int_equal(sockdiag_listening(&other, &err), 0);
	close(fd);
	assert_int_equal(sockdiag_listening(&addr, &err), 0);
}

static void a_closed_connection_is_time_wait_without_an_owner(void **state)
{
	struct owners owners = { 0 };

	(void)state;
	need_namespace();
	int listener = netspace_listen("127.0.0.1", 1242);
	int client = netspace_connect("127.0.0.1", 1242), peer = accept(listener, NULL, NULL);
	close(peer); /* the server closes first: its end is the one that waits */
	close(client);
	emit((struct sockdiag_want){ .ports = { 1242 }, .nport = 1, .is_local_only = true },
	     &owners);
	assert_int_equal(states("TIME-WAIT"), 1);
	assert_int_equal(event_num(row("TIME-WAIT", 0), "pid", -1), -1);
	assert_int_equal(event_num(kept_find(&kept, "sockets", NULL, NULL), "owners", -1), 1);
	close(listener);
	owners_close(&owners);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_with_two_clients_is_one_listen_and_two_estab_of_its_pid),
		cmocka_unit_test(an_owner_that_ended_is_not_believed_from_memory),
		cmocka_unit_test(a_snapshot_has_every_listener_and_both_ends_of_the_runs_ports),
		cmocka_unit_test(on_a_shared_stack_only_our_address_wildcards_and_localhost_count),
		cmocka_unit_test(an_ipv6_listener_is_seen),
		cmocka_unit_test(a_wildcard_that_takes_no_ipv4_is_told_from_one_that_does),
		cmocka_unit_test(rows_beyond_the_cap_are_counted),
		cmocka_unit_test(listening_means_exactly_this_address_and_port),
		cmocka_unit_test(a_closed_connection_is_time_wait_without_an_owner),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
