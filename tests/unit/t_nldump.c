/* Dumps of a table that changes: each row once, whatever comes and goes meanwhile. */
#include "unit.h"

#include <linux/rtnetlink.h>
#include <signal.h>

#include "clock.h"
#include "netlink.h"
#include "own_net.h"
#include "nldump.h"

enum {
	BRIDGES = 150, /* more than one datagram of an answer holds */
	FIRST = 1000,
	OTHER = 5000
};

static void add_bridge(struct nl_batch *batch, int index)
{
	struct err err = { 0 };
	char name[16];

	snprintf(name, sizeof name, "b%d", index);
	if (nl_add_bridge(batch, index, name, 0, &err) < 0)
		fail_msg("%s", err.text);
}

static void remove_link(const char *name)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_LOCAL, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	ioctl(fd, SIOCSIFFLAGS, &request); /* down */
	ioctl(fd, 0x89a1 /* SIOCBRDELBR, of linux/sockios.h */, name);
	close(fd);
}

/* A bridge that comes and goes until the parent's kill. */
static _Noreturn void come_and_go(void)
{
	struct nl nl;
	struct nl_batch batch = { .nl = &nl };
	struct err err = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (nl_open(&nl, 0, &err) < 0)
		_exit(1);
	for (;;) {
		if (nl_add_bridge(&batch, OTHER, "other", 0, &err) < 0 ||
		    nl_flush(&batch, &err) < 0)
			_exit(1);
		remove_link("other");
	}
}

struct seen {
	int count[BRIDGES];
};

static void see(void *context, unsigned type, const void *body, size_t len)
{
	struct seen *seen = context;
	struct ifinfomsg link;

	assert_int_equal(type, RTM_NEWLINK);
	assert_true(len >= sizeof link);
	memcpy(&link, body, sizeof link);
	if (link.ifi_index >= FIRST && link.ifi_index < FIRST + BRIDGES)
		seen->count[link.ifi_index - FIRST]++;
}

static void a_table_that_changes_is_read_until_it_did_not(void **state)
{
	struct nldump nl = NLDUMP_INIT(NETLINK_ROUTE);
	const struct ifinfomsg request = { .ifi_family = AF_UNSPEC };
	int64_t deadline_ns = clock_after_ms(3000);
	unsigned dumps = 0, refused = 0;
	struct nl links;
	struct nl_batch batch = { .nl = &links };
	struct err err = { 0 };

	(void)state;
	need_namespace();
	assert_int_equal(nl_open(&links, 0, &err), 0);
	for (int i = 0; i < BRIDGES; i++)
		add_bridge(&batch, FIRST + i);
	assert_int_equal(nl_flush(&batch, &err), 0);
	nl_close(&links);
	pid_t pid = fork();
	if (pid == 0)
		come_and_go();
	assert_true(pid > 0);
	while ((dumps < 20 || nl.readings == dumps) && clock_left_ms(deadline_ns) > 0) {
		struct seen seen = { { 0 } };
		dumps++;
		if (nldump_run(&nl, RTM_GETLINK, &request, sizeof request, see, &seen, &err) < 0) {
			assert_non_null(strstr(err.text, "changed each of the"));
			refused++;
			continue;
		}
		for (int i = 0; i < BRIDGES; i++)
			assert_int_equal(seen.count[i], 1);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	nldump_close(&nl);
	print_message("# %u dumps, %u readings, %u given up\n", dumps, nl.readings, refused);
	if (nl.readings == dumps)
		SKIP("no table changed while it was read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_that_changes_is_read_until_it_did_not),
	};

	return cmocka_run_group_tests_name("nldump", tests, own_net_setup, NULL);
}
