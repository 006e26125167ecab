/* analysis: evidence that fits, in a world where something else may explain it: then the verdict is
 * no longer proven. Each case is a golden run with some of its text replaced. */
#include "unit.h"

#include "finding.h"
#include "folder.h"
#include "golden.h"

#define RULE(handle, rest)                                                                         \
	"{\"rule\":{\"family\":\"inet\",\"table\":\"lab\",\"chain\":\"input\",\"handle\":" handle  \
	",\"expr\":[" rest "]}}"
#define DROP_RULE                                                                                  \
	"{\"rule\":{\"family\":\"inet\",\"table\":\"lab\",\"chain\":\"input\",\"handle\":2,"
#define OUT_RULE "{\"rule\":{\"family\":\"inet\",\"table\":\"lab\",\"chain\":\"out\",\"handle\":2,"
#define CHAIN(name, hook, policy)                                                                  \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"lab\",\"name\":\"" name "\",\"handle\":7,"    \
	"\"type\":\"filter\",\"hook\":\"" hook "\",\"prio\":0,\"policy\":\"" policy "\"}}"
#define PORT(number)                                                                               \
	"{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":"         \
	"\"dport\"}},\"right\":" number "}}"
#define COUNTER "{\"counter\":{\"packets\":5,\"bytes\":300}}"
#define CAROL "# carol\n"
#define LAST_ACK "1.300150 S>C [.] seq 5056 ack 1035\n"

struct doubt {
	const char *what, *trace, *from, *to;
	const char *code;
	enum confidence confidence;
};

static const struct doubt doubts[] = {
	{ "as it is", "timeout-drop-input", DROP_RULE, DROP_RULE, "timeout.dropped", PROVEN },
	{ "an accept before it", "timeout-drop-input", DROP_RULE,
	  RULE("9", "{\"accept\":null}") "," DROP_RULE, "timeout.dropped", LIKELY },
	{ "an accept of another port before it", "timeout-drop-input", DROP_RULE,
	  RULE("9", PORT("80") ",{\"accept\":null}") "," DROP_RULE, "timeout.dropped", PROVEN },
	{ "an accept whose counter stands still", "timeout-drop-input", DROP_RULE,
	  RULE("9", PORT("1234") "," COUNTER ",{\"accept\":null}") "," DROP_RULE, "timeout.dropped",
	  PROVEN },
	{ "a jump before it", "timeout-drop-input", DROP_RULE,
	  RULE("9", "{\"jump\":{\"target\":\"other\"}}") "," DROP_RULE, "timeout.dropped", LIKELY },
	{ "its rule on the way out", "timeout-drop-input", DROP_RULE,
	  CHAIN("out", "output", "accept") "," OUT_RULE, "timeout.unexplained", UNDECIDED },
	{ "that, and a device's chain that drops by policy", "timeout-drop-input", DROP_RULE,
	  CHAIN("out", "output", "accept") "," CHAIN("dev", "ingress", "drop") "," OUT_RULE,
	  "timeout.dropped", LIKELY },
	{ "a reset that answers a straggler", "ok-tcp", LAST_ACK,
	  LAST_ACK "1.300160 C>S [.] seq 1035 ack 5056\n1.300180 S>C [R] seq 5056\n", "ok",
	  PROVEN },
	{ "a reset that answers a FIN", "ok-tcp", LAST_ACK, "1.300150 S>C [R] seq 5056\n",
	  "reset.unexplained", UNDECIDED },
	{ "as it is", "refused", CAROL, CAROL, "refused.no-listener", PROVEN },
	{ "a server that came between the tables", "refused", CAROL,
	  CAROL "2.500000 @server listen step=6 label=x address=10.7.0.1 port=1234 pid=300\n"
		"3.050000 @server exit step=6 label=x pid=300 status=0\n",
	  "refused.unexplained", UNDECIDED },
	{ "a server on another port between the tables", "refused", CAROL,
	  CAROL "2.500000 @server listen step=6 label=x address=10.7.0.1 port=1300 pid=300\n",
	  "refused.no-listener", PROVEN },
	{ "a server that ended between the tables", "refused", CAROL,
	  "1.500000 @server listen step=6 label=x address=10.7.0.1 port=1234 pid=300\n" CAROL
	  "3.050000 @server exit step=6 label=x pid=300 status=0\n",
	  "refused.unexplained", UNDECIDED },
	{ "tables of peers' ports, nearer to it", "refused-bound-localhost", CAROL,
	  "2.500000 @server sockets step=6 label=x rows=0 left_out=0 ports=1234 side=peer\n" CAROL
	  "3.090000 @server sockets step=8 label=y rows=0 left_out=0 ports=1234 side=peer\n",
	  "refused.unexplained", UNDECIDED },
	{ "tables of local ports, nearer to it", "refused", CAROL,
	  "2.500000 @server sockets step=6 label=x rows=0 left_out=0 ports=1234 side=local\n" CAROL
	  "3.090000 @server sockets step=8 label=y rows=0 left_out=0 ports=1234 side=local\n",
	  "refused.no-listener", PROVEN },
};

/* The golden trace with all of `from` replaced, as a run directory `dir`. */
static void make(const struct doubt *doubt, const char *dir)
{
	struct buf text = { 0 }, out = { 0 };
	struct err err = { 0 };
	char path[96];
	snprintf(path, sizeof path, "tests/golden/%s.trace", doubt->trace);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &err), 0);
	const char *at = text.data, *found;
	while ((found = strstr(at, doubt->from))) {
		buf_add(&out, at, (size_t)(found - at));
		buf_str(&out, doubt->to);
		at = found + strlen(doubt->from);
	}
	assert_true(at != text.data);
	buf_str(&out, at);
	snprintf(path, sizeof path, "%s/it.trace", dir);
	assert_int_equal(file_write(AT_FDCWD, path, out.data, out.len, &err), 0);
	assert_int_equal(golden_make(path, dir), 0);
	buf_close(&text);
	buf_close(&out);
}

static const struct finding *of_carol(const struct analysis *analysis)
{
	for (size_t i = 0; i < analysis->nfinding; i++) {
		const char *label = analysis->finding[i].connection->label;
		if (label && strcmp(label, "carol") == 0)
			return &analysis->finding[i];
	}
	return NULL;
}

static void a_doubt_takes_the_proof_and_nothing_else_does(void **state)
{
	for (size_t i = 0; i < COUNT(doubts); i++) {
		struct arena arena = { 0 };
		struct analysis analysis;
		struct err err = { 0 };
		char dir[FOLDER_PATH];
		folder_inside(*state, dir);
		make(&doubts[i], dir);
		int loaded = analysis_load(&analysis, dir, &arena, &err);
		print_message("# %s, %s\n", doubts[i].trace, doubts[i].what);
		assert_int_equal(loaded, 0);
		const struct finding *finding = of_carol(&analysis);
		assert_non_null(finding);
		assert_string_equal(finding->code, doubts[i].code);
		assert_int_equal(finding->confidence, doubts[i].confidence);
		arena_close(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_doubt_takes_the_proof_and_nothing_else_does),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
