/* The reader of scenarios: what a good file becomes, and what a bad one is told. */
#include "scenario_text.h"

#include "util.h"

static void the_demo_is_read_whole(void **state)
{
	struct arena arena = { 0 };
	struct complaints complaints = { .arena = &arena };
	struct scenario s;
	struct err err;

	(void)state;
	if (access("scenarios/refused.ini", R_OK) < 0)
		SKIP("not in the repository");
	assert_int_equal(
	    scenario_load(&s, "scenarios/refused.ini", NULL, &arena, &complaints, &err), 0);
	assert_string_equal(s.name, "refused");
	assert_int_equal(s.nhost, 3);
	assert_int_equal(s.nstep, 9);
	assert_int_equal(s.nlink, 1);
	assert_string_equal(s.link[0].name, "lan");
	const struct scenario_step *before = &s.step[3];
	assert_string_equal(before->name, "before");
	assert_int_equal(before->number, 4);
	assert_int_equal(before->phase, PHASE_CONTROL);
	assert_int_equal(before->expect.nstate, 2);
	assert_string_equal(before->expect.state[1].state, "ESTAB");
	assert_int_equal(before->expect.state[1].min, 2);
	assert_int_equal(before->expect.npeer, 2);
	assert_string_equal(before->expect.owner, "serve");
	const struct scenario_step *carol = &s.step[6];
	assert_string_equal(carol->words,
			    "client-1 tcp.connect server:1234 -> ECONNREFUSED within 50ms");
	assert_string_equal(carol->expect.word[0], "ECONNREFUSED");
	assert_int_equal(carol->expect.within_min_ns, 0);
	assert_int_equal(carol->expect.within_max_ns, 50000000);
	assert_int_equal(s.step[4].subject, 0); /* tcp.stop serve */
	assert_int_equal(s.expect.on, 6);
	assert_string_equal(s.expect.wire, "C>S [S], S>C [R.]");
	arena_close(&arena);
}

static void every_shipped_scenario_reads_back_from_its_flat_form(void **state)
{
	const struct scenario_entry *entry;
	struct arena arena = { 0 };
	struct err err;
	size_t count;

	(void)state;
	assert_int_equal(scenario_list(&entry, &count, &arena, &err), 0);
	for (size_t i = 0; i < count; i++) {
		struct complaints complaints = { .arena = &arena };
		struct scenario_options options = { .backend = "netns" };
		struct scenario s;
		struct loaded flat;
		if (!starts_with(entry[i].path, "./"))
			continue;
		assert_int_equal(
		    scenario_load(&s, entry[i].path, &options, &arena, &complaints, &err), 0);
		write_text("flat.ini", s.source, strlen(s.source));
		load_file(&flat, "flat.ini", &options);
		assert_int_equal(flat.status, 0);
		assert_int_equal(flat.scenario.nstep, s.nstep);
		for (size_t k = 0; k < s.nstep; k++)
			assert_string_equal(flat.scenario.step[k].words, s.step[k].words);
		assert_string_equal(strchr(flat.scenario.source, '\n'), strchr(s.source, '\n'));
		unload(&flat);
	}
	arena_close(&arena);
}

static void a_wrong_value_is_told_in_its_column(void **state)
{
	(void)state;
	refused(10, "serve = server tcp.serve 70000", 26, "70000 is not a port");
	refused(10, "serve = server tcp.serve 1234 backlog=x", 39, "x is not a number");
	refused(10, "serve = server tcp.serve 1234 address=10.7", 39, "10.7 is no IP address");
	refused(10, "serve = server tcp.serve 1234 delay=5", 37, "not a time");
	refused(10, "serve = server tcp.serve 1234 reuseaddr=maybe", 41, "none of yes no");
	refused(14, "carol = client tcp.connect server:0 -> ECONNREFUSED", 28, "0 is not a port");
	refused(14, "carol = client tcp.connect server -> ECONNREFUSED", 28, "no NAME:PORT");
	refused(14, "carol = client tcp.connect ::1:1 -> ECONNREFUSED", 28, "[::1]:1");
}

