/* The opening of a capture: filters, interfaces, and who has the right. */
#include "unit.h"

#include <pcap/pcap.h>

#include "capture_net.h"

/* libpcap compiles, as the controller does. */
static void filter_hex(const char *text, struct buf *hex)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);
	struct bpf_program program;

	assert_int_equal(pcap_compile(dead, &program, text, 1, PCAP_NETMASK_UNKNOWN), 0);
	for (size_t i = 0; i < program.bf_len * sizeof program.bf_insns[0]; i++)
		buf_printf(hex, "%02x", ((const uint8_t *)program.bf_insns)[i]);
	pcap_freecode(&program);
	pcap_close(dead);
}

static void the_filter_of_libpcap_lets_only_its_packets_pass(void **state)
{
	struct capture capture;
	struct buf hex = { 0 };

	need_namespace();
	int to = sink_open(9007), fd = udp_open(9007);
	int other_to = sink_open(9008), other = udp_open(9008);
	filter_hex("udp and dst port 9007", &hex);
	open_or_fail(&capture, 0, *(uint32_t *)*state, hex.data);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(send(fd, "a", 1, 0), 1);
		assert_int_equal(send(other, "b", 1, 0), 1);
	}
	stop_or_fail(&capture);
	assert_int_equal(capture.packets, 10);
	assert_int_equal(capture.dropped, 0);
	buf_close(&hex);
	capture_close(&capture);
	close(fd);
	close(to);
	close(other);
	close(other_to);
}

static void broken_filters_are_refused(void **state)
{
	static const char *const filters[] = {
		"0600",
		"060000000000000z",
		"06000000000000000",
		"ffff000000000000",
	};
	struct buf huge = { 0 };
	struct capture capture;
	struct err err = { 0 };
	struct capture_spec spec = { .iface = "lo" };

	(void)state;
	need_namespace();
	for (size_t i = 0; i < COUNT(filters); i++) {
		spec.filter = filters[i];
		assert_int_equal(capture_open(&capture, &spec, &err), -1);
		assert_non_null(strstr(err.text, "filter"));
		assert_int_equal(capture.fd, -1);
	}
	for (int i = 0; i <= CAPTURE_FILTER_MAX; i++)
		buf_str(&huge, "0600000000000000");
	spec.filter = huge.data;
	assert_int_equal(capture_open(&capture, &spec, &err), -1);
	buf_close(&huge);
}

static void an_unknown_interface_is_named(void **state)
{
	struct capture capture;
	struct err err = { 0 };
	const struct capture_spec spec = { .iface = "nowhere0" };

	(void)state;
	need_namespace();
	assert_int_equal(capture_open(&capture, &spec, &err), -1);
	assert_int_equal(err.sys, ENODEV);
	assert_non_null(strstr(err.text, "nowhere0"));
}

/* Runs `body` in a child that `enter` made less powerful; 77: that cannot be done here. */
static int as_other(int (*enter)(void), int (*body)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(enter() < 0 ? 77 : body());
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int enter_ordinary(void)
{
	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return -1;
	prctl(PR_SET_DUMPABLE, 1); /* /proc/self is ours again after setuid */
	return netspace_user() < 0 ? -1 : netspace_up("lo");
}

static int capture_ten(void)
{
	struct capture capture;
	struct sink sink = kept_sink(&kept);
	struct err err = { 0 };
	const struct capture_spec spec = { .iface = "lo" };

	if (capture_open(&capture, &spec, &err) < 0)
		return 2;
	int to = sink_open(9010), fd = udp_open(9010);
	(void)to;
	for (int i = 0; i < 10; i++)
		if (send(fd, "u", 1, 0) != 1)
			return 3;
	if (capture_finish(&capture, &sink, &err) < 0)
		return 4;
	return capture.packets == 10 && capture.dropped == 0 ? 0 : 5;
}

static int capture_refused(void)
{
	struct capture capture;
	struct err err = { 0 };
	const struct capture_spec spec = { .iface = "lo" };

	if (capture_open(&capture, &spec, &err) == 0)
		return 2;
	return err.sys == EPERM && capture.fd == -1 ? 0 : 3;
}

static void an_ordinary_user_captures_in_a_user_namespace(void **state)
{
	int status = as_other(enter_ordinary, capture_ten);

	(void)state;
	if (status == 77)
		SKIP("no user namespaces here");
	assert_int_equal(status, 0);
}

static void without_the_right_it_is_eperm(void **state)
{
	(void)state;
	assert_int_equal(as_other(netspace_no_rights, capture_refused), 0);
}

static void close_is_safe_twice(void **state)
{
	struct capture capture;

	(void)state;
	need_namespace();
	open_or_fail(&capture, 0, 0, NULL);
	capture_close(&capture);
	capture_close(&capture);
	assert_int_equal(capture.fd, -1);
}

int main(void)
{
	static uint32_t queue, ring = CAPTURE_QUEUE_MAX + 1;
	static const struct CMUnitTest tests[] = {
		BOTH(the_filter_of_libpcap_lets_only_its_packets_pass),
		cmocka_unit_test(broken_filters_are_refused),
		cmocka_unit_test(an_unknown_interface_is_named),
		cmocka_unit_test(an_ordinary_user_captures_in_a_user_namespace),
		cmocka_unit_test(without_the_right_it_is_eperm),
		cmocka_unit_test(close_is_safe_twice),
	};

	return cmocka_run_group_tests(tests, own_net_setup, NULL);
}
