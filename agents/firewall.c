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
	MATCH_MAX = 512,
	BATCH_MAX = 2048
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
	"accept",     "add",     "comment",  "continue", "counter",  "delete", "drop",  "dnat",
	"dup",        "flow",    "fwd",      "goto",     "jump",     "last",   "log",   "map",
	"masquerade", "notrack", "queue",    "quota",    "redirect", "reject", "reset", "return",
	"set",        "snat",    "synproxy", "tproxy",   "update",   "vmap",
};

void firewall_table(const char *run, const char *label, char table[FIREWALL_TABLE])
{
	bool has_run = run != NULL && *run != '\0';
	size_t len = (size_t)snprintf(table, FIREWALL_TABLE, "lab_%s%s%s", has_run ? run : "",
				      has_run ? "_" : "", label);

	for (size_t i = 0; i < len && i < FIREWALL_TABLE - 1; i++)
		if (!isalnum((unsigned char)table[i]))
			table[i] = '_';
}

static bool is_number(const char *word, size_t len)
{
	return strspn(word, "0123456789abcdefABCDEF") >= len;
}

/* nft reads "80log" as a number and a word: so all that a number has behind it. */
static int word_check(const char *word, size_t len, struct err *err)
{
	size_t starts = len > 0 && isdigit((unsigned char)word[0]) ? len : 1;

	for (size_t from = 0; from < starts; from++)
		for (size_t i = 0; i < COUNT(acting_words); i++)
			if (strlen(acting_words[i]) == len - from &&
			    memcmp(word + from, acting_words[i], len - from) == 0 &&
			    (from == 0 || !is_number(word + from, len - from)))
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
		   const struct proc_beside *beside, struct proc_result *result, struct err *err)
{
	if (proc_run_beside(argv, batch, NFT_MS, beside, result, err) < 0)
		return -1;
	if (!WIFEXITED(result->status) || WEXITSTATUS(result->status) != 0)
		return nft_complaint(result, what, err);
	return 0;
}

static int nft_batch(const char *batch, const char *what, const struct proc_beside *beside,
		     struct err *err)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };
	struct proc_result result = { 0 };
	int status = nft_run(argv, batch, what, beside, &result, err);

	proc_result_close(&result);
	return status;
}