static void an_unknown_name_is_told_with_the_nearest(void **state)
{
	(void)state;
	refused(14, "carol = cleint tcp.connect server:1 -> ECONNREFUSED", 9,
		"did you mean client?");
	refused(14, "carol = client tcp.conect server:1 -> ECONNREFUSED", 16,
		"did you mean tcp.connect?");
	refused(14, "carol = client tcp.connect sever:1 -> ECONNREFUSED", 28,
		"did you mean server?");
	refused(14, "carol = client tcp.connect server:${prot} -> ok", 35, "did you mean port?");
	refused(14, "carol = client tcp.connect server:1 -> ECONREFUSED", 40,
		"did you mean ECONNREFUSED?");
	refused(14, "carol = client tcp.connect server:1 timout=3s -> ok", 37,
		"did you mean timeout?");
	refused(13, "stop = server tcp.stop serv", 24, "did you mean serve?");
	refused(16, "verdict = refused.nolistener on carol", 11,
		"did you mean refused.no-listener?");
	refused(16, "verdict = refused.no-listener on carl", 34, "did you mean carol?");
	refused(3, "title = a\ntitel = b", 1, "did you mean title?");
	refused(0, "[hsots]", 1, "did you mean hosts?");
}

static void who_and_what_must_fit(void **state)
{
	(void)state;
	refused(13, "stop = client tcp.stop serve", 24, "serve runs on server, not on client");
	refused(13, "stop = server cloud security-group open", 8,
		"cloud security-group open: it can be closed");
	refused(13, "stop = server cloud record ::1", 8, "it can be an IPv4 address");
	refused(13, "stop = server cloud network-acl no-return from=server", 8,
		"from=server is no other host");
	refused(13, "stop = server cloud network-acl no-return from=bob", 8,
		"from=bob is no other host");
	refused(13, "stop = serve tcp.stop serve", 8, "the subject is a host, serve is a step");
	refused(13, "say = client tcp.send hello", 7, "the subject is an earlier step");
	refused(13, "say = serve tcp.connect server:1", 7, "the subject is a host");
	refused(13, "tcp = tcp.stop serve", 7, "needs a subject in front");
	refused(13, "mend = heal serve", 13, "breaks nothing");
	refused(13, "mend = server heal serve", 8, "takes no subject");
	refused(13, "stop = server", 8, "A verb is missing");
	refused(13, "stop = server tcp.stop serve now", 30, "one word too many");
	refused(13, "alice = server tcp.stop serve", 1, "a step alice is in line 11 already");
	refused(13, "client = server tcp.stop serve", 1, "client is a host");
	refused(8, "client =\nwait =", 1, "no host can be named wait");
	refused(16, "verdict = refused.no-listener on stop", 34, "opens no connection");
	refused(16, "verdict = refused.no-listener", 11, "CODE on STEP");
}

static void only_a_kept_connection_can_be_used_again(void **state)
{
	(void)state;
	accepted(13, "say = alice tcp.send \"one\\ntwo\"");
	refused(11, "alice = client tcp.connect server:1234 -> ok\nsay = alice tcp.send x", 7,
		"keep=yes");
}

static void a_result_must_be_one_that_the_verb_has(void **state)
{
	(void)state;
	accepted(14, "carol = client tcp.connect server:1 -> ECONNREFUSED|ETIMEDOUT within 1s..3s");
	accepted(13, "a = server sockets 1 -> ESTABLISHED 1..2, LISTEN 0 peers=client owner=serve");
	accepted(13, "a = server counter TcpOutRsts -> +1");
	refused(13, "a = server sockets 1 -> LISTENING 1", 25, "no socket state");
	refused(13, "a = server sockets 1 -> LISTEN", 31, "how many?");
	refused(13, "a = server sockets 1 -> LISTEN 1, LISTEN 2", 35, "given twice");
	refused(13, "a = server sockets 1 -> peers=client", 37, "of which sockets?");
	refused(13, "a = server sockets 1 -> ESTAB 1 peers=carol", 33, "carol is no host");
	refused(13, "a = server sockets 1 ->", 24, "a result is missing");
	refused(13, "a = server counter TcpOutRsts -> many", 34, "no number");
	refused(14, "carol = client tcp.connect server:1 -> ECONNREFUSED within 3", 60, "no time");
	refused(14, "carol = client tcp.connect server:1 -> LISTEN", 40,
		"is no result of tcp.connect");
	refused(14, "carol = client tcp.connect server:1 -> ok ok", 43, "A|B");
	refused(14, "carol = client tcp.connect server:1 -> ok times=20", 43, "in front of ->");
}

#define MANY "many = client tcp.connect server:1 times=20 "

