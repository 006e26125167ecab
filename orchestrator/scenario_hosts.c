/* The sections of items: hosts, links, names, captures. Their words are read by the schema's rows.
 */
#include "scenario_load.h"

#include "parse.h"

enum {
	HOSTS = 1000,
	LINKS = 64,
	OPTIONS = 16
};
static const int64_t RATE_MAX = 32000000000; /* the kernel counts bytes a second in 32 bits */

struct option_value {
	const char *value; /* NULL: absent */
	int column;
};

struct item { /* one NAME = words */
	const struct ini_entry *entry;
	const struct schema_row *rows;
	struct words words;
	struct option_value value[OPTIONS]; /* by row */
	size_t nbare;                       /* words of ROW_BARES, indexes in words */
	size_t *bare;
	size_t nprefix; /* words of ROW_PREFIX */
	size_t *prefix;
	bool is_good;
};

static const char *known_options(struct loader *l, const struct schema_row *rows, const char *word)
{
	const char *known[OPTIONS];
	size_t count = 0;

	for (const struct schema_row *r = rows; r->param.name && count < OPTIONS; r++)
		if (r->form == ROW_OPTION || r->form == ROW_FLAG)
			known[count++] = r->param.name;
	return did_you_mean(l->arena, word, known, count);
}

static void take(struct loader *l, struct item *item, size_t row, const char *text, int column)
{
	const struct schema_row *r = &item->rows[row];

	if (r->not_yet) {
		COMPLAIN_AT(l, item->entry, column, "%s: not yet: %s", r->param.name, r->not_yet);
		item->is_good = false;
		return;
	}
	if (item->value[row].value) {
		COMPLAIN_AT(l, item->entry, column, "%s is given twice", r->param.name);
		item->is_good = false;
		return;
	}
	text = value_check(l, item->entry, column, &r->param, text);
	item->value[row] = (struct option_value){ .value = text, .column = column };
	item->is_good &= text != NULL;
}

static void take_word(struct loader *l, struct item *item, size_t at)
{
	const struct word *w = &item->words.at[at];
	const char *equals = w->is_quoted ? NULL : strchr(w->text, '=');
	size_t len = equals ? (size_t)(equals - w->text) : strlen(w->text);
	const char *name = arena_ndup(l->arena, w->text, len);

	for (size_t i = 0; item->rows[i].param.name; i++) {
		const struct schema_row *r = &item->rows[i];
		size_t rlen = strlen(r->param.name);
		if ((r->form == ROW_OPTION && equals && streq(name, r->param.name)) ||
		    (r->form == ROW_FLAG && !equals && streq(name, r->param.name))) {
			take(l, item, i, equals ? equals + 1 : name,
			     w->column + (equals ? (int)len + 1 : 0));
			return;
		}
		if (r->form == ROW_PREFIX && equals && len > rlen + 1 &&
		    starts_with(name, r->param.name) && name[rlen] == '.') {
			item->prefix[item->nprefix++] = at;
			return;
		}
		if (r->form == ROW_BARES && !equals) {
			item->bare[item->nbare++] = at;
			return;
		}
		if (r->form == ROW_BARE && !equals && !item->value[i].value &&
		    !*known_options(l, item->rows, name)) {
			take(l, item, i, w->text, w->column);
			return;
		}
	}
	COMPLAIN_AT(l, item->entry, w->column, "%s is unknown in [%s]%s", name,
		    item->entry->section, known_options(l, item->rows, name));
	item->is_good = false;
}

static bool item_read(struct loader *l, const struct ini_entry *entry, struct item *out)
{
	*out = (struct item){ .entry = entry,
			      .is_good = true,
			      .rows = schema_section_find(entry->section)->rows };
	if (entry->is_bad)
		return false;
	out->is_good = words_split(l, entry, &out->words);
	out->bare = arena_array(l->arena, out->words.count + 1, sizeof(*out->bare));
	out->prefix = arena_array(l->arena, out->words.count + 1, sizeof(*out->prefix));
	for (size_t i = 0; out->is_good && i < out->words.count; i++)
		take_word(l, out, i);
	return out->is_good;
}

static const struct option_value *item_get(const struct item *item, const char *name)
{
	static const struct option_value absent = { .value = NULL };

	for (size_t i = 0; item->rows[i].param.name; i++)
		if (streq(item->rows[i].param.name, name))
			return &item->value[i];
	return &absent;
}

static int64_t item_number(const struct item *item, const char *name)
{
	const char *text = item_get(item, name)->value;
	int64_t value = 0;

	if (text)
		parse_int(text, 0, INT64_MAX, &value);
	return value;
}

