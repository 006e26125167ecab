/* analysis: one rule of a ruleset, as nft -j lists it, against the SYN of one connection. What
 * cannot be judged is never a yes. */
#include "unit.h"

#include "rule_match.h"
#include "util.h"

#define TCP(field, op, right)                                                                      \
	"{'match':{'op':'" op "','left':{'payload':{'protocol':'tcp','field':'" field              \
	"'}},'right':" right "}}"
#define IP(family, field, op, right)                                                               \
	"{'match':{'op':'" op "','left':{'payload':{'protocol':'" family "','field':'" field       \
	"'}},'right':" right "}}"
#define META(key, op, right)                                                                       \
	"{'match':{'op':'" op "','left':{'meta':{'key':'" key "'}},'right':" right "}}"

struct row {
	const char *expr; /* with ' for " */
	enum fits fits;
};

/* From 10.7.0.2:40000 to 10.7.0.1:1234. */
static const struct row rows_4[] = {
	{ "", FITS_YES },
	{ TCP("dport", "==", "1234"), FITS_YES },
	{ TCP("dport", "==", "1235"), FITS_NO },
	{ TCP("dport", "!=", "1234"), FITS_NO },
	{ TCP("dport", "!=", "80"), FITS_YES },
	{ TCP("dport", "<", "2000"), FITS_UNKNOWN },
	{ TCP("dport", "==", "'@ports'"), FITS_UNKNOWN },
	{ TCP("dport", "!=", "'@ports'"), FITS_UNKNOWN },
	{ TCP("dport", "==", "{'range':[1000,1234]}"), FITS_YES },
	{ TCP("dport", "==", "{'range':[1235,2000]}"), FITS_NO },
	{ TCP("dport", "==", "{'range':[1,1233]}"), FITS_NO },
	{ TCP("dport", "==", "{'range':['a','b']}"), FITS_UNKNOWN },
	{ TCP("dport", "==", "{'set':[80,1234]}"), FITS_YES },
	{ TCP("dport", "==", "{'set':[80,443]}"), FITS_NO },
	{ TCP("dport", "==", "{'set':[]}"), FITS_NO },
	{ TCP("dport", "==", "{'set':[80,{'range':[1200,1300]}]}"), FITS_YES },
	{ TCP("dport", "==", "{'set':[80,'http']}"), FITS_UNKNOWN },
	{ TCP("dport", "==", "{'set':[80,[1234]]}"), FITS_UNKNOWN },
	{ TCP("dport", "==", "[80,1234]"), FITS_YES },
	{ TCP("dport", "==", "null"), FITS_UNKNOWN },
	{ TCP("sport", "==", "40000"), FITS_YES },
	{ TCP("sport", "==", "1234"), FITS_NO },
	{ TCP("flags", "==", "'syn'"), FITS_UNKNOWN },
	{ IP("th", "dport", "==", "1234"), FITS_YES },
	{ IP("udp", "dport", "==", "1234"), FITS_NO },
	{ IP("udp", "dport", "!=", "53"), FITS_NO },
	{ IP("icmp", "type", "==", "'echo-request'"), FITS_NO },
	{ IP("icmp", "type", "!=", "'echo-request'"), FITS_NO },
	{ IP("ip", "daddr", "==", "'10.7.0.1'"), FITS_YES },
	{ IP("ip", "daddr", "==", "'10.7.0.2'"), FITS_NO },
	{ IP("ip", "daddr", "==", "'fc00::1'"), FITS_NO },
	{ IP("ip", "daddr", "==", "'@friends'"), FITS_UNKNOWN },
	{ IP("ip", "daddr", "==", "{'prefix':{'addr':'10.7.0.0','len':24}}"), FITS_YES },
	{ IP("ip", "daddr", "==", "{'prefix':{'addr':'10.7.1.0','len':24}}"), FITS_NO },
	{ IP("ip", "daddr", "==", "{'prefix':{'addr':'10.7.0.0','len':31}}"), FITS_YES },
	{ IP("ip", "daddr", "==", "{'prefix':{'addr':'10.7.0.2','len':31}}"), FITS_NO },
	{ IP("ip", "daddr", "==", "{'prefix':{'addr':'10.7.0.1','len':32}}"), FITS_YES },
	{ IP("ip", "daddr", "==", "{'prefix':{'addr':'1.2.3.4','len':0}}"), FITS_YES },
	{ IP("ip", "daddr", "==", "{'prefix':{'addr':'10.7.0.1','len':33}}"), FITS_NO },
	{ IP("ip", "daddr", "==", "{'prefix':{'addr':'10.7.0.1','len':-1}}"), FITS_NO },
	{ IP("ip", "daddr", "==", "{'prefix':{'addr':'x','len':8}}"), FITS_UNKNOWN },
	{ IP("ip", "saddr", "==", "{'set':['10.7.0.9','10.7.0.2']}"), FITS_YES },
	{ IP("ip", "saddr", "==", "{'set':['10.7.0.9']}"), FITS_NO },
	{ IP("ip", "saddr", "==", "{'set':['10.7.0.9',{'set':['10.7.0.2']}]}"), FITS_UNKNOWN },
	{ IP("ip", "saddr", "!=", "{'set':['10.7.0.9']}"), FITS_YES },
	{ IP("ip", "protocol", "==", "'tcp'"), FITS_YES },
	{ IP("ip", "protocol", "==", "'udp'"), FITS_NO },
	{ IP("ip", "ttl", "==", "64"), FITS_UNKNOWN },
	{ IP("ip6", "daddr", "==", "'fc00::1'"), FITS_NO },
	{ IP("ip6", "daddr", "!=", "'fc00::9'"), FITS_NO },
	{ META("l4proto", "!=", "'udp'"), FITS_YES },
	{ META("l4proto", "==", "'tcp'"), FITS_YES },
	{ META("l4proto", "==", "'udp'"), FITS_NO },
	{ META("nfproto", "==", "'ipv4'"), FITS_YES },
	{ META("nfproto", "==", "'ipv6'"), FITS_NO },
	{ META("iifname", "==", "'lan'"), FITS_UNKNOWN },
	{ META("l4proto", "==", "6"), FITS_UNKNOWN },
	{ "{'match':{'op':'==','left':{'ct':{'key':'state'}},'right':'new'}}", FITS_UNKNOWN },
	{ "{'limit':{'rate':1}}", FITS_UNKNOWN },
	{ "{'log':null}", FITS_YES },
	{ "{'comment':'why'}", FITS_YES },
	/* the least holds for all */
	{ TCP("dport", "==", "1234") "," META("iifname", "==", "'lan'"), FITS_UNKNOWN },
	{ META("iifname", "==", "'lan'") "," TCP("dport", "==", "80"), FITS_NO },
};

