/* Who captures what: a line for a host or a group, or none for all hosts. */
#include "scenario_item.h"

/* Words of pcap-filter(7): anything else would make libpcap ask a name server. */
static void check_filter(struct loader *l, const struct ini_entry *e, int column,
			 const char *filter)
{
	static const char known[] =
	    " host net port portrange src dst or and not tcp udp icmp icmp6 arp ip ip6 ether "
	    "vlan proto gateway broadcast multicast less greater len inbound outbound mask "
	    "tcpflags tcp-syn tcp-ack tcp-fin tcp-rst tcp-push tcp-urg icmptype icmpcode sctp ";

	for (const char *at = filter; *at;) {
		size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789-_.:");
		if (len == 0) {
			at++;
			continue;
		}
		const char *word = arena_ndup(l->arena, at, len);
		bool is_number = strspn(word, "0123456789.-") == len || strchr(word, ':') ||
				 starts_with(word, "0x");
		if (!is_number && !strstr(known, arena_printf(l->arena, " %s ", word)))
			COMPLAIN_AT(l, e, column,
				    "filter: %s is no word of it; for a host write ${HOST.address}",
				    word);
		at += len;
	}
}

struct capturing { /* by host */
	enum {
		NOT_SAID,
		BY_GROUP,
		BY_NAME
	} said;
	bool is_off;
	size_t at; /* its place in the list */
};

static struct scenario_capture read_capture(struct loader *l, const struct item *item)
{
	const struct option_value *snaplen = item_get(item, "snaplen"),
				  *buffer = item_get(item, "buffer");
	struct scenario_capture capture = {
		.filter = item_get(item, "filter")->value,
		.snaplen = item_number(item, "snaplen"),
		.buffer = item_number(item, "buffer"),
		.engine = "packet",
	};

	if (item_get(item, "off")->value && item->words.count > 1)
		COMPLAIN_AT(l, item->entry, item_get(item, "off")->column,
			    "off: nothing else can be asked of it");
	if (item_get(item, "engine")->value)
		capture.engine = item_get(item, "engine")->value;
	if (capture.filter)
		check_filter(l, item->entry, item_get(item, "filter")->column, capture.filter);
	if (snaplen->value && (capture.snaplen < 64 || capture.snaplen > 262144))
		COMPLAIN_AT(l, item->entry, snaplen->column, "snaplen: 64 to 256k");
	if (buffer->value && (capture.buffer < 65536 || capture.buffer > (int64_t)64 << 20))
		COMPLAIN_AT(l, item->entry, buffer->column, "buffer: 64k to 64M");
	return capture;
}

/* One line, of a host or of a group; a host's own line counts more than its group's. */
static void take_capture(struct loader *l, const struct ini_entry *e, struct capturing *by_host,
			 struct scenario_capture *list)
{
	struct item item;
	size_t count, host = hosts_check(l, e, e->key_column, e->key, &count);

	if (!item_read(l, e, &item) || host == SIZE_MAX)
		return;
	struct scenario_capture capture = read_capture(l, &item);
	bool is_own = streq(l->host[host].name, e->key);
	for (size_t end = host + count; host < end; host++) {
		struct capturing *c = &by_host[host];
		if (c->said == BY_NAME)
			continue;
		if (c->said == NOT_SAID)
			c->at = l->out->ncapture++;
		c->said = is_own ? BY_NAME : BY_GROUP;
		c->is_off = item_get(&item, "off")->value != NULL;
		list[c->at] = capture;
		list[c->at].host = host;
	}
}

/* A capture is one of its host's for each of its links, and a file. Of many hosts with too many
 * only the first is told. */
static void check_counts(struct loader *l)
{
	size_t *links = arena_array(l->arena, l->out->nhost + 1, sizeof(*links)), all = 0;
	bool is_told = false;

	for (size_t i = 0; i < l->out->nlink; i++)
		for (size_t j = 0; j < l->out->link[i].nhost; j++)
			links[l->out->link[i].host[j]]++;
	for (size_t i = 0; i < l->out->ncapture; i++) {
		const struct scenario_host *host = &l->host[l->out->capture[i].host];
		size_t count = links[l->out->capture[i].host];
		all += count;
		if (count > SCENARIO_HOST_CAPTURES && !is_told) {
			complaint_add(l->complaints, l->path, host->line, 1,
				      "%s: captures on %zu links, %d at most: %s = off in "
				      "[captures]",
				      host->name, count, SCENARIO_HOST_CAPTURES, host->name);
			is_told = true;
		}
	}
	if (all > SCENARIO_CAPTURES)
		complaint_add(l->complaints, l->path, 1, 1,
			      "%zu captures, %d at most: HOST = off in [captures]", all,
			      SCENARIO_CAPTURES);
}

void load_captures(struct loader *l)
{
	size_t nhost = l->out->nhost, count = 0;
	struct capturing *by_host = arena_array(l->arena, nhost + 1, sizeof(*by_host));
	struct scenario_capture *list = arena_array(l->arena, nhost + 1, sizeof(*list));

	l->out->capture = list;
	for (size_t i = 0; i < l->flat.nentry; i++)
		if (streq(l->flat.entry[i].section, "captures"))
			take_capture(l, &l->flat.entry[i], by_host, list);
	for (size_t i = 0; i < l->out->ncapture; i++)
		if (!by_host[list[i].host].is_off)
			list[count++] = list[i];
	l->out->ncapture = count;
	for (size_t i = 0; count == 0 && i < nhost; i++)
		if (by_host[i].said == NOT_SAID)
			list[l->out->ncapture++] =
			    (struct scenario_capture){ .host = i, .engine = "packet" };
	for (size_t i = 0; i < l->out->ncapture; i++) {
		if (l->options && l->options->engine)
			list[i].engine = l->options->engine;
		if (streq(list[i].engine, "tcpdump"))
			l->out->needs |= NEED_TCPDUMP;
	}
	check_counts(l);
}
