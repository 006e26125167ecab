/* nft(8) is given one batch on its standard input. The match comes from a scenario file: it may
 * hold only what a match needs, so that it can neither end the rule nor begin another statement. */
#include "firewall.h"

#include <ctype.h>
#include <sys/wait.h>

#include "parse.h"
#include "proc.h"
#include "ruleset.h"
#include "util.h"

enum {
	NFT_MS = 5000,
	MATCH_MAX = 512
};

static const struct verdict {
	const char *action, *words;
} verdicts[] = {
	{ .action = "drop", .words = "drop" },
	{ .action = "reset", .words = "reject with tcp reset" },
	{ .action = "reject-port", .words = "reject with icmpx type port-unreachable" },
	{ .action = "reject-admin", .words = "reject with icmpx type admin-prohibited" },
	{ .action = "reject-host", .words = "reject with icmpx type host-unreachable" },
	{ .action = "reject-net", .words = "reject with icmpx type no-route" },
	{ .action = "reject-proto", .words = "reject with icmp type prot-unreachable" },
};
const char firewall_actions[] =
    "drop reset reject-port reject-admin reject-host reject-net reject-proto";

/* Words that begin a statement or change what a match means. */
static const char *const acting_words[] = {
	"accept",     "add",      "comment", "continue", "counter",  "delete", "drop",   "dnat",
	"dup",        "flow",     "fwd",     "goto",     "jump",     "last",   "log",    "map",
	"masquerade", "notrack",  "queue",   "quota",    "redirect", "reject", "return", "set",
	"snat",       "synproxy", "tproxy",  "update",   "vmap",
};

void firewall_table(const char *label, char table[FIREWALL_TABLE])
{
	size_t len = (size_t)snprintf(table, FIREWALL_TABLE, "lab_%s", label);

	for (size_t i = 0; i < len && i < FIREWALL_TABLE - 1; i++)
		if (!isalnum((unsigned char)table[i]))
			table[i] = '_';
}

static int word_check(const char *word, size_t len, struct err *err)
{
	for (size_t i = 0; i < COUNT(acting_words); i++)
		if (strlen(acting_words[i]) == len && memcmp(word, acting_words[i], len) == 0)
			return err_set(err, ERR_BROKE, "firewall: %s is no part of a match",
				       acting_words[i]);
	return 0;
}

int firewall_match_check(const char *match, struct err *err)
{
	static const char punctuation[] = " .:/-_,{}()=!<>&|+*";
	int depth = 0;

	if (match[0] == '\0' || strlen(match) > MATCH_MAX)
		return err_set(err, ERR_BROKE, "firewall: a match has 1 to %d characters",
			       MATCH_MAX);
	for (const char *c = match; *c != '\0'; c++) {
		bool is_plain =
		    *c > 0 && (isalnum((unsigned char)*c) != 0 || strchr(punctuation, *c) != NULL);

		if (!is_plain)
			return err_set(err, ERR_BROKE,
				       "firewall: byte 0x%02x is not allowed in a match",
				       (unsigned char)*c);
		depth += *c == '{' ? 1 : *c == '}' ? -1 : 0;
		if (depth < 0 || depth > 1)
			return err_set(err, ERR_BROKE, "firewall: braces do not pair");
	}
	if (depth != 0)
		return err_set(err, ERR_BROKE, "firewall: braces do not pair");
	for (const char *at = match; *at != '\0';) {
		size_t len = strcspn(at, " .:/,{}()=!<>&|+*");

		if (word_check(at, len, err) < 0)
			return -1;
		at += len;
		at += *at != '\0' ? 1 : 0;
	}
	return 0;
}

/* nft's complaint in one line. */
static int nft_complaint(const struct proc_result *result, const char *what, struct err *err)
{
	char text[400];

	snprintf(text, sizeof text, "%s",
		 result->err.len > 0 ? result->err.data : "no reason given");
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\n' || *c == '\t')
			*c = c[1] == '\0' ? '\0' : ' ';
	return err_set(err, ERR_BROKE, "nft: %s: %s", what, text);
}

static int nft_run(const char *const *argv, const char *batch, const char *what,
		   struct proc_result *result, struct err *err)
{
	if (proc_run(argv, batch, NFT_MS, result, err) < 0)
		return -1;
	if (!WIFEXITED(result->status) || WEXITSTATUS(result->status) != 0)
		return nft_complaint(result, what, err);
	return 0;
}

static int nft_batch(const char *batch, const char *what, struct err *err)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };
	struct proc_result result = { 0 };
	int status = nft_run(argv, batch, what, &result, err);

	proc_result_close(&result);
	return status;
}