/* From [fc00::2]:40000 to [fc00::1]:1234. */
static const struct row rows_6[] = {
	{ TCP("dport", "==", "1234"), FITS_YES },
	{ IP("ip6", "daddr", "==", "'fc00::1'"), FITS_YES },
	{ IP("ip6", "saddr", "==", "{'prefix':{'addr':'fc00::','len':127}}"), FITS_NO },
	{ IP("ip6", "saddr", "==", "{'prefix':{'addr':'fc00::','len':126}}"), FITS_YES },
	{ IP("ip6", "saddr", "==", "{'prefix':{'addr':'fc00::2','len':129}}"), FITS_NO },
	{ IP("ip6", "saddr", "==", "{'prefix':{'addr':'10.0.0.0','len':8}}"), FITS_NO },
	{ IP("ip", "daddr", "==", "'10.7.0.1'"), FITS_NO },
	{ IP("ip", "saddr", "!=", "'10.7.0.9'"), FITS_NO },
	{ IP("icmpv6", "type", "==", "'echo-request'"), FITS_NO },
	{ META("nfproto", "==", "'ipv6'"), FITS_YES },
	{ META("nfproto", "==", "'ipv4'"), FITS_NO },
};

static const struct {
	const char *expr;
	enum action action;
} verdicts[] = {
	{ "{'counter':{'packets':5,'bytes':300}}", ACTION_NONE },
	{ "{'drop':null}", ACTION_DROP },
	{ "{'counter':null},{'drop':null}", ACTION_DROP },
	{ "{'reject':{'type':'tcp reset'}}", ACTION_RESET },
	{ "{'reject':{'type':'icmpx','expr':'port-unreachable'}}", ACTION_REJECT },
	{ "{'reject':null}", ACTION_REJECT },
	{ "{'accept':null}", ACTION_OTHER },
	{ "{'return':null}", ACTION_OTHER },
	{ "{'jump':{'target':'other'}}", ACTION_OTHER },
	{ "{'goto':{'target':'other'}}", ACTION_OTHER },
	{ "{'queue':{'num':1}}", ACTION_OTHER },
	{ "{'vmap':{'key':1,'data':2}}", ACTION_OTHER },
};

