/* One program for all where that is sound; else one for each sound table and for each chain of the
 * others, their lists joined. */
#include "ruleset_list.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <sys/wait.h>

#include "nldump.h"
#include "proc.h"
#include "util.h"

enum {
	NFT_MS = 3000,
	JSON_MAX = 1 << 20,
	PARTS = 64,
	NAME = 128
};

struct part { /* a table that is sound, or a chain of one that is not */
	uint8_t family;
	char table[NAME];
	char chain[NAME]; /* "": the table */
};

struct parts {
	size_t count, unsound;
	bool is_over; /* more than there is room for, or a name that nft would read otherwise */
	struct part part[PARTS];
};

static const char *family_word(uint8_t family)
{
	static const char *const words[] = {
		[NFPROTO_INET] = "inet",     [NFPROTO_IPV4] = "ip",       [NFPROTO_ARP] = "arp",
		[NFPROTO_NETDEV] = "netdev", [NFPROTO_BRIDGE] = "bridge", [NFPROTO_IPV6] = "ip6",
	};

	return family < COUNT(words) ? words[family] : NULL;
}

static bool take_name(char name[NAME], const struct nlattr_view *attr)
{
	const char *from = attr->data;

	if (attr->len < 2 || attr->len > NAME || from[attr->len - 1] != '\0')
		return false;
	for (size_t i = 0; i < attr->len - 1; i++)
		if (!isalnum((unsigned char)from[i]) && strchr("_-.", from[i]) == NULL)
			return false;
	memcpy(name, from, attr->len);
	return true;
}

enum part_kind {
	PART_SOUND,
	PART_UNSOUND, /* a table that nft would write wrongly */
	PART_UNNAMED  /* by no name that can be handed to nft */
};

/* The attributes of a table (flags) or a chain (its name), which have the table's name. */
static enum part_kind part_read(struct part *part, const void *body, size_t len, unsigned table,
				unsigned chain, unsigned flags)
{
	struct nfgenmsg head;
	struct nlattr_view attr;
	uint32_t set = 0;
	bool is_named = true;

	*part = (struct part){ 0 };
	if (len < sizeof head)
		return PART_UNNAMED;
	memcpy(&head, body, sizeof head);
	part->family = head.nfgen_family;
	body = (const char *)body + sizeof head;
	len -= sizeof head;
	while (nldump_attr(&body, &len, &attr))
		if (attr.type == table)
			is_named &= take_name(part->table, &attr);
		else if (chain != 0 && attr.type == chain)
			is_named &= take_name(part->chain, &attr);
		else if (flags != 0 && attr.type == flags && attr.len == sizeof set)
			memcpy(&set, attr.data, sizeof set);
	if (__builtin_popcount(set) == 1)
		return PART_UNSOUND;
	return is_named && part->table[0] != '\0' && family_word(part->family) != NULL
		   ? PART_SOUND
		   : PART_UNNAMED;
}

static void add(struct parts *parts, const struct part *part, enum part_kind kind)
{
	if (kind == PART_UNSOUND)
		parts->unsound++;
	else if (kind == PART_UNNAMED || parts->count == PARTS)
		parts->is_over = true;
	else
		parts->part[parts->count++] = *part;
}

static void table_row(void *context, unsigned type, const void *body, size_t len)
{
	struct part part;

	if (type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE))
		add(context, &part,
		    part_read(&part, body, len, NFTA_TABLE_NAME, 0, NFTA_TABLE_FLAGS));
}

static void chain_row(void *context, unsigned type, const void *body, size_t len)
{
	struct parts *parts = context;
	enum part_kind kind;
	struct part part;

	if (type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN))
		return;
	kind = part_read(&part, body, len, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, 0);
	/* Those of a table that is listed as a whole are in it. */
	for (size_t i = 0; i < parts->count; i++)
		if (parts->part[i].chain[0] == '\0' && parts->part[i].family == part.family &&
		    streq(parts->part[i].table, part.table))
			return;
	add(parts, &part, kind);
}

static int parts_read(struct parts *parts, struct err *err)
{
	const struct nfgenmsg request = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	struct nldump nl = NLDUMP_INIT(NETLINK_NETFILTER);
	int status = nldump_run(&nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, &request,
				sizeof request, table_row, parts, err);

	if (status == 0 && parts->unsound > 0)
		status = nldump_run(&nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, &request,
				    sizeof request, chain_row, parts, err);
	nldump_close(&nl);
	return status < 0 ? err_in(err, "rulesets") : 0;
}

/* Runs nft; its one line without the newline. */
static int run_list(const char *const *argv, const struct proc_beside *beside, struct buf *line,
		    struct err *err)
{
	struct proc_result result = { 0 };
	int status = proc_run_beside(argv, NULL, NFT_MS, beside, &result, err);

	if (status == 0 && (!WIFEXITED(result.status) || WEXITSTATUS(result.status) != 0))
		status = err_set(err, ERR_BROKE, "nft -j list: %.200s",
				 result.err.len > 0 ? result.err.data : "failed");
	else if (status == 0 && (result.out.len == 0 || result.out.len > JSON_MAX))
		status = err_set(err, ERR_BROKE, "nft -j list: %zu bytes", result.out.len);
	if (status == 0)
		buf_add(line, result.out.data, strcspn(result.out.data, "\n"));
	proc_result_close(&result);
	return status;
}

/* The elements of the list that nft prints: {"nftables": [A, B]}. A, which tells nft's version, is
 * there once. */
static int add_elements(struct buf *out, const char *const *argv, const struct proc_beside *beside,
			struct err *err)
{
	static const char head[] = "{\"nftables\": [", tail[] = "]}";
	struct buf line = { 0 };
	const char *from, *to;
	int status = run_list(argv, beside, &line, err);

	if (status == 0 &&
	    (line.len < strlen(head) + strlen(tail) || !starts_with(line.data, head) ||
	     !streq(line.data + line.len - strlen(tail), tail)))
		status = err_set(err, ERR_BROKE, "nft -j list: no whole list");
	if (status == 0) {
		from = line.data + strlen(head);
		to = line.data + line.len - strlen(tail);
		if (out->len > 0) { /* its metainfo again: an object in an object */
			const char *next = strstr(from, "}}");

			from = next != NULL && next < to ? next + 2 : to;
		}
		buf_add(out, from, (size_t)(to - from));
	}
	buf_close(&line);
	return status;
}

int ruleset_list(struct buf *out, const struct proc_beside *beside, struct err *err)
{
	static const char *const all[] = { "nft", "-j", "list", "ruleset", NULL };
	struct parts parts = { 0 };
	struct buf list = { 0 };
	int status = parts_read(&parts, err);

	if (status == 0 && parts.is_over && parts.unsound > 0)
		status = err_set(err, ERR_BROKE,
				 "rulesets: too many chains, or names that nft would misread");
	if (status == 0 && parts.unsound == 0) {
		status = run_list(all, beside, out, err);
	} else if (status == 0) {
		for (size_t i = 0; status == 0 && i < parts.count; i++) {
			const struct part *part = &parts.part[i];
			bool is_chain = part->chain[0] != '\0';
			const char *const argv[] = { "nft",
						     "-j",
						     "list",
						     is_chain ? "chain" : "table",
						     family_word(part->family),
						     part->table,
						     is_chain ? part->chain : NULL,
						     NULL };

			status = add_elements(&list, argv, beside, err);
		}
		buf_str(out, "{\"nftables\": [");
		if (list.len > 0)
			buf_add(out, list.data, list.len);
		buf_str(out, "]}");
	}
	buf_close(&list);
	return status;
}