/* The rule is the one line of the listing with a counter in it; blanks around it are dropped. */
static int rule_read(const struct firewall *firewall, char proof[FIREWALL_PROOF], struct err *err)
{
	const char *table = firewall->table;
	const char *const argv[] = { "nft", "list", "table", "inet", table, NULL };
	struct proc_result result = { 0 };
	const char *found, *begin, *end;
	size_t len;

	if (nft_run(argv, NULL, "list", firewall->beside, &result, err) < 0) {
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

/* The rule's own words behind its match, in its chain. */
static int rule_words(const struct firewall_spec *spec, char *words, size_t size, struct err *err)
{
	char ip[ADDR_TEXT], only[ADDR_TEXT + 16] = "";
	int len;

	if (spec->address != NULL)
		snprintf(only, sizeof only, "%s %s %s ", spec->address->family == 6 ? "ip6" : "ip",
			 streq(spec->hook, "input") ? "daddr" : "saddr",
			 addr_ip_text(spec->address, ip));
	len = snprintf(words, size, "%s%s counter %s", only, spec->match,
		       verdict_words(spec->action));
	if (len < 0 || (size_t)len >= size)
		return err_set(err, ERR_BROKE, "firewall: the rule is too long");
	return 0;
}

/* `create` fails where the table exists: what is there is not ours. */
static int set_plain(const struct firewall *firewall, const struct firewall_spec *spec,
		     const char *rule, struct err *err)
{
	const char *table = firewall->table;
	char batch[BATCH_MAX];

	snprintf(batch, sizeof batch,
		 "create table inet %s\n"
		 "create chain inet %s lab_%s { type filter hook %s priority 0; }\n"
		 "add rule inet %s lab_%s %s\n",
		 table, table, spec->hook, spec->hook, table, spec->hook, rule);
	return nft_batch(batch, spec->match, firewall->beside, err);
}

/* The table first, empty, so that one that exists is refused; then all of it at once: at no moment
 * is the rule there without the one that spares the controller. */
static int set_owned(struct firewall *firewall, const struct firewall_spec *spec, const char *rule,
		     struct err *err)
{
	const struct addr *client = &spec->spared->client;
	bool is_input = streq(spec->hook, "input");
	char batch[BATCH_MAX], ip[ADDR_TEXT];

	if (owntable_open(&firewall->owner, firewall->beside, err) < 0)
		return -1;
	snprintf(batch, sizeof batch, "create table inet %s { flags owner; }", firewall->table);
	if (owntable_batch(&firewall->owner, batch, err) < 0)
		return -1;
	snprintf(batch, sizeof batch,
		 "table inet %s { flags owner; chain lab_%s { "
		 "type filter hook %s priority 0; "
		 "%s %s %s tcp %s %u tcp %s %u accept; %s; }; }",
		 firewall->table, spec->hook, spec->hook, client->family == 6 ? "ip6" : "ip",
		 is_input ? "saddr" : "daddr", addr_ip_text(client, ip),
		 is_input ? "sport" : "dport", client->port, is_input ? "dport" : "sport",
		 spec->spared->server.port, rule);
	return owntable_batch(&firewall->owner, batch, err);
}

bool firewall_is_left(const struct firewall *firewall)
{
	struct err ignored = { 0 };

	return firewall->table[0] != '\0' && ruleset_tables(firewall->table, &ignored) != 0;
}

/* Whatever it takes: also after an nft that did not answer and may have done it all the same. */
static void take_back(struct firewall *firewall, bool is_owned)
{
	char batch[FIREWALL_TABLE + 32];
	struct err ignored = { 0 };

	owntable_close(&firewall->owner);
	if (is_owned || !firewall_is_left(firewall))
		return;
	snprintf(batch, sizeof batch, "delete table inet %s\n", firewall->table);
	(void)nft_batch(batch, "delete table", firewall->beside, &ignored);
}

int firewall_set(struct firewall *firewall, const struct firewall_spec *spec,
		 char proof[FIREWALL_PROOF], struct err *err)
{
	char rule[MATCH_MAX + 256];
	int there;

	*firewall = (struct firewall){ .beside = spec->beside };
	if (spec_check(spec, err) < 0 || rule_words(spec, rule, sizeof rule, err) < 0)
		return -1;
	firewall_table(spec->run, spec->label, firewall->table);
	there = ruleset_tables(firewall->table, err);
	if (there != 0) {
		if (there > 0)
			err_set(err, ERR_BROKE, "firewall: there is a table %s already",
				firewall->table);
		firewall->table[0] = '\0'; /* not ours */
		return -1;
	}
	if ((spec->spared != NULL ? set_owned(firewall, spec, rule, err)
				  : set_plain(firewall, spec, rule, err)) == 0 &&
	    rule_read(firewall, proof, err) == 0)
		return 0;
	take_back(firewall, spec->spared != NULL);
	return -1;
}

/* The number behind the first `word` of the proof; -1: none. */
static int64_t number_behind(const char *proof, const char *word)
{
	const char *at = strstr(proof, word);
	int64_t number;

	return at != NULL && parse_digits(at + strlen(word), &number) > 0 ? number : -1;
}

static int delete_table(struct firewall *firewall, struct err *err)
{
	char batch[FIREWALL_TABLE + 32];

	snprintf(batch, sizeof batch, "delete table inet %s\n", firewall->table);
	if (!firewall->owner.is_open)
		return nft_batch(batch, "delete table", firewall->beside, err);
	owntable_close(&firewall->owner); /* the kernel deletes what it owned */
	return 0;
}

int firewall_unset(struct firewall *firewall, int64_t *packets, int64_t *bytes, struct err *err)
{
	char proof[FIREWALL_PROOF];
	struct err ignored = { 0 };
	const char *counter;
	int left;

	*packets = *bytes = -1;
	left = ruleset_tables(firewall->table, err);
	if (left == 0) {
		owntable_close(&firewall->owner);
		return err_set(err, ERR_BROKE, "table %s is gone already", firewall->table);
	}
	/* What cannot be counted is deleted all the same. */
	if (rule_read(firewall, proof, &ignored) == 0 &&
	    (counter = strstr(proof, " counter packets ")) != NULL) {
		*packets = number_behind(counter, " packets ");
		*bytes = number_behind(counter, " bytes ");
	}
	if (delete_table(firewall, err) < 0)
		return -1;
	left = ruleset_tables(firewall->table, err);
	if (left < 0)
		return -1;
	return left == 0 ? 0 : err_set(err, ERR_BROKE, "table %s is still there", firewall->table);
}

int firewall_table_delete(const char *table, struct err *err)
{
	char batch[FIREWALL_TABLE + 32], same[FIREWALL_TABLE];
	int there;

	firewall_table(NULL, starts_with(table, "lab_") ? table + 4 : "", same);
	if (!streq(table, same))
		return err_set(err, ERR_BROKE, "%.80s is no table of ours", table);
	there = ruleset_tables(table, err);
	if (there <= 0)
		return there;
	snprintf(batch, sizeof batch, "delete table inet %s\n", table);
	return nft_batch(batch, "delete table", NULL, err) < 0 ? -1 : 1;
}
