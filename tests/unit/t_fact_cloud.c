/* What the cloud's rules make of a connection that timed out: one decides, both do, and rules that
 * look alike and are not it. */
#include "analysis_run.h"

#define GROUP(port, cidr)                                                                          \
	"{\"of\":\"sg-1\",\"number\":0,\"is_out\":false,\"does_allow\":true,\"protocol\":"         \
	"\"tcp\",\"from_port\":" port ",\"to_port\":" port ",\"cidr\":\"" cidr "\"}"
#define ENTRY(number, is_out, does_allow, protocol, from, to)                                      \
	"{\"of\":\"acl-1\",\"number\":" number ",\"is_out\":" is_out ",\"does_allow\":" does_allow \
	",\"protocol\":\"" protocol "\",\"from_port\":" from ",\"to_port\":" to                    \
	",\"cidr\":\"10.7.0.0/16\"}"
#define OPEN_IN ENTRY("100", "false", "true", "all", "-1", "-1")
#define OPEN_OUT ENTRY("100", "true", "true", "all", "-1", "-1")
#define NO_RETURN ENTRY("90", "true", "false", "tcp", "1024", "65535")

#define OPEN_GROUP GROUP("1234", "10.7.0.0/16")
#define OPEN_ACL OPEN_IN "," OPEN_OUT

struct told {
	const char *group, *acl; /* of the server */
	const char *later;       /* the group after it; NULL: the same */
	const char *subnet;      /* of the client; NULL: another than the server's */
	bool does_arrive;        /* and the server answers */
	bool is_late;            /* what it repeats arrives when all is over */
	bool is_silent;          /* nothing of the cloud is told */
};

static void cloud(FILE *out, const char *time, const char *host, const char *subnet,
		  const char *group, const char *acl)
{
	fprintf(out,
		"%s @%s cloud subnet=%s group=sg-1 acl=acl-1 json={\"group\":[%s],\"acl\":[%s]}\n",
		time, host, subnet, group, acl);
}

static void clouds(FILE *out, const char *time, const struct told *told, const char *group)
{
	if (told->is_silent)
		return;
	cloud(out, time, "server", "subnet-1", group, told->acl);
	cloud(out, time, "client-1", told->subnet ? told->subnet : "subnet-2", OPEN_GROUP,
	      OPEN_ACL);
}

static void write_trace(const char *path, const struct told *told)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs("host server 10.7.0.1\nhost client-1 10.7.0.2\nS = 10.7.0.1:1234\n"
	      "C = 10.7.0.2:40200\n",
	      out);
	clouds(out, "0.100000", told, told->group);
	fputs("3.000000 @client-1 connecting step=7 label=carol local=10.7.0.2:40200 "
	      "peer=10.7.0.1:1234\n",
	      out);
	fprintf(out, "3.000000 C>S [S] seq 2000%s\n", told->does_arrive ? "" : " at client-1");
	if (told->does_arrive)
		fputs("3.000100 S>C [S.] seq 7000 ack 2001 at server\n", out);
	fputs("6.060000 @client-1 connect step=7 label=carol local=10.7.0.2:40200 "
	      "peer=10.7.0.1:1234 result=ETIMEDOUT errno=110 text=late took_ns=3060000000 "
	      "target=server:1234\n",
	      out);
	clouds(out, "6.100000", told, told->later ? told->later : told->group);
	if (told->is_late)
		fputs("7.000000 S>C [S.] seq 7000 ack 2001\n", out);
	assert_int_equal(fclose(out), 0);
}

static void judged(const char *folder, const struct told *told, const char *code,
		   enum confidence confidence)
{
	char dir[FOLDER_PATH], path[FOLDER_PATH + 8];

	folder_inside(folder, dir);
	snprintf(path, sizeof path, "%s.trace", dir);
	write_trace(path, told);
	assert_int_equal(golden_make(path, dir), 0);
	check_verdict(dir, code, confidence);
}

