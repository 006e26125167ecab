/* nftables by netlink for the cheap question (is there anything?), by nft(8) for the listing. Old
 * iptables tables are invisible to both: where some exist, that is said as an error. */
#include "ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "nldump.h"
#include "ruleset_list.h"
#include "util.h"

struct tables {
	const char *name; /* NULL: all */
	int count;
};

static void table_count(void *context, unsigned type, const void *body, size_t len)
{
	struct tables *tables = context;
	struct nfgenmsg head;
	struct nlattr_view attr;
	const void *at;
	size_t left;

	if (type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE) || len < sizeof head)
		return;
	if (tables->name == NULL) {
		tables->count++;
		return;
	}
	memcpy(&head, body, sizeof head);
	at = (const char *)body + sizeof head;
	left = len - sizeof head;
	while (nldump_attr(&at, &left, &attr))
		if (attr.type == NFTA_TABLE_NAME && head.nfgen_family == NFPROTO_INET &&
		    attr.len == strlen(tables->name) + 1 &&
		    memcmp(attr.data, tables->name, attr.len) == 0)
			tables->count++;
}

int ruleset_tables(const char *name, struct err *err)
{
	const struct nfgenmsg request = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };
	struct nldump nl = NLDUMP_INIT(NETLINK_NETFILTER);
	struct tables tables = { .name = name };
	int status = nldump_run(&nl, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, &request,
				sizeof request, table_count, &tables, err);

	nldump_close(&nl);
	/* Without nf_tables in the kernel there is no table. */
	if (status < 0 && (err->sys == EPROTONOSUPPORT || err->sys == EINVAL))
		return 0;
	return status < 0 ? err_in(err, "rulesets") : tables.count;
}

/* Old iptables: names of its tables, one a line; "" when there are none or nobody may look. */
static void legacy_tables(char *out, size_t len)
{
	static const char *const files[] = { "/proc/thread-self/net/ip_tables_names",
					     "/proc/thread-self/net/ip6_tables_names" };
	size_t used = 0;

	for (size_t i = 0; i < COUNT(files); i++) {
		int fd = open(files[i], O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, out + used, len - 1 - used) : 0;

		if (fd >= 0)
			close(fd);
		used += n > 0 ? (size_t)n : 0;
	}
	out[used] = '\0';
	for (char *c = out; *c != '\0'; c++)
		if (*c == '\n')
			*c = c[1] != '\0' ? ',' : '\0';
}

void ruleset_emit(int64_t snapshot, const struct sink *sink)
{
	struct err err = { 0 };
	struct buf json = { 0 };
	char legacy[256], words[300];
	struct event event;
	int tables = ruleset_tables(NULL, &err);

	event_init(&event, "ruleset");
	event_int(&event, "snapshot", snapshot);
	if (tables >= 0)
		event_int(&event, "tables", tables);
	legacy_tables(legacy, sizeof legacy);
	if (tables > 0 && ruleset_list(&json, sink->beside, &err) == 0)
		event_text(&event, "json", json.data);
	else if (tables != 0)
		event_text(&event, "error", err.text);
	/* They judge packets beside nftables, so its listing alone is not the whole. */
	if (event_get(&event, "error") == NULL && legacy[0] != '\0') {
		snprintf(words, sizeof words, "iptables-legacy tables are not read: %s", legacy);
		event_text(&event, "error", words);
	}
	sink_event(sink, &event);
	buf_close(&json);
}
