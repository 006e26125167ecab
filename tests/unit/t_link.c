/* Links with an MTU, a rate, losses: what the kernel holds at both ends of the cables, and what of
 * the packets arrives. t_link_user.c runs the same as an ordinary user. */
#include "host_fixture.h"
#include "netspace.h"

static int try_link(struct fixture *f, int mtu, int64_t rate_bps, int loss_permille)
{
	struct err why = { 0 };

	*f = (struct fixture){ 0 };
	if (backend_netns.usable(&why) < 0)
		SKIP(why.text);
	hostplan_init(&f->plan, 2, false);
	f->plan.link.mtu = mtu;
	f->plan.link.rate_bps = rate_bps;
	f->plan.link.loss_permille = loss_permille;
	return try_open(f, &backend_netns, 0, self, false);
}

static void open_link(struct fixture *f, int mtu, int64_t rate_bps, int loss_permille)
{
	if (try_link(f, mtu, rate_bps, loss_permille) < 0)
		fail_msg("%s", f->err.text);
}

static int enter(pid_t pid, const char *kind, int flag)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, kind);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 ? -1 : setns(fd, flag);
	if (fd >= 0)
		close(fd);
	return result;
}

/* Runs `look` where the bridges are, in a child; what it wrote is the answer. */
static void at_bridges(const struct fixture *f, void (*look)(char *answer), char answer[ANSWER])
{
	const pid_t keeper = keeper_of(f);
	int said[2];

	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char text[ANSWER] = "cannot enter";
		if ((!f->lab.is_private || geteuid() == 0 ||
		     enter(keeper, "user", CLONE_NEWUSER) == 0) &&
		    enter(keeper, "net", CLONE_NEWNET) == 0)
			look(text);
		ssize_t done = write(said[1], text, strlen(text));
		_exit(done == (ssize_t)strlen(text) ? 0 : 1);
	}
	close(said[1]);
	size_t len = 0;
	for (ssize_t got = 1; got > 0 && len<ANSWER - 1; len += got> 0 ? (size_t)got : 0)
		got = read(said[0], answer + len, ANSWER - 1 - len);
	answer[len] = 0;
	close(said[0]);
	assert_int_equal(status_of(pid), 0);
}

static void look_at_mtus(char *answer)
{
	snprintf(answer, ANSWER, "%d %d %d", mtu_of("b1000"), mtu_of("p1001"), mtu_of("p1002"));
}

static void look_at_qdiscs(char *answer)
{
	char first[64], second[64];

	qdisc_of("p1001", first);
	qdisc_of("p1002", second);
	snprintf(answer, ANSWER, "%s, %s", first, second);
}

static void look_at_rules(char *answer)
{
	static const char *const argv[] = { "nft", "list", "ruleset", NULL };
	struct proc_result done;
	struct err err;

	if (geteuid() != 0)
		netspace_ambient();
	if (proc_run(argv, NULL, 5000, &done, &err) < 0)
		snprintf(answer, ANSWER, "%.1000s", err.text);
	else
		snprintf(answer, ANSWER, "%.3000s", done.status ? done.err.data : done.out.data);
	proc_result_close(&done);
}

static void an_mtu_holds_at_both_ends_and_at_the_bridge(void **state)
{
	static const int mtus[] = { 576, 1400, 9000 };
	char want[64], answer[ANSWER];

	(void)state;
	for (size_t i = 0; i < COUNT(mtus); i++) {
		struct fixture f;
		open_link(&f, mtus[i], 0, 0);
		snprintf(want, sizeof want, "%d", mtus[i]);
		assert_string_equal(ask(&f.lab, 0, "mtu"), want);
		assert_string_equal(ask(&f.lab, 1, "mtu"), want);
		at_bridges(&f, look_at_mtus, answer);
		snprintf(want, sizeof want, "%d %d %d", mtus[i], mtus[i], mtus[i]);
		assert_string_equal(answer, want);
		finish(&f);
	}
}

