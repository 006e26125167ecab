/* The agent for aarch64, under qemu-user: whole steps, not only hello. */
#include "unit.h"

#include "agent_driver.h"
#include "own_net.h"
#include "proc.h"

/* The server is this machine's own agent: qemu-user knows no NETLINK_SOCK_DIAG, by which one that
 * serves says that it listens. */
static void it_connects_is_answered_and_is_refused(void **state)
{
	char qemu[PATH_MAX], native[PATH_MAX], path[PATH_MAX];
	struct driver server, client;
	int port;

	(void)state;
	need_namespace();
	need_program("qemu-aarch64");
	proc_find("qemu-aarch64", qemu, sizeof qemu);
	driver_agent(native);
	snprintf(path, sizeof path, "%.4000s/agents/lab-agent-aarch64", dirname(native));
	if (access(path, X_OK) < 0)
		SKIP("no agent for aarch64 was built (make agents)");
	driver_server(&server, &port);
	driver_start_like(&client, &(struct driver){ .under = qemu, .agent = path });
	assert_string_equal(event_get(&client.last, "machine"), "aarch64");
	assert_string_equal(driver_play(&client, 1, "setup - name=c address=127.0.0.4"), "ok");
	assert_string_equal(
	    driver_play_at(&client, 2, "tcp.connect alice to=127.0.0.3:PORT messages=3", port),
	    "ok");
	assert_true(driver_saw(&client, "Response to message: Message #3 from client alice"));
	assert_true(driver_saw(&client, "\"local\":\"127.0.0.4:"));
	assert_string_equal(driver_play(&server, 3, "tcp.stop stop step=serve"), "ok");
	assert_string_equal(driver_play_at(&client, 3, "tcp.connect carol to=127.0.0.3:PORT", port),
			    "ECONNREFUSED");
	assert_int_equal(driver_close(&client), 0);
	assert_int_equal(driver_close(&server), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_connects_is_answered_and_is_refused),
	};

	return cmocka_run_group_tests_name("agent_aarch64", tests, own_net_setup, NULL);
}
