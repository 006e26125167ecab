/* Who captures what: a line for a host or a group, or none for all hosts. */
#include "filter.h"
#include "scenario_item.h"

enum {
	SNAPLEN_LEAST = 64,
	SNAPLEN_MOST = 256 << 10
};

/* A number, an address, a network, or a range of ports: what libpcap reads without asking. */
static bool is_number(const char *word, const char *before)
{
	size_t len = strlen(word), digits = strspn(word, "0123456789"), dots = 0;
	struct addr addr;

	if (digits == len || addr_parse(&addr, word, 0) == 0)
		return true;
	if (starts_with(word, "0x"))
		return len > 2 && strspn(word + 2, "0123456789abcdefABCDEF") == len - 2;
	if (word[digits] == '-')
		return streq(before, "portrange") && digits > 0 && word[digits + 1] &&
		       strspn(word + digits + 1, "0123456789") == len - digits - 1;
	if (len == 17 && word[2] == ':') /* of a network card */
		return strspn(word, "0123456789abcdefABCDEF:") == len;
	for (size_t i = 0; i < len; i++) { /* net 10.7 */
		dots += word[i] == '.';
		if (!strchr("0123456789.", word[i]) || (word[i] == '.' && word[i + 1] == '.'))
			return false;
	}
	return dots < 3 && word[0] != '.' && word[len - 1] != '.';
}

/* Words of pcap-filter(7): anything else would make libpcap ask a name server. */
static bool is_filter_word(struct loader *l, const char *word, const char *before)
{
	static const char known[] =
	    " host net port portrange src dst or and not tcp udp icmp icmp6 arp ip ip6 ether "
	    "vlan proto gateway broadcast multicast less greater len inbound outbound mask "
	    "tcpflags tcp-syn tcp-ack tcp-fin tcp-rst tcp-push tcp-urg icmptype icmpcode sctp ";

	return is_number(word, before) || strstr(known, arena_printf(l->arena, " %s ", word));
}

/* The words of a filter; false when there was a complaint. */
static bool check_words(struct loader *l, const struct ini_entry *e, int column, const char *filter)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.:";
	const char *before = "";
	bool is_good = true;

	for (const char *at = filter; *at;) {
		size_t len = strspn(at, plain);
		if (len == 0) { /* behind a backslash even a known word is a name */
			if (*at == '\\' && !streq(before, "proto")) {
				COMPLAIN_AT(l, e, column, "filter: \\ stands behind proto alone");
				is_good = false;
			}
			at++;
			continue;
		}
		const char *word = arena_ndup(l->arena, at, len);
		if (!is_number(word, before)) { /* else : stands between two words: [tcpflags:1] */
			len = *word == ':' ? 1 : strcspn(word, ":");
			word = arena_ndup(l->arena, at, len);
		}
		if (*word != ':' && !is_filter_word(l, word, before)) {
			COMPLAIN_AT(l, e, column,
				    "filter: %s is no word of it; for a host write ${HOST.address}",
				    word);
			is_good = false;
		}
		before = word;
		at += len;
	}
	return is_good;
}

/* Without libpcap its grammar is not checked: a run says what is missing. */
static void check_filter(struct loader *l, const struct ini_entry *e, int column,
			 const char *filter)
{
	struct err err = { 0 };

	if (check_words(l, e, column, filter) &&
	    filter_compile(NULL, filter, SNAPLEN_MOST, &err) < 0 && err.kind == ERR_USAGE)
		COMPLAIN_AT(l, e, column, "%s", err.text);
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
	if (snaplen->value && (capture.snaplen < SNAPLEN_LEAST || capture.snaplen > SNAPLEN_MOST))
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