/* The rule is the one line of the listing with a counter in it; blanks around it are dropped. */
static int rule_read(const char *table, char proof[FIREWALL_PROOF], struct err *err)
{
	const char *const argv[] = { "nft", "list", "table", "inet", table, NULL };
	struct proc_result result = { 0 };
	const char *found, *begin, *end;
	size_t len;

	if (nft_run(argv, NULL, "list", &result, err) < 0) {
		proc_result_close(&result);
		return -1;
	}
	begin = result.out.len > 0 ? result.out.data : "";
	found = strstr(begin, " counter packets ");
	if (found == NULL) {
		proc_result_close(&result);
		return err_set(err, ERR_BROKE, "the kernel lists no rule in table %s", table);
	}
	while (found > begin && found[-1] != '\n')
		found--;
	found += strspn(found, " \t");
	end = found + strcspn(found, "\n");
	len = (size_t)(end - found);
	if (len >= FIREWALL_PROOF)
		len = FIREWALL_PROOF - 1;
	memcpy(proof, found, len);
	proof[len] = '\0';
	proc_result_close(&result);
	return 0;
}

static const char *verdict_words(const char *action)
{
	for (size_t i = 0; i < COUNT(verdicts); i++)
		if (streq(verdicts[i].action, action))
			return verdicts[i].words;
	return NULL;
}

static int spec_check(const struct firewall_spec *spec, struct err *err)
{
	if (!streq(spec->hook, "input") && !streq(spec->hook, "output") &&
	    !streq(spec->hook, "forward"))
		return err_set(err, ERR_BROKE, "firewall: no hook %.40s", spec->hook);
	if (verdict_words(spec->action) == NULL)
		return err_set(err, ERR_BROKE, "firewall: no action %.40s", spec->action);
	if (spec->address != NULL && streq(spec->hook, "forward"))
		return err_set(err, ERR_BROKE,
			       "firewall forward needs a network stack of the host's own");
	return firewall_match_check(spec->match, err);
}

int firewall_set(const struct firewall_spec *spec, char proof[FIREWALL_PROOF], struct err *err)
{
	char table[FIREWALL_TABLE], batch[1536], ip[ADDR_TEXT], only[ADDR_TEXT + 16] = "";
	struct err ignored = { 0 };
	int len;

	if (spec_check(spec, err) < 0)
		return -1;
	firewall_table(spec->label, table);
	if (spec->address != NULL)
		snprintf(only, sizeof only, "%s %s %s ", spec->address->family == 6 ? "ip6" : "ip",
			 streq(spec->hook, "input") ? "daddr" : "saddr",
			 addr_ip_text(spec->address, ip));
	/* `create` fails where the table exists: what is there is not ours. */
	len = snprintf(batch, sizeof batch,
		       "create table inet %s\n"
		       "create chain inet %s lab_%s { type filter hook %s priority 0; }\n"
		       "add rule inet %s lab_%s %s%s counter %s\n",
		       table, table, spec->hook, spec->hook, table, spec->hook, only, spec->match,
		       verdict_words(spec->action));
	if (len < 0 || (size_t)len >= sizeof batch)
		return err_set(err, ERR_BROKE, "firewall: the rule is too long");
	if (nft_batch(batch, spec->match, err) < 0)
		return -1;
	if (rule_read(table, proof, err) == 0)
		return 0;
	snprintf(batch, sizeof batch, "delete table inet %s\n", table);
	nft_batch(batch, "delete", &ignored);
	return -1;
}

/* The number behind the first `word` of the proof; -1: none. */
static int64_t number_behind(const char *proof, const char *word)
{
	const char *at = strstr(proof, word);
	int64_t number;

	return at != NULL && parse_digits(at + strlen(word), &number) > 0 ? number : -1;
}

int firewall_unset(const char *label, int64_t *packets, int64_t *bytes, struct err *err)
{
	char table[FIREWALL_TABLE], batch[FIREWALL_TABLE + 32], proof[FIREWALL_PROOF];
	const char *counter;
	int left;

	*packets = *bytes = -1;
	firewall_table(label, table);
	if (rule_read(table, proof, err) < 0)
		return -1;
	counter = strstr(proof, " counter packets ");
	if (counter != NULL) {
		*packets = number_behind(counter, " packets ");
		*bytes = number_behind(counter, " bytes ");
	}
	snprintf(batch, sizeof batch, "delete table inet %s\n", table);
	if (nft_batch(batch, "delete table", err) < 0)
		return -1;
	left = ruleset_tables(table, err);
	if (left < 0)
		return -1;
	return left == 0 ? 0 : err_set(err, ERR_BROKE, "table %s is still there", table);
}