static void counts_are_of_a_step_that_connects_several_times(void **state)
{
	struct loaded loaded;

	(void)state;
	load_good(&loaded, 13, MANY "-> ok 7..13, ETIMEDOUT 7..13 within 9s");
	const struct expectation *e = &loaded.scenario.step[2].expect;
	assert_int_equal(e->times, 20);
	assert_int_equal(e->nword, 0);
	assert_int_equal(e->ncount, 2);
	assert_string_equal(e->count[0].word, "ok");
	assert_int_equal(e->count[0].min, 7);
	assert_int_equal(e->count[0].max, 13);
	assert_string_equal(e->count[1].word, "ETIMEDOUT");
	assert_int_equal(e->within_max_ns, 9000000000);
	assert_int_equal(loaded.scenario.step[1].expect.times, 1); /* alice: once */
	assert_int_equal(loaded.scenario.step[0].expect.times, 0); /* tcp.serve: no such thing */
	unload(&loaded);
	load_good(&loaded, 13, MANY "&\ngone = wait many -> ECONNREFUSED 20");
	e = &loaded.scenario.step[3].expect;
	assert_int_equal(e->times, 20);
	assert_string_equal(e->count[0].word, "ECONNREFUSED");
	assert_int_equal(e->count[0].min, 20);
	unload(&loaded);
	accepted(13, MANY "-> ok");
	accepted(13, MANY "-> ok|ECONNREFUSED");
	accepted(13, MANY "-> ok 0 to server");
}

static void a_count_that_cannot_be_is_refused(void **state)
{
	struct loaded loaded;

	(void)state;
	refused(13, "many = client tcp.connect server:1 -> ok 7..13", 39, "needs times=N");
	refused(13, "many = client tcp.connect server:1 times=1 -> ok 1", 47, "needs times=N");
	refused(13, "many = client tcp.connect server:1 times=0", 42, "from 1 to 1000");
	refused(13, "many = client tcp.connect server:1 times=1001", 42, "from 1 to 1000");
	refused(13, "many = client tcp.connect server:1 times=2 keep=yes", 44,
		"keep=yes holds one");
	refused(13, MANY "-> ok 7..13, ok 1", 58, "given twice");
	refused(13, MANY "-> ok 13..7", 51, "how many?");
	refused(13, MANY "-> ok 21", 51, "at most 20");
	refused(13, MANY "-> ok 7 EOF 2", 53, "a comma");
	refused(13, MANY "-> ok 7,", 53, "behind the comma");
	refused(13, MANY "-> ok 7, EOF", 57, "how many?");
	refused(13, MANY "-> ok, EOF 3", 48, "how many?");
	refused(13, MANY "-> ok EOF 3", 51, "either one result");
	refused(13, MANY "-> okay 3", 48, "is no result of tcp.connect");
	refused(13, MANY "-> ok 11, EOF 10", 61, "come to 21 at least");
	load_with(&loaded, 14, "carol = client tcp.connect server:1 times=2 -> ECONNREFUSED");
	assert_int_equal(loaded.complaints.count, 1);
	assert_true(complains(&loaded, 16, 34, "connects once"));
	unload(&loaded);
}

static void quotes_follow_their_rules(void **state)
{
	struct loaded loaded;

	(void)state;
	load_good(&loaded, 13, "say = alice tcp.send \"a \\x3b\\t\\\\${port}\"");
	assert_string_equal(step_arg(&loaded.scenario.step[2], "text"), "a ;\t\\1234");
	unload(&loaded);
	refused(13, "say = alice tcp.send \"open", 22, "not closed");
	refused(13, "say = alice tcp.send \"a\"b", 25, "behind a closing quote");
	refused(13, "say = alice tcp.send a\"b", 23, "a quote inside a word");
	refused(13, "say = alice tcp.send \"\\q\"", 23, "unknown escape");
	refused(13, "say = alice tcp.send \"\\x00\"", 23, "\\x00");
	refused(13, "cut = server firewall input drop \"tcp\\ndport\"", 34, "control bytes");
}

static void a_background_step_is_waited_for_once(void **state)
{
	(void)state;
	accepted(14, "carol = client tcp.connect server:1 &\nover = wait carol -> ECONNREFUSED");
	refused(13, "bg = client tcp.connect server:1 &", 6, "never waited for");
	refused(13, "bg = client tcp.connect server:1 -> ok &\no = wait bg", 34,
		"no result of its own");
	refused(13, "bg = client tcp.connect & server:1", 25, "& stands at the end");
	refused(13, "over = wait alice", 13, "not in the background");
	refused(13, "see = server sockets 1 &\nover = wait see", 7,
		"cannot go on in the background");
}

