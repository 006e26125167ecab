/* analysis: on a machine that others use, a verdict is proven where the rules that the SYN met say
 * it, and nowhere else. Each case is a golden run on such a machine, with some of its text
 * replaced.
 */
#include "unit.h"

#include "analysis_run.h"

#define HEAD "\"family\":\"inet\",\"table\":\"lab\",\"chain\":\"input\",\"handle\":"
#define RULE(handle, rest) "{\"rule\":{" HEAD handle ",\"expr\":[" rest "]}}"
#define FIRST "{\"rule\":{" HEAD "2,"
#define MATCH(left, right) "{\"match\":{\"op\":\"==\",\"left\":" left ",\"right\":" right "}}"
#define PORT(number) MATCH("{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}}", number)
#define STATE MATCH("{\"ct\":{\"key\":\"state\"}}", "[\"established\",\"related\"]")
#define INVALID MATCH("{\"ct\":{\"key\":\"state\"}}", "\"invalid\"")
#define LO MATCH("{\"meta\":{\"key\":\"iif\"}}", "\"lo\"")
#define COUNTER(n) "{\"counter\":{\"packets\":" n ",\"bytes\":60}}"
#define RESET "{\"reject\":{\"type\":\"tcp reset\"}}"
#define ACCEPT "{\"accept\":null}"
#define DROP "{\"drop\":null}"
#define CHAIN(name, hook, policy)                                                                  \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"lab\",\"name\":\"" name "\",\"handle\":1,"    \
	"\"type\":\"filter\",\"hook\":\"" hook "\",\"prio\":0,\"policy\":\"" policy "\"}}"
#define PLAIN "{\"chain\":{\"family\":\"inet\",\"table\":\"lab\",\"name\":\"other\",\"handle\":8}}"
#define OTHER(rest)                                                                                \
	"{\"rule\":{\"family\":\"inet\",\"table\":\"lab\",\"chain\":\"other\",\"handle\":9,"       \
	"\"expr\":[" rest "]}}"
#define LIST(rest) "{\"nftables\":[" CHAIN("input", "input", "accept") "," rest "]}"
/* The same rules at each look. */
#define RULES(rest) "| -", "| " LIST(rest)
#define COUNTS "TcpOutRsts 1; IpInReceives 11"
#define BUSY "TcpOutRsts 9; IpInReceives 500"
#define RESETS "IpInReceives 5; IpInDelivers 4 |"
#define GENERATION "\"snapshot\":4,\"generation\":7"

struct change {
	const char *from, *to;
};

struct shared {
	const char *what, *trace;
	struct change trace_text[2]; /* of the golden trace; empty: none */
	struct change event_text;    /* of events.ndjson; empty: none */
	const char *code;
	enum confidence confidence;
};

