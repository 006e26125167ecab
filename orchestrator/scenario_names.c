/* Names that resolve, and who captures what. */
#include "scenario_item.h"

void load_names(struct loader *l)
{
	size_t count = entries_count(l, "names");
	size_t room = (count ? count : l->out->nhost) + 1;
	struct scenario_name *name = arena_array(l->arena, room, sizeof(*name));
	struct item item;

	l->out->dns = name;
	for (size_t i = 0; count == 0 && i < l->out->nhost; i++)
		name[l->out->nname++] = (struct scenario_name){ .name = l->host[i].name,
								.host = i,
								.ttl = SCENARIO_TTL };
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "names"))
			continue;
		struct scenario_name *n = &name[l->out->nname++];
		*n = (struct scenario_name){ .name = e->key, .ttl = SCENARIO_TTL };
		if (!name_is_plain(e->key, ".") || strstr(e->key, "..") ||
		    streq(e->key, "localhost"))
			COMPLAIN_AT(l, e, e->key_column, "%s is no name to give", e->key);
		if (!item_read(l, e, &item))
			continue;
		const struct option_value *host = item_get(&item, "host");
		size_t at = host->value ? host_check(l, e, host->column, host->value) : SIZE_MAX;
		if (!host->value)
			COMPLAIN_AT(l, e, e->column, "%s: whose name is it?", e->key);
		n->host = at == SIZE_MAX ? 0 : at;
		const struct option_value *ttl = item_get(&item, "ttl");
		if (ttl->value)
			n->ttl = (int)item_number(&item, "ttl");
		if (ttl->value && !scenario_has_resolver(l->out))
			COMPLAIN_AT(l, e, ttl->column,
				    "ttl: no host has resolver=, and /etc/hosts knows no time");
	}
}

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

void load_captures(struct loader *l)
{
	size_t count = entries_count(l, "captures");
	struct scenario_capture *capture = arena_array(l->arena, count + 1, sizeof(*capture));
	struct item item;

	l->out->capture = capture;
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "captures"))
			continue;
		size_t host = host_check(l, e, e->key_column, e->key);
		if (!item_read(l, e, &item) || host == SIZE_MAX)
			continue;
		struct scenario_capture *c = &capture[l->out->ncapture++];
		*c = (struct scenario_capture){
			.host = host,
			.filter = item_get(&item, "filter")->value,
			.snaplen = item_number(&item, "snaplen"),
			.buffer = item_number(&item, "buffer"),
			.engine = "packet",
		};
		if (c->filter)
			check_filter(l, e, item_get(&item, "filter")->column, c->filter);
		if (item_get(&item, "snaplen")->value && (c->snaplen < 64 || c->snaplen > 262144))
			COMPLAIN_AT(l, e, item_get(&item, "snaplen")->column,
				    "snaplen: 64 to 256k");
		if (item_get(&item, "buffer")->value &&
		    (c->buffer < 65536 || c->buffer > (int64_t)64 << 20))
			COMPLAIN_AT(l, e, item_get(&item, "buffer")->column, "buffer: 64k to 64M");
	}
}
