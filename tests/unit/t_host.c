/* Backends on this machine: what hosts are when open returns, what errors say, and what is said
 * when the machine gives less. t_host_user.c runs the same as an ordinary user. */
#include "host_fixture.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* A root made by debootstrap has none; then there is nothing to mount over. */
static bool has_etc_hosts(void)
{
	return access("/etc/hosts", F_OK) == 0;
}

static void a_host_is_what_the_plan_says(void **state)
{
	struct fixture f;
	char id[16];

	(void)state;
	open_or_skip(&f, &backend_netns, 3, shell);
	assert_true(f.lab.is_private);
	assert_true(f.lab.has_hosts_file == has_etc_hosts());
	assert_string_equal(ask(&f.lab, 1, "cat /proc/sys/kernel/hostname"), "host-1");
	if (f.lab.has_hosts_file)
		assert_string_equal(ask(&f.lab, 1, "sed -n '$p' /etc/hosts"), "# of the run");
	assert_string_equal(ask(&f.lab, 1, "wc -c </etc/resolv.conf"), "0");
	assert_string_equal(ask(&f.lab, 2, "cat /proc/sys/net/ipv4/tcp_syn_retries"), "2");
	assert_string_equal(ask(&f.lab, 2, "cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6"), "1");
	assert_string_equal(ask(&f.lab, 2, "grep -vc ' lo$' /proc/net/if_inet6"), "0");
	assert_string_equal(ask(&f.lab, 0, "cat /proc/sys/net/ipv4/ip_forward"), "0");
	assert_string_equal(ask(&f.lab, 0, "grep -c 10.7.0.1$ /proc/net/fib_trie"), "2");
	snprintf(id, sizeof id, "%d", (int)geteuid());
	assert_string_equal(ask(&f.lab, 0, "id -u"), id);
	/* 32 and 33 are glibc's own: its posix_spawn, which make uses, leaves them ignored. */
	assert_string_equal(
	    ask(&f.lab, 0, "grep 'Sig[BI]' /proc/self/status | grep -cvE '0{16}|0{7}180{7}'"), "0");
	char a[64], b[64];
	snprintf(a, sizeof a, "%s", ask(&f.lab, 0, "readlink /proc/self/ns/net"));
	snprintf(b, sizeof b, "%s", ask(&f.lab, 1, "readlink /proc/self/ns/net"));
	assert_string_not_equal(a, b);
	finish(&f);
	if (!has_etc_hosts())
		return;
	int fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC);
	char text[4096] = "";
	assert_true(read(fd, text, sizeof text - 1) >= 0);
	assert_null(strstr(text, "# of the run")); /* the machine's own is untouched */
	close(fd);
}

static void an_agent_has_rights_and_nothing_else_open(void **state)
{
	struct fixture f;
	int pid, sid;

	(void)state;
	open_or_skip(&f, &backend_netns, 2, self);
	assert_string_equal(ask(&f.lab, 0, "files"), "0");
	assert_string_equal(ask(&f.lab, 0, "offloads"), "00000");
	assert_string_equal(ask(&f.lab, 1, "packet"), "0");
	two_numbers(ask(&f.lab, 0, "session"), &pid, &sid);
	if (f.lab.has_pid_ns)
		assert_true(pid < 32);                   /* of the run's own namespace, */
	assert_int_equal(kill(f.lab.host[0].pid, 0), 0); /* while lab's view is another */
	assert_int_not_equal(getsid(f.lab.host[0].pid), getsid(0)); /* Ctrl-C does not reach it */
	finish(&f);
}