static json_t *rule_of(const char *family, const char *expr)
{
	char text[1024];
	snprintf(text, sizeof text, "{'family':'%s','expr':[%s]}", family, expr);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	json_error_t error;
	json_t *rule = json_loads(text, 0, &error);
	if (!rule)
		fail_msg("%s: %s", text, error.text);
	return rule;
}

static void view_of(struct view *view, const char *client, const char *server)
{
	*view = (struct view){ .has_server = true, .has_client = true };
	assert_int_equal(addr_parse(&view->client, client, 40000), 0);
	assert_int_equal(addr_parse(&view->server, server, 1234), 0);
}

static struct judged judge(const struct view *view, const char *family, const char *expr)
{
	json_t *rule = rule_of(family, expr);
	struct judged out = rule_judge(view, rule);
	out.counter = out.counter ? (const json_t *)"" : NULL; /* borrowed: gone in a moment */
	json_decref(rule);
	return out;
}

static void all_fit(const struct view *view, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (judge(view, "inet", rows[i].expr).fits != rows[i].fits)
			fail_msg("row %zu: %s", i, rows[i].expr);
}

static void matches_are_held_against_a_connection_over_ipv4(void **state)
{
	(void)state;
	struct view view;
	view_of(&view, "10.7.0.2", "10.7.0.1");
	all_fit(&view, rows_4, COUNT(rows_4));
}

static void matches_are_held_against_a_connection_over_ipv6(void **state)
{
	(void)state;
	struct view view;
	view_of(&view, "fc00::2", "fc00::1");
	all_fit(&view, rows_6, COUNT(rows_6));
}

static void what_asks_for_an_unknown_client_cannot_be_judged(void **state)
{
	(void)state;
	struct view view;
	view_of(&view, "10.7.0.2", "10.7.0.1");
	view.has_client = false;
	assert_int_equal(judge(&view, "ip", IP("ip", "saddr", "==", "'10.7.0.9'")).fits,
			 FITS_UNKNOWN);
	assert_int_equal(judge(&view, "ip", TCP("sport", "!=", "7")).fits, FITS_UNKNOWN);
	assert_int_equal(judge(&view, "ip", TCP("dport", "==", "1234")).fits, FITS_YES);
}

static void a_table_of_the_other_family_never_fits(void **state)
{
	(void)state;
	struct view view;
	view_of(&view, "10.7.0.2", "10.7.0.1");
	assert_int_equal(judge(&view, "ip6", TCP("dport", "==", "1234")).fits, FITS_NO);
	assert_int_equal(judge(&view, "ip", TCP("dport", "==", "1234")).fits, FITS_YES);
	view_of(&view, "fc00::2", "fc00::1");
	assert_int_equal(judge(&view, "ip", TCP("dport", "==", "1234")).fits, FITS_NO);
}

static void what_a_rule_does_is_told_from_its_last_expression(void **state)
{
	(void)state;
	struct view view;
	view_of(&view, "10.7.0.2", "10.7.0.1");
	for (size_t i = 0; i < COUNT(verdicts); i++)
		if (judge(&view, "inet", verdicts[i].expr).action != verdicts[i].action)
			fail_msg("%s", verdicts[i].expr);
}

static void a_counter_is_found_or_there_is_none(void **state)
{
	(void)state;
	struct view view;
	view_of(&view, "10.7.0.2", "10.7.0.1");
	assert_non_null(judge(&view, "inet", "{'counter':{'packets':5}}").counter);
	assert_null(judge(&view, "inet", "{'drop':null}").counter);
}

static void a_rule_without_members_asks_for_nothing_and_does_nothing(void **state)
{
	(void)state;
	struct view view;
	view_of(&view, "10.7.0.2", "10.7.0.1");
	json_t *rule = json_object();
	struct judged out = rule_judge(&view, rule);
	assert_int_equal(out.fits, FITS_YES);
	assert_int_equal(out.action, ACTION_NONE);
	assert_null(out.counter);
	json_decref(rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_are_held_against_a_connection_over_ipv4),
		cmocka_unit_test(matches_are_held_against_a_connection_over_ipv6),
		cmocka_unit_test(what_asks_for_an_unknown_client_cannot_be_judged),
		cmocka_unit_test(a_table_of_the_other_family_never_fits),
		cmocka_unit_test(what_a_rule_does_is_told_from_its_last_expression),
		cmocka_unit_test(a_counter_is_found_or_there_is_none),
		cmocka_unit_test(a_rule_without_members_asks_for_nothing_and_does_nothing),
	};
	return cmocka_run_group_tests_name("rule_match", tests, NULL, NULL);
}