static void a_rate_is_held_at_both_ends_of_each_cable(void **state)
{
	/* Limit: 50 ms of the rate, and the bucket: two frames, or 4 ms of the rate. */
	static const struct row {
		int64_t bps;
		const char *qdisc;
	} rows[] = {
		{ 1000000, "tbf 125000 9286" },
		{ 1000, "tbf 125 3042" },
		{ 32000000000, "tbf 4000000000 216000000" },
		{ 0, "noqueue" },
	};
	char want[64], answer[ANSWER];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture f;
		open_link(&f, 1500, rows[i].bps, 0);
		assert_string_equal(ask(&f.lab, 0, "qdisc"), rows[i].qdisc);
		assert_string_equal(ask(&f.lab, 1, "qdisc"), rows[i].qdisc);
		at_bridges(&f, look_at_qdiscs, answer);
		snprintf(want, sizeof want, "%s, %s", rows[i].qdisc, rows[i].qdisc);
		assert_string_equal(answer, want);
		finish(&f);
	}
}

/* Waits until that many of `sent` datagrams to host 0 are accounted for. */
static void count_datagrams(struct fixture *f, int sent, int *arrived, int *dropped)
{
	int64_t deadline = clock_after_ms(5000);
	char answer[ANSWER];

	*arrived = *dropped = 0;
	do {
		*arrived += (int)strtol(ask(&f->lab, 0, "arrived"), NULL, 10);
		at_bridges(f, look_at_rules, answer);
		const char *packets = strstr(answer, "counter packets ");
		*dropped =
		    packets ? (int)strtol(packets + strlen("counter packets "), NULL, 10) : 0;
	} while (*arrived + *dropped < sent && clock_left_ms(deadline) > 0);
}

static void no_frame_is_too_big_for_a_slow_link(void **state)
{
	static const int mtus[] = { 576, 9000 };
	int arrived, dropped;

	(void)state;
	for (size_t i = 0; i < COUNT(mtus); i++) {
		struct fixture f;
		char question[64];
		open_link(&f, mtus[i], 64000, 0);
		assert_string_equal(ask(&f.lab, 0, "arrived"), "0");
		snprintf(question, sizeof question, "send 10.7.0.1 1 %d", mtus[i] - 28);
		assert_string_equal(ask(&f.lab, 1, question), "1");
		count_datagrams(&f, 1, &arrived, &dropped);
		assert_int_equal(arrived, 1);
		finish(&f);
	}
}

static void a_loss_takes_its_share_and_no_more(void **state)
{
	static const struct row {
		int permille, min, max;
	} rows[] = { { 0, 0, 0 }, { 500, 55, 145 }, { 1000, 200, 200 } };
	char answer[ANSWER];
	int arrived, dropped;

	(void)state;
	need_program("nft");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture f;
		open_link(&f, 1500, 0, rows[i].permille);
		at_bridges(&f, look_at_rules, answer);
		if (rows[i].permille == 0)
			assert_string_equal(answer, "");
		else
			assert_non_null(strstr(answer, "{ \"p1001\", \"p1002\" }"));
		assert_string_equal(ask(&f.lab, 0, "arrived"), "0");
		assert_string_equal(ask(&f.lab, 1, "send 10.7.0.1 200 100"), "200");
		count_datagrams(&f, 200, &arrived, &dropped);
		assert_int_equal(arrived + dropped, 200); /* nothing else is dropped or counted */
		assert_in_range(dropped, rows[i].min, rows[i].max);
		finish(&f);
	}
}

static void a_rate_that_cannot_be_is_an_error(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(try_link(&f, 1500, 1, 0), -1);
	assert_non_null(strstr(f.err.text, "rate of 1 bits a second"));
	finish(&f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_mtu_holds_at_both_ends_and_at_the_bridge),
		cmocka_unit_test(a_rate_is_held_at_both_ends_of_each_cable),
		cmocka_unit_test(no_frame_is_too_big_for_a_slow_link),
		cmocka_unit_test(a_loss_takes_its_share_and_no_more),
		cmocka_unit_test(a_rate_that_cannot_be_is_an_error),
	};

	(void)argc;
	return HOST_TESTS("link", tests, argv);
}