static void a_run_that_asserts_nothing_is_an_error(void **state)
{
	struct loaded loaded;

	(void)state;
	struct loaded quiet;
	load_with(&quiet, 14, "carol = client tcp.connect server:${port}");
	assert_int_equal(quiet.status, -1);
	assert_true(complains(&quiet, 13, 1, "[fault] asserts nothing"));
	unload(&quiet);
	load_with(&loaded, 16, "");
	assert_int_equal(loaded.status, -1);
	assert_true(complains(&loaded, 1, 1, "verdict is missing"));
	unload(&loaded);
	refused(0, "not = refused.no-listener", 7, "is the verdict itself");
	refused(0, "wire = C>S S", 8, "wire:");
	refused(0, "wire = C>S [S]\n[captures]\nserver =", 1, "nothing is captured on client");
	refused(0, "wire@server = nothing\n[captures]\nclient =", 1,
		"nothing is captured on server");
}

static void all_complaints_come_in_one_pass(void **state)
{
	static const char text[] =
	    "[lab]\nformat = 2\ntitle = x ; y\n[hosts]\nserver =\nClient =\n"
	    "[fault]\na = srver tcp.serve 0\nb = server tcp.serve 70000 -> ko\n"
	    "[expect]\nverdict = nonsense on c\n";
	struct loaded loaded;

	(void)state;
	load_bytes(&loaded, text, sizeof text - 1);
	assert_true(complains(&loaded, 2, 10, "2 is not known, only 1 is"));
	assert_true(complains(&loaded, 3, 11, "a comment stands"));
	assert_true(complains(&loaded, 6, 1, "write client"));
	assert_true(complains(&loaded, 8, 5, "srver is no host"));
	assert_true(complains(&loaded, 8, 21, "0 is not a port"));
	assert_true(complains(&loaded, 9, 22, "70000 is not a port"));
	assert_true(complains(&loaded, 9, 31, "ko is no result"));
	assert_true(complains(&loaded, 11, 11, "nonsense is no verdict"));
	assert_true(complains(&loaded, 11, 23, "c is no earlier step"));
	for (size_t i = 1; i < loaded.complaints.count; i++)
		assert_true(loaded.complaints.at[i - 1].line <= loaded.complaints.at[i].line);
	unload(&loaded);
}

static void the_name_of_a_file_must_fit_a_directory_and_a_shell(void **state)
{
	static const char *const bad[] = { "$(id).ini", "a b.ini",     ".ini",        "..ini.ini",
					   "-x.ini",    "\x1b[1m.ini", "\xc3\xa4.ini" };
	struct loaded loaded;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		write_text(bad[i], good_text, sizeof good_text - 1);
		load_file(&loaded, bad[i], NULL);
		assert_int_equal(loaded.complaints.count, 1);
		assert_true(complains(&loaded, 1, 1, "the file's name is the scenario's"));
		unload(&loaded);
	}
	write_text("My_own.v2.ini", good_text, sizeof good_text - 1);
	load_file(&loaded, "My_own.v2.ini", NULL);
	assert_int_equal(loaded.status, 0);
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_demo_is_read_whole),
		cmocka_unit_test(every_shipped_scenario_reads_back_from_its_flat_form),
		cmocka_unit_test(a_wrong_value_is_told_in_its_column),
		cmocka_unit_test(an_unknown_name_is_told_with_the_nearest),
		cmocka_unit_test(who_and_what_must_fit),
		cmocka_unit_test(only_a_kept_connection_can_be_used_again),
		cmocka_unit_test(a_result_must_be_one_that_the_verb_has),
		cmocka_unit_test(counts_are_of_a_step_that_connects_several_times),
		cmocka_unit_test(a_count_that_cannot_be_is_refused),
		cmocka_unit_test(quotes_follow_their_rules),
		cmocka_unit_test(a_background_step_is_waited_for_once),
		cmocka_unit_test(a_run_that_asserts_nothing_is_an_error),
		cmocka_unit_test(all_complaints_come_in_one_pass),
		cmocka_unit_test(the_name_of_a_file_must_fit_a_directory_and_a_shell),
	};

	return cmocka_run_group_tests_name("scenario", tests, NULL, NULL);
}