static size_t count_entries(const struct loader *l, const char *section)
{
	size_t count = 0;

	for (size_t i = 0; i < l->flat.nentry; i++)
		count += streq(l->flat.entry[i].section, section);
	return count;
}

static void check_host_name(struct loader *l, const struct ini_entry *e)
{
	if (!name_is_plain(e->key, "") || !(*e->key >= 'a' && *e->key <= 'z') ||
	    strlen(e->key) > 32)
		COMPLAIN_AT(l, e, e->key_column,
			    "%s is no host name: a to z, then also 0 to 9 and -, at most 32",
			    e->key);
	else if (streq(e->key, "heal") || streq(e->key, "wait") || streq(e->key, "localhost") ||
		 schema_is_backend(e->key))
		COMPLAIN_AT(l, e, e->key_column, "no host can be named %s", e->key);
}

static void load_sysctls(struct loader *l, const struct item *item, struct scenario_host *host)
{
	struct name_value *sysctl = arena_array(l->arena, item->nprefix + 1, sizeof(*sysctl));

	for (size_t i = 0; i < item->nprefix; i++) {
		const struct word *w = &item->words.at[item->prefix[i]];
		const char *name = w->text + strlen("sysctl."), *equals = strchr(name, '=');
		sysctl[i] = (struct name_value){
			.name = arena_ndup(l->arena, name, (size_t)(equals - name)),
			.value = equals + 1,
			.line = item->entry->line,
			.column = w->column,
		};
		if (!starts_with(sysctl[i].name, "net.") || !name_is_plain(sysctl[i].name, "._") ||
		    strstr(sysctl[i].name, ".."))
			COMPLAIN_AT(l, item->entry, w->column,
				    "sysctl.%s: only net.… belongs to a host", sysctl[i].name);
		else if (!*sysctl[i].value || strpbrk(sysctl[i].value, "\n\r"))
			COMPLAIN_AT(l, item->entry, w->column, "sysctl.%s needs a value",
				    sysctl[i].name);
	}
	host->sysctl = sysctl;
	host->nsysctl = item->nprefix;
	if (item->nprefix)
		l->out->needs |= NEED_SYSCTL;
}

void load_hosts(struct loader *l)
{
	size_t count = count_entries(l, "hosts");
	struct item item;

	l->host = arena_array(l->arena, count + 1, sizeof(*l->host));
	l->out->host = l->host;
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "hosts"))
			continue;
		struct scenario_host *h = &l->host[l->out->nhost++];
		*h = (struct scenario_host){ .name = e->key, .line = e->line };
		check_host_name(l, e);
		if (!item_read(l, e, &item))
			continue;
		h->address = item_get(&item, "address")->value;
		h->does_forward = item_get(&item, "forward")->value != NULL;
		h->via = item_get(&item, "via")->value;
		h->resolver = item_get(&item, "resolver")->value;
		load_sysctls(l, &item, h);
		struct addr addr;
		if (h->address && addr_parse(&addr, h->address, 0) == 0 && addr.family != 4)
			COMPLAIN_AT(l, e, item_get(&item, "address")->column,
				    "%s: not yet: hosts have IPv4 addresses", h->address);
	}
	if (count == 0)
		complaint_add(l->complaints, l->path, 1, 1,
			      "[hosts] is missing: name at least one");
	if (count > HOSTS)
		complaint_add(l->complaints, l->path, l->host[HOSTS].line, 1, "more than %d hosts",
			      HOSTS);
}

static void load_shape(struct loader *l, const struct ini_entry *e, const struct item *item,
		       struct scenario_link *link)
{
	const struct option_value *mtu = item_get(item, "mtu"), *rate = item_get(item, "rate"),
				  *loss = item_get(item, "loss");
	int64_t permille = 0;

	link->mtu = (int)item_number(item, "mtu");
	if (mtu->value && (link->mtu < 576 || link->mtu > 65535))
		COMPLAIN_AT(l, e, mtu->column, "mtu: 576 to 65535");
	if (rate->value && (parse_rate(rate->value, &link->rate_bps) < 0 || link->rate_bps < 1000 ||
			    link->rate_bps > RATE_MAX))
		COMPLAIN_AT(l, e, rate->column,
			    "rate: a whole number and kbit, mbit or gbit, 1kbit to 32gbit");
	if (loss->value && parse_permille(loss->value, &permille) < 0)
		COMPLAIN_AT(l, e, loss->column,
			    "loss: 0%% to 100%%, with one digit behind the point at most");
	link->loss_permille = (int)permille;
	if (permille > 0)
		l->out->needs |= NEED_FIREWALL;
}