/* Links that were not ready would lose the first ARP, which costs a second. */
static void the_first_packet_is_never_lost(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		struct fixture f[3];
		int sys, took_ms;
		for (size_t i = 0; i < COUNT(f); i++) {
			open_or_skip(&f[i], &backend_netns, 3, self);
			assert_string_equal(ask(&f[i].lab, 0, "listen"), "0");
			const char *said = ask(&f[i].lab, 2, "connect 10.7.0.1");
			two_numbers(said, &sys, &took_ms);
			assert_int_equal(sys, 0);
			assert_true(took_ms < 900);
			said = ask(&f[i].lab, 0, "connect 10.7.0.2");
			two_numbers(said, &sys, &took_ms);
			assert_int_equal(sys, ECONNREFUSED);
			assert_true(took_ms < 900);
		}
		for (size_t i = 0; i < COUNT(f); i++) {
			struct err err;
			assert_int_equal(f[i].lab.backend->close(&f[i].lab, 5000, &err), 0);
			arena_close(&f[i].plan.arena);
		}
	}
	assert_int_equal(count_marked(), 0);
}

static void two_links_and_a_router_carry_packets(void **state)
{
	struct fixture f = { 0 };
	struct err why = { 0 };
	int sys, took_ms;

	(void)state;
	if (backend_netns.usable(&why) < 0)
		SKIP(why.text);
	hostplan_init(&f.plan, 3, false);
	struct plan_link link[2] = { { .name = "a", .mtu = 1400 }, { .name = "b" } };
	struct plan_port router[2] = {
		{ .link = 0,
		  .address = "10.1.0.1",
		  .prefix = 24,
		  .iface = "eth0",
		  .mac = "02:00:00:00:01:01" },
		{ .link = 1,
		  .address = "10.2.0.1",
		  .prefix = 24,
		  .iface = "eth1",
		  .mac = "02:00:00:00:02:01" },
	};
	const struct name_value sysctl[] = {
		{ .name = "net.ipv4.ip_forward", .value = "1" },
		{ .name = "net.ipv4.conf.eth1.rp_filter", .value = "2", .line = 1 },
	};
	f.plan.plan.nlink = 2;
	f.plan.plan.link = link;
	f.plan.host[0].nport = 2;
	f.plan.host[0].port = router;
	f.plan.host[0].nsysctl = COUNT(sysctl);
	f.plan.host[0].sysctl = sysctl;
	f.plan.port[1].address = "10.1.0.2";
	f.plan.host[1].gateway = "10.1.0.1";
	f.plan.port[2].address = "10.2.0.2";
	f.plan.port[2].link = 1;
	f.plan.host[2].gateway = "10.2.0.1";
	f.plan.port[1].prefix = f.plan.port[2].prefix = 24;
	if (try_open(&f, &backend_netns, 0, self, false) < 0)
		fail_msg("%s", f.err.text);
	assert_string_equal(ask(&f.lab, 2, "listen"), "0");
	const char *said = ask(&f.lab, 1, "connect 10.2.0.2");
	two_numbers(said, &sys, &took_ms);
	assert_int_equal(sys, 0);
	assert_true(took_ms < 900);
	finish(&f);
}

struct broken {
	const char *text; /* in the message */
	const char *agent, *sysctl, *value, *mac, *address, *iface;
};

static void an_error_names_host_and_cause(void **state)
{
	static const struct broken broken[] = {
		{ "host host-1: sysctl net.ipv4.nonesuch: this kernel has no such", shell,
		  "net.ipv4.nonesuch", "1", NULL, NULL, NULL },
		{ "host host-1: sysctl net.ipv4.tcp_syn_retries = many: Invalid argument", shell,
		  "net.ipv4.tcp_syn_retries", "many", NULL, NULL, NULL },
		{ "host host-1: sysctl kernel.hostname: only net.*", shell, "kernel.hostname", "x",
		  NULL, NULL, NULL },
		{ "only net.*", shell, "net..", "x", NULL, NULL, NULL },
		{ "only net.*", shell, "net.//.//.kernel.hostname", "x", NULL, NULL, NULL },
		{ "host host-1: net is no MAC address", shell, NULL, NULL, "net", NULL, NULL },
		{ "host host-1: 10.7.0.256/16 is no address", shell, NULL, NULL, NULL, "10.7.0.256",
		  NULL },
		{ "longer than 15", shell, NULL, NULL, NULL, NULL, "an-interface-too-long" },
		{ "nonesuch: No such file or directory", "/bin/nonesuch", NULL, NULL, NULL, NULL,
		  NULL },
		{ "/etc/passwd: Permission denied", "/etc/passwd", NULL, NULL, NULL, NULL, NULL },
	};
	struct err why = { 0 };

	(void)state;
	if (backend_netns.usable(&why) < 0)
		SKIP(why.text);
	for (size_t i = 0; i < COUNT(broken); i++) {
		const struct broken *b = &broken[i];
		struct fixture f = { 0 };
		struct name_value sysctl = { .name = b->sysctl, .value = b->value, .line = 7 };
		hostplan_init(&f.plan, 2, false);
		if (b->sysctl) {
			f.plan.host[1].sysctl = &sysctl;
			f.plan.host[1].nsysctl = 1;
		}
		f.plan.port[1].mac = b->mac ? b->mac : f.plan.port[1].mac;
		f.plan.port[1].address = b->address ? b->address : f.plan.port[1].address;
		f.plan.port[1].iface = b->iface ? b->iface : f.plan.port[1].iface;
		assert_int_equal(try_open(&f, &backend_netns, 0, b->agent, false), -1);
		if (!strstr(f.err.text, b->text))
			fail_msg("\"%s\" lacks \"%s\"", f.err.text, b->text);
		finish(&f);
	}
}