static void a_group_without_a_rule_for_the_port_is_it(void **state)
{
	static const struct told elsewhere = { .group = GROUP("22", "10.7.0.0/16"),
					       .acl = OPEN_ACL };
	static const struct told others = { .group = GROUP("1234", "10.9.0.0/16"),
					    .acl = OPEN_ACL };
	static const struct told none = { .group = "", .acl = OPEN_ACL };

	judged(*state, &elsewhere, "timeout.security-group", PROVEN);
	judged(*state, &others, "timeout.security-group", PROVEN);
	judged(*state, &none, "timeout.security-group", PROVEN);
}

static void an_acl_that_lets_no_answer_out_is_it(void **state)
{
	static const struct told told = { .group = OPEN_GROUP,
					  .acl = NO_RETURN "," OPEN_IN "," OPEN_OUT,
					  .does_arrive = true };
	static const struct told healed = { .group = OPEN_GROUP,
					    .acl = NO_RETURN "," OPEN_IN "," OPEN_OUT,
					    .does_arrive = true,
					    .is_late = true };
	static const struct told nothing = { .group = OPEN_GROUP,
					     .acl = OPEN_IN,
					     .does_arrive = true };

	judged(*state, &told, "timeout.network-acl", PROVEN);
	judged(*state, &nothing, "timeout.network-acl", PROVEN);
	judged(*state, &healed, "timeout.network-acl", PROVEN);
}

static void both_at_once_are_neither(void **state)
{
	static const struct told told = { .group = GROUP("22", "10.7.0.0/16"),
					  .acl = NO_RETURN "," OPEN_IN "," OPEN_OUT };

	judged(*state, &told, "timeout.unexplained", UNDECIDED);
}

/* A rule that is missing for another port, an entry behind one that allows, another protocol's, an
 * ACL between hosts of one subnet. */
static void what_lets_it_pass_is_not_it(void **state)
{
	static const struct told cases[] = {
		{ .group = OPEN_GROUP, .acl = OPEN_ACL },
		{ .group = GROUP("22", "10.9.0.0/16") "," GROUP("1234", "0.0.0.0/0"),
		  .acl = OPEN_ACL },
		{ .group = OPEN_GROUP,
		  .acl = OPEN_IN "," OPEN_OUT "," ENTRY("200", "true", "false", "all", "-1", "-1"),
		  .does_arrive = true },
		{ .group = OPEN_GROUP,
		  .acl =
		      OPEN_IN "," OPEN_OUT "," ENTRY("90", "true", "false", "udp", "1024", "65535"),
		  .does_arrive = true },
		{ .group = OPEN_GROUP,
		  .acl = OPEN_IN "," OPEN_OUT "," ENTRY("90", "true", "false", "tcp", "22", "23"),
		  .does_arrive = true },
		{ .group = OPEN_GROUP,
		  .acl = NO_RETURN "," OPEN_IN "," OPEN_OUT,
		  .subnet = "subnet-1",
		  .does_arrive = true },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		judged(*state, &cases[i], "timeout.unexplained", UNDECIDED);
}

static void what_is_not_known_for_sure_decides_nothing(void **state)
{
	static const struct told cases[] = {
		{ .group = GROUP("22", "10.7.0.0/16"), .acl = OPEN_ACL, .is_silent = true },
		{ .group = GROUP("22", "10.7.0.0/16"), .acl = OPEN_ACL, .later = OPEN_GROUP },
		{ .group = GROUP("1234", ""), .acl = OPEN_ACL },      /* another group's */
		{ .group = GROUP("1234", "10.7.0.0/x"), .acl = "!" }, /* no JSON */
		{ .group = GROUP("22", "10.7.0.0/16"), .acl = OPEN_ACL, .does_arrive = true },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		judged(*state, &cases[i], "timeout.unexplained", UNDECIDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_without_a_rule_for_the_port_is_it),
		cmocka_unit_test(an_acl_that_lets_no_answer_out_is_it),
		cmocka_unit_test(both_at_once_are_neither),
		cmocka_unit_test(what_lets_it_pass_is_not_it),
		cmocka_unit_test(what_is_not_known_for_sure_decides_nothing),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