static const struct shared cases[] = {
	{ "no rules", "refused", { { 0 } }, { 0 }, "refused.no-listener", PROVEN },
	{ "bound elsewhere",
	  "refused-bound-localhost",
	  { { 0 } },
	  { 0 },
	  "refused.bound-elsewhere",
	  PROVEN },
	{ "others' RSTs move the counter, too",
	  "refused",
	  { { COUNTS, BUSY } },
	  { 0 },
	  "refused.no-listener",
	  PROVEN },
	{ "a filtered capture",
	  "refused",
	  { { 0 } },
	  { "\"filter\":\"\"", "\"filter\":\"port 1234\"" },
	  "refused.no-listener",
	  PROVEN },
	{ "the counter stands still",
	  "refused",
	  { { "TcpOutRsts 1; ", "" } },
	  { 0 },
	  "refused.unexplained",
	  UNDECIDED },
	/* what the rules might have done */
	{ "a reset of another port",
	  "refused",
	  { { RULES(RULE("2", PORT("80") "," RESET)) } },
	  { 0 },
	  "refused.no-listener",
	  PROVEN },
	{ "a reset of another port behind a jump",
	  "refused",
	  { { RULES(RULE("2", "{\"jump\":{\"target\":\"other\"}}") "," PLAIN "," OTHER(
	      PORT("80") "," RESET)) } },
	  { 0 },
	  "refused.no-listener",
	  PROVEN },
	{ "a reset of this port without a counter",
	  "refused",
	  { { RULES(RULE("2", PORT("1234") "," RESET)) } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "... and the counter moved by others",
	  "refused",
	  { { RULES(RULE("2", PORT("1234") "," RESET)) }, { COUNTS, BUSY } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a reset whose counter stands still: somebody may have set it back",
	  "refused",
	  { { RULES(RULE("2", PORT("1234") "," COUNTER("5") "," RESET)) } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a reset that may match, and its counter stands still",
	  "refused",
	  { { RULES(RULE("2", INVALID "," COUNTER("0") "," RESET)) } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a reset behind a jump",
	  "refused",
	  { { RULES(RULE("2", "{\"jump\":{\"target\":\"other\"}}") "," PLAIN "," OTHER(
	      PORT("1234") "," RESET)) } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a drop that may match",
	  "refused",
	  { { RULES(RULE("2", INVALID "," DROP)) } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a drop that may match, and its counter stands still",
	  "refused",
	  { { RULES(RULE("2", INVALID "," COUNTER("3") "," DROP)) } },
	  { 0 },
	  "refused.no-listener",
	  PROVEN },
	{ "a redirection",
	  "refused",
	  { { RULES(RULE("2", PORT("1234") ",{\"redirect\":{\"port\":1300}}")) } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a redirection of another port",
	  "refused",
	  { { RULES(RULE("2", PORT("80") ",{\"redirect\":{\"port\":1300}}")) } },
	  { 0 },
	  "refused.no-listener",
	  PROVEN },
	{ "a queue",
	  "refused",
	  { { RULES(RULE("2", "{\"queue\":null}")) } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a mark, which may lead elsewhere, before a match that fails",
	  "refused",
	  { { RULES(RULE("2", "{\"mangle\":{\"key\":1,\"value\":2}}," PORT("80"))) } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "an iptables target",
	  "refused",
	  { { RULES(RULE("2", PORT("1234") ",{\"xt\":null}")) } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a workstation's rules: accepts, then the policy drops",
	  "refused",
	  { { "| -",
	      "| {\"nftables\":[" CHAIN("input", "input", "drop") "," RULE(
		  "2", STATE
		  "," ACCEPT) "," RULE("3", LO
				       "," ACCEPT) "," RULE("4", PORT("1234") "," ACCEPT) "]}" } },
	  { 0 },
	  "refused.no-listener",
	  PROVEN },
	{ "a policy that drops behind what may accept",
	  "refused",
	  { { "| -", "| {\"nftables\":[" CHAIN("input", "input",
					       "drop") "," RULE("2", STATE "," ACCEPT) "]}" } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a chain of a device that resets",
	  "refused",
	  { { "| -", "| {\"nftables\":[" CHAIN("input", "ingress", "accept") "," RULE(
			 "2", PORT("1234") "," COUNTER("1") "," RESET) "]}" } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "a reset on the way out",
	  "refused",
	  { { "| -", "| {\"nftables\":[" CHAIN("input", "output", "accept") "," RULE(
			 "2", PORT("1234") "," RESET) "]}" } },
	  { 0 },
	  "refused.no-listener",
	  PROVEN },
	/* what was not seen of them */
	{ "rules that cannot be read",
	  "refused",
	  { { "| -", "| ?" } },
	  { 0 },
	  "refused.no-listener",
	  LIKELY },
	{ "rules that changed meanwhile",
	  "refused",
	  { { 0 } },
	  { GENERATION, "\"snapshot\":4,\"generation\":9" },
	  "refused.no-listener",
	  LIKELY },
	{ "a generation that is not told",
	  "refused",
	  { { 0 } },
	  { ",\"generation\":7", "" },
	  "refused.no-listener",
	  LIKELY },
	{ "tc on a device",
	  "refused",
	  { { 0 } },
	  { GENERATION, GENERATION ",\"found\":\"tc at eth0\"" },
	  "refused.no-listener",
	  LIKELY },
	{ "eBPF that cannot be listed",
	  "refused",
	  { { 0 } },
	  { GENERATION, GENERATION ",\"error\":\"not permitted\"" },
	  "refused.no-listener",
	  LIKELY },
	{ "hooks that were not read",
	  "refused",
	  { { 0 } },
	  { "\"kind\":\"hooks\"", "\"kind\":\"x\"" },
	  "refused.no-listener",
	  LIKELY },
	{ "rules that were not read",
	  "refused",
	  { { 0 } },
	  { "\"kind\":\"ruleset\"", "\"kind\":\"x\"" },
	  "refused.no-listener",
	  LIKELY },
	{ "counters that were not read",
	  "refused",
	  { { 0 } },
	  { "\"kind\":\"counters\"", "\"kind\":\"x\"" },
	  "refused.no-listener",
	  LIKELY },
	/* a rule that took it */
	{ "its rule",
	  "refused-firewall-reset",
	  { { 0 } },
	  { 0 },
	  "refused.firewall-reset",
	  PROVEN },
	{ "its rule, while others' RSTs move the counter",
	  "refused-firewall-reset",
	  { { RESETS, "TcpOutRsts 9; IpInReceives 500; IpInDelivers 499 |" } },
	  { 0 },
	  "refused.firewall-reset",
	  PROVEN },
	{ "its rule, which counted others' packets, too",
	  "refused-firewall-reset",
	  { { "\"packets\":1,", "\"packets\":3," } },
	  { 0 },
	  "refused.firewall-reset",
	  PROVEN },
	{ "a rule before it that may accept, and no RST by TCP",
	  "refused-firewall-reset",
	  { { FIRST, RULE("9", STATE "," ACCEPT) "," FIRST } },
	  { 0 },
	  "refused.firewall-reset",
	  PROVEN },
	{ "a rule before it that may accept, and RSTs by TCP",
	  "refused-firewall-reset",
	  { { FIRST, RULE("9", STATE "," ACCEPT) "," FIRST },
	    { RESETS, "TcpOutRsts 9; IpInReceives 500; IpInDelivers 499 |" } },
	  { 0 },
	  "refused.unexplained",
	  UNDECIDED },
	{ "its rule, in a ruleset that changed meanwhile",
	  "refused-firewall-reset",
	  { { 0 } },
	  { "\"snapshot\":2,\"generation\":7", "\"snapshot\":2,\"generation\":8" },
	  "refused.firewall-reset",
	  LIKELY },
	{ "its drop", "timeout-drop-input", { { 0 } }, { 0 }, "timeout.dropped", PROVEN },
	{ "a rule before its drop that may accept",
	  "timeout-drop-input",
	  { { FIRST, RULE("9", STATE "," ACCEPT) "," FIRST } },
	  { 0 },
	  "timeout.dropped",
	  LIKELY },
	{ "a rule before its drop that accepted nothing",
	  "timeout-drop-input",
	  { { FIRST, RULE("9", STATE "," COUNTER("4") "," ACCEPT) "," FIRST } },
	  { 0 },
	  "timeout.dropped",
	  PROVEN },
	{ "tc beside its drop",
	  "timeout-drop-input",
	  { { 0 } },
	  { "\"generation\":7", "\"generation\":7,\"found\":\"tc at eth0\"" },
	  "timeout.dropped",
	  LIKELY },
};

/* The golden trace, with that text replaced, on a server that is somebody's machine. */
static void make(const struct shared *one, const char *dir)
{
	static const struct change machine = { "host server 10.7.0.1",
					       "host server 10.7.0.1 private=0" };
	const struct change *changes[] = { &machine, &one->trace_text[0], &one->trace_text[1] };
	struct buf text = { 0 };
	struct err err = { 0 };
	char path[96];
	snprintf(path, sizeof path, "tests/golden/%s.trace", one->trace);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &err), 0);
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct buf out = { 0 };
		if (!changes[i]->from)
			continue;
		if (!strstr(text.data, changes[i]->from))
			fail_msg("%s has no %s", one->trace, changes[i]->from);
		replace_all(&out, text.data, changes[i]->from, changes[i]->to);
		buf_close(&text);
		text = out;
	}
	snprintf(path, sizeof path, "%s/it.trace", dir);
	assert_int_equal(file_write(AT_FDCWD, path, text.data, text.len, &err), 0);
	assert_int_equal(golden_make(path, dir), 0);
	buf_close(&text);
	if (one->event_text.from)
		rewrite_events(dir, one->event_text.from, one->event_text.to);
}

static void on_a_machine_of_others_only_the_rules_that_were_met_prove(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		char dir[FOLDER_PATH];
		folder_inside(*state, dir);
		make(&cases[i], dir);
		print_message("# %s: %s\n", cases[i].trace, cases[i].what);
		check_verdict(dir, cases[i].code, cases[i].confidence);
	}
}

/* What is missing there is said, with the rule's name and what would show it. */
static void a_rule_in_doubt_is_named(void **state)
{
	static const struct shared one = {
		.trace = "refused",
		.trace_text = { { RULES(RULE("17", PORT("1234") "," RESET)) } },
	};
	struct arena arena = { 0 };
	struct analysis analysis;
	bool is_named = false;
	char dir[FOLDER_PATH];
	folder_inside(*state, dir);
	make(&one, dir);
	load(&analysis, dir, &arena);
	const struct finding *finding = analysis_of(&analysis, "carol");
	for (size_t i = 0; i < finding->nmissing; i++)
		is_named |=
		    strstr(finding->missing[i].what, "table inet lab, chain input, handle 17") &&
		    strstr(finding->missing[i].fetch, "nft -a list ruleset");
	assert_true(is_named);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_machine_of_others_only_the_rules_that_were_met_prove),
		cmocka_unit_test(a_rule_in_doubt_is_named),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