static void hosts_of_loopback_share_one_private_stack(void **state)
{
	struct fixture f = { 0 };
	int sys, took_ms;

	(void)state;
	if (try_open(&f, &backend_loopback, 3, self, false) < 0)
		fail_msg("%s", f.err.text);
	if (!f.lab.is_private) {
		finish(&f);
		SKIP("no private namespace here");
	}
	assert_true((f.lab.offers & NEED_PORTS) && (f.lab.offers & NEED_CAPTURE));
	assert_string_equal(ask(&f.lab, 0, "listen"), "0");
	assert_string_equal(ask(&f.lab, 0, "packet"), "0");
	const char *said = ask(&f.lab, 1, "connect 127.0.0.2");
	two_numbers(said, &sys, &took_ms);
	assert_int_equal(sys, 0);
	finish(&f);
}

static void hosts_of_loopback_cannot_differ_in_a_sysctl(void **state)
{
	struct fixture f = { 0 };
	struct name_value other = { .name = "net.ipv4.tcp_syn_retries", .value = "5", .line = 3 };

	(void)state;
	hostplan_init(&f.plan, 2, true);
	f.plan.host[1].nsysctl = 1;
	f.plan.host[1].sysctl = &other;
	assert_int_equal(try_open(&f, &backend_loopback, 0, shell, false), -1);
	assert_int_equal(f.err.kind, ERR_CANNOT);
	assert_non_null(strstr(f.err.text, "host-1"));
	finish(&f);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	prctl(PR_SET_SECUREBITS, 1); /* also for uid 0 across exec: SECBIT_NOROOT */
	syscall(SYS_capset, &header, none);
}

static int without_namespaces(void)
{
	struct fixture f = { 0 };
	int fd;

	if (unshare(CLONE_NEWUSER) < 0)
		return 77;
	fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		return 77;
	close(fd);
	drop_capabilities();
	if (backend_netns.usable(&f.err) == 0 || f.err.kind != ERR_CANNOT ||
	    !strstr(f.err.text, "sudo sysctl user.max_user_namespaces="))
		return 1;
	if (backend_choose("auto", &f.err) != &backend_loopback)
		return 2;
	if (try_open(&f, &backend_loopback, 2, shell, false) < 0)
		return 3;
	/* A program is still there, right or none. */
	if (f.lab.is_private || (f.lab.offers & ~NEED_TCPDUMP) != 0 || !f.lab.note ||
	    !strstr(f.lab.note, "max_user_namespaces") || !strstr(f.lab.note, "no captures"))
		return 4;
	if (f.lab.backend->write(&f.lab, 1, "echo y\n", 7) != 7)
		return 5;
	struct pollfd answer = { .fd = f.lab.host[1].read_fd, .events = POLLIN };
	char byte;
	if (poll(&answer, 1, 5000) != 1 || f.lab.backend->read(&f.lab, 1, &byte, 1) != 1 ||
	    byte != 'y')
		return 6;
	if (f.lab.backend->close(&f.lab, 5000, &f.err) != 0)
		return 7;
	arena_close(&f.plan.arena);
	return 0;
}