static void load_link(struct loader *l, const struct ini_entry *e, struct scenario_link *link)
{
	struct item item;
	uint32_t network;
	int prefix;

	if (!name_is_plain(e->key, "") || strlen(e->key) > 32)
		COMPLAIN_AT(l, e, e->key_column, "%s is no link name: a to z, 0 to 9 and -",
			    e->key);
	if (!item_read(l, e, &item))
		return;
	size_t *host = arena_array(l->arena, item.nbare + 1, sizeof(*host));
	for (size_t i = 0; i < item.nbare; i++) {
		const struct word *w = &item.words.at[item.bare[i]];
		size_t at = host_check(l, e, w->column, w->text);
		if (at == SIZE_MAX)
			continue;
		for (size_t j = 0; j < link->nhost; j++)
			if (host[j] == at)
				COMPLAIN_AT(l, e, w->column, "%s is on this link already", w->text);
		host[link->nhost++] = at;
	}
	link->host = host;
	if (item.nbare == 0)
		COMPLAIN_AT(l, e, e->column, "a link needs hosts");
	link->subnet = item_get(&item, "subnet")->value;
	if (link->subnet && places_parse_subnet(link->subnet, &network, &prefix) < 0)
		COMPLAIN_AT(l, e, item_get(&item, "subnet")->column,
			    "%s is no IPv4 subnet such as 10.9.0.0/24 (8 to 30 bits, host part 0)",
			    link->subnet);
	load_shape(l, e, &item, link);
}

static bool is_on(const struct scenario_link *link, size_t host)
{
	for (size_t i = 0; i < link->nhost; i++)
		if (link->host[i] == host)
			return true;
	return false;
}

/* via=ROUTER: a host that forwards, on one of this host's links. */
static void check_via(struct loader *l, size_t host)
{
	const struct scenario_host *h = &l->host[host];
	const struct ini_entry *e = ini_find(&l->flat, "hosts", h->name);

	if (!h->via)
		return;
	size_t router = host_check(l, e, e->column, h->via);
	if (router == SIZE_MAX)
		return;
	if (!l->host[router].does_forward)
		COMPLAIN_AT(l, e, e->column, "via: %s does not forward", h->via);
	for (size_t i = 0; i < l->out->nlink; i++)
		if (is_on(&l->out->link[i], host) && is_on(&l->out->link[i], router))
			return;
	COMPLAIN_AT(l, e, e->column, "via: %s shares no link with %s", h->via, h->name);
}

/* resolver=HOST: it gets port 53 there, which on the machine's own lo is not ours. */
static void check_resolver(struct loader *l, size_t host)
{
	const struct scenario_host *h = &l->host[host];
	const struct ini_entry *e = ini_find(&l->flat, "hosts", h->name);

	if (h->resolver && host_check(l, e, e->column, h->resolver) != SIZE_MAX)
		l->out->needs |= NEED_PORTS;
}

static bool is_linked(const struct scenario *s, size_t host)
{
	for (size_t i = 0; i < s->nlink; i++)
		if (is_on(&s->link[i], host))
			return true;
	return false;
}

void load_links(struct loader *l)
{
	size_t count = count_entries(l, "links");
	struct scenario_link *link = arena_array(l->arena, count + 1, sizeof(*link));

	l->out->link = link;
	for (size_t i = 0; i < l->flat.nentry; i++) {
		const struct ini_entry *e = &l->flat.entry[i];
		if (!streq(e->section, "links"))
			continue;
		link[l->out->nlink] = (struct scenario_link){ .name = e->key, .line = e->line };
		load_link(l, e, &link[l->out->nlink++]);
	}
	if (count > LINKS)
		complaint_add(l->complaints, l->path, link[LINKS].line, 1, "more than %d links",
			      LINKS);
	if (count == 0) {
		size_t *all = arena_array(l->arena, l->out->nhost + 1, sizeof(*all));
		for (size_t i = 0; i < l->out->nhost; i++)
			all[i] = i;
		link[0] = (struct scenario_link){ .name = "lan",
						  .nhost = l->out->nhost,
						  .host = all,
						  .line = l->out->nhost ? l->host[0].line : 1 };
		l->out->nlink = 1;
	}
	for (size_t i = 0; i < l->out->nhost; i++)
		check_via(l, i);
	for (size_t i = 0; i < l->out->nhost; i++)
		check_resolver(l, i);
	for (size_t i = 0; i < l->out->nhost; i++)
		if (!is_linked(l->out, i))
			complaint_add(l->complaints, l->path, l->host[i].line, 1,
				      "%s is on no link", l->host[i].name);
}

void load_names(struct loader *l)
{
	size_t count = count_entries(l, "names");
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
	size_t count = count_entries(l, "captures");
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