static void without_user_namespaces_loopback_says_what_is_missing(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(without_namespaces());
	int status = status_of(pid);
	if (status == 77)
		SKIP("no user namespaces on this machine to begin with");
	assert_int_equal(status, 0);
	assert_int_equal(count_marked(), 0);
}

/* Part of /proc is covered, as in a container: the kernel then refuses a new one to user
 * namespaces. */
static int with_covered_proc(void)
{
	struct fixture f = { 0 };

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("/dev/null", "/proc/kallsyms", NULL, MS_BIND, NULL) < 0 ||
	    setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) < 0 ||
	    setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) < 0 ||
	    prctl(PR_SET_DUMPABLE, 1) < 0 || backend_netns.usable(&f.err) < 0)
		return 77;
	if (try_open(&f, &backend_netns, 2, shell, false) < 0) {
		print_message("# %s\n", f.err.text);
		return 1;
	}
	if (f.lab.has_pid_ns || f.lab.has_hosts_file != has_etc_hosts() || !f.lab.note)
		return 2;
	if ((f.lab.has_hosts_file &&
	     !streq(ask(&f.lab, 1, "sed -n '$p' /etc/hosts"), "# of the run")) ||
	    !streq(ask(&f.lab, 1, "cat /proc/sys/net/ipv4/tcp_syn_retries"), "2"))
		return 3;
	ask(&f.lab, 0,
	    "(setsid sh -c 'sleep 99 & sleep 99' >/dev/null 2>&1 </dev/null &) & wait; echo y");
	if (f.lab.backend->close(&f.lab, 5000, &f.err) != 0)
		return 4;
	arena_close(&f.plan.arena);
	return count_marked() == 0 ? 0 : 5;
}

static void without_a_new_proc_there_is_no_pid_namespace(void **state)
{
	(void)state;
	if (geteuid() != 0)
		SKIP("needs root to cover part of /proc");
	pid_t pid = fork();
	if (pid == 0)
		_exit(with_covered_proc());
	int status = status_of(pid);
	if (status == 77)
		SKIP("no user namespaces, or no /proc/kallsyms");
	assert_int_equal(status, 0);
	assert_int_equal(count_marked(), 0);
}

static void many_hosts_come_up_in_a_few_descriptors(void **state)
{
	struct fixture f;
	struct rlimit limit, low;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	low = (struct rlimit){ .rlim_cur = 128, .rlim_max = limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low);
	open_or_skip(&f, &backend_netns, 100, shell);
	assert_string_equal(ask(&f.lab, 99, "cat /proc/sys/kernel/hostname"), "host-99");
	assert_string_equal(ask(&f.lab, 99, "ulimit -n"), "128"); /* hosts keep what lab had */
	finish(&f);
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void an_unknown_backend_is_told_the_known_ones(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_null(backend_choose("docker", &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "auto, netns, loopback"));
	assert_ptr_equal(backend_find("loopback"), &backend_loopback);
	assert_null(backend_find("auto"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_what_the_plan_says),
		cmocka_unit_test(an_agent_has_rights_and_nothing_else_open),
		cmocka_unit_test(the_first_packet_is_never_lost),
		cmocka_unit_test(two_links_and_a_router_carry_packets),
		cmocka_unit_test(an_error_names_host_and_cause),
		cmocka_unit_test(hosts_of_loopback_share_one_private_stack),
		cmocka_unit_test(hosts_of_loopback_cannot_differ_in_a_sysctl),
		cmocka_unit_test(without_user_namespaces_loopback_says_what_is_missing),
		cmocka_unit_test(without_a_new_proc_there_is_no_pid_namespace),
		cmocka_unit_test(many_hosts_come_up_in_a_few_descriptors),
		cmocka_unit_test(an_unknown_backend_is_told_the_known_ones),
	};

	(void)argc;
	return HOST_TESTS("host", tests, argv);
}
